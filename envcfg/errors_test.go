package envcfg_test

import (
	"flag"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/envcfg"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares text with a file of testdata.
func golden(t *testing.T, name, text string) {
	t.Helper()
	path := "testdata/" + name
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), text)
}

// A configuration with a dozen mistakes of different kinds fits on one screen, and each line says what to do.
func TestTwelveMistakes(t *testing.T) {
	t.Parallel()
	type database struct {
		URL     envcfg.Secret `env:"URL,required" check:"postgres" doc:"the primary database" example:"postgres://user:password@host:5432/name"`
		Size    int           `env:"POOL_SIZE" default:"20" check:"min=1,max=100"`
		Timeout time.Duration `env:"TIMEOUT" default:"30s"`
	}
	type config struct {
		Environment string         `env:"ENVIRONMENT,safe"`
		Database    database       `prefix:"DB_"`
		Debug       bool           `env:"DEBUG"`
		Port        int            `env:"PORT" default:"8000" check:"port"`
		Key         envcfg.Secret  `env:"SECRET_KEY,required" check:"min=32"`
		Token       envcfg.Secret  `env:"API_TOKEN"`
		Networks    []netip.Prefix `env:"TRUSTED_PROXIES,safe"`
		Upload      envcfg.Bytes   `env:"MAX_UPLOAD" default:"10MiB"`
		Mode        string         `env:"CACHE_MODE" default:"off" check:"oneof=off|memory|redis"`
		Workers     int            `env:"WORKERS" deprecated:"WORKER_COUNT"`
		Origin      string         `env:"PUBLIC_ORIGIN" check:"url=https"`
	}
	dir := files(t, map[string]string{".env": "DEBUG=ture\nDB_POOL_SZIE=30\n  MY KEY=hunter2\nSECRET_KEY=hunter2\n"})
	_, err := envcfg.Load[config](envcfg.Options{
		Environ: []string{
			"DB_URL=mysql://root:hunter2@db/app", "PORT=80800", "API_TOKEN=hunter2", "API_TOKEN_FILE=/run/token",
			"TRUSTED_PROXIES=10.0.0.0/8, 192.168.0.1", "MAX_UPLOAD=10 apples", "CACHE_MODE=memroy", "WORKERS=4", "WORKER_COUNT=8",
			"PUBLIC_ORIGIN=http://user:hunter2@example.com",
		},
		Files: in(dir),
	})
	text := strings.ReplaceAll(err.Error(), dir+"/", "")
	require.NotContains(t, text, "hunter2")
	require.LessOrEqual(t, strings.Count(text, "\n"), 24, "one screen")
	golden(t, "twelve_mistakes.txt", text+"\n")
}

func TestOneMistakeIsOneLine(t *testing.T) {
	t.Parallel()
	_, err := load[inner]("PORT=x")
	require.EqualError(t, err, `envcfg: invalid configuration: PORT: process environment: "x" is not a whole number, like 20`)
	require.ErrorAs(t, err, new(*envcfg.Error))
	require.ErrorAs(t, err, new(envcfg.Problem))
}

// A file that is damaged is reported with the place, and the variables that it would have set are not reported as well
// only because of it.
func TestProblemsOfFiles(t *testing.T) {
	t.Parallel()
	dir := files(t, map[string]string{".env": "PORT=1\nBROKEN 'x\n"})
	_, err := envcfg.Load[inner](envcfg.Options{Environ: []string{}, Files: in(dir)})
	require.ErrorContains(t, err, ".env:2: column 8: a name cannot contain a space")
	require.ErrorAs(t, err, new(*envcfg.SyntaxError))

	_, err = envcfg.Load[inner](envcfg.Options{Environ: []string{}, Files: []string{dir}})
	require.ErrorContains(t, err, "cannot be read: is a directory")
}

func TestUnknownNames(t *testing.T) {
	t.Parallel()
	type config struct {
		Size  int           `env:"DB_POOL_SIZE" default:"5"`
		Host  string        `env:"DB_HOST" default:"localhost"`
		Port  int           `env:"PORT" default:"1"`
		Token envcfg.Secret `env:"APP_TOKEN"`
		One   string        `env:"REPLICA_1_URL"`
		Old   string        `env:"APP_NEW" deprecated:"APP_OLD"`
	}
	check := func(o envcfg.Options, want ...string) {
		t.Helper()
		o.Files = append([]string{}, o.Files...)
		_, err := envcfg.Load[config](o)
		if len(want) == 0 {
			require.NoError(t, err)
			return
		}
		require.Error(t, err)
		require.Len(t, err.(*envcfg.Error).Problems, len(want), err.Error()) //nolint:errorlint // it is this package's own
		for _, w := range want {
			require.Condition(t, func() bool {
				return slices.ContainsFunc(err.(*envcfg.Error).Problems, func(p envcfg.Problem) bool { return strings.Contains(p.Error(), w) }) //nolint:errorlint // see above
			}, "%s is not in %v", w, err)
		}
	}
	for _, name := range []string{"DB_POOL_SZIE", "DB_POOL_SIZ", "DB_POOL_SIZEE", "DB_POOL_S1ZE", "BD_POOL_SIZE", "DBPOOL_SIZE"} {
		check(envcfg.Options{Environ: []string{name + "=1"}}, name+": process environment: is set but unknown: did you mean DB_POOL_SIZE?")
	}
	check(envcfg.Options{Environ: []string{"PROT=1"}}, "did you mean PORT?")
	// Not these: the right one is set as well, two letters differ, another number, another program's.
	check(envcfg.Options{Environ: []string{"DB_POOL_SZIE=1", "DB_POOL_SIZE=1"}})
	check(envcfg.Options{Environ: []string{"DB_PORT=1", "REPLICA_2_URL=x", "PATH=/bin", "APP_TOKEN_FILE=", "APP_OLD=", "=::=::\\", "X"}})
	check(envcfg.Options{Environ: []string{"DB_HOSTS=1"}, Ignore: []string{"DB_HOSTS"}})

	check(envcfg.Options{Environ: []string{"DB1_HOST=x", "DB_HOST2=x", "DB_POOL_2SIZE=x"}})
	type words struct {
		Paths string `env:"PATHS"`
		Email string `env:"EMAIL"`
		Users string `env:"USERS"`
		Min   string `env:"DB_POOL_MIN"`
		Max   string `env:"DB_POOL_MAX"`
	}
	_, err := load[words]("PATH=/bin", "MAIL=/var/mail", "USER=x")
	require.NoError(t, err, "they belong to the system")
	_, err = load[words]("DB_POOL_MIN=1", "DB_POOL_MAN=2")
	require.ErrorContains(t, err, "did you mean DB_POOL_MAX?", "the nearest that is not set")
	o := envcfg.Options{Environ: []string{"APP_X\nFORGED: all is well=1"}, Files: []string{}, Strict: []string{"APP_"}}
	_, err = envcfg.Load[words](o)
	require.NotContains(t, err.Error(), "\n")

	strict := []string{"APP_"}
	check(envcfg.Options{Environ: []string{"APP_TOKNE=1", "APP_TOEKN1=1", "APP_OTHER=1", "APP_TOKEN=1", "APP_OLD=1", "APP_NEW_FILE=1", "APX_Q=1"}, Strict: strict},
		"APP_TOKNE: process environment: is set but unknown: did you mean APP_TOKEN?",
		"APP_TOEKN1: process environment: is set but unknown: did you mean APP_TOKEN?",
		"APP_OTHER: process environment: is set but unknown: nothing reads it; remove it",
		"APP_NEW_FILE: process environment: is set, but APP_NEW is not read from a file: its tag needs the option file")
	dir := files(t, map[string]string{".env": "# x\nAPP_XYZ=1\nDB_HOTS=1\n"})
	check(envcfg.Options{Environ: []string{}, Files: in(dir), Strict: strict},
		".env:2: is set but unknown: nothing reads it", ".env:3: is set but unknown: did you mean DB_HOST?")
}

// Every name at distance one of every known name is found, among many names of many lengths.
func TestEveryMisspellingIsFound(t *testing.T) {
	t.Parallel()
	names := []string{"FUZZ_LIST", "FUZZ_TEMPS", "FUZZ_LEVEL"}
	for _, name := range names {
		misspelt := map[string]bool{}
		for i := range len(name) {
			misspelt[name[:i]+name[i+1:]] = true
			misspelt[name[:i]+"X"+name[i:]] = true
			misspelt[name[:i]+"X"+name[i+1:]] = true
			if i > 0 {
				misspelt[name[:i-1]+name[i:i+1]+name[i-1:i]+name[i+1:]] = true
			}
		}
		for m := range misspelt {
			if m == name {
				continue
			}
			_, err := load[everything](m + "=1")
			if _, read := map[string]bool{"FUZZ_TEMP": true}[m]; read {
				continue
			}
			require.ErrorContains(t, err, "did you mean", "%s for %s", m, name)
		}
	}
}
