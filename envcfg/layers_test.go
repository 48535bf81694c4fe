package envcfg_test

import (
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/envcfg"
)

// A field named ENVIRONMENT has the environment in force, and says who named it.
func TestEnvironmentInForce(t *testing.T) {
	t.Parallel()
	type config struct {
		Environment string `env:"ENVIRONMENT,safe"`
		Debug       bool   `env:"DEBUG"`
	}
	dir := files(t, map[string]string{".env": "ENVIRONMENT=production\n", ".env.production": "ENVIRONMENT=production\n", "ENVIRONMENT": "production"})
	for name, c := range map[string]struct {
		o      envcfg.Options
		want   string
		origin envcfg.Layer
	}{
		"options":          {envcfg.Options{Environ: []string{"ENVIRONMENT=development"}, Files: []string{}, Environment: "production"}, "production", envcfg.FromCode},
		"its own file":     {envcfg.Options{Environ: []string{}, Files: in(dir)}, "production", envcfg.FromFile},
		"empty":            {envcfg.Options{Environ: []string{"ENVIRONMENT="}, Files: []string{}}, "development", envcfg.FromDefault},
		"empty over files": {envcfg.Options{Environ: []string{"ENVIRONMENT="}, Files: in(dir)}, "production", envcfg.FromFile},
		"a secret":         {envcfg.Options{Environ: []string{}, Files: []string{}, SecretDirs: []string{dir}}, "development", envcfg.FromDefault},
		"process":          {envcfg.Options{Environ: []string{"ENVIRONMENT=testing", "ENV=x"}, Files: in(dir)}, "testing", envcfg.FromProcess},
	} {
		got, report, err := explain[config](c.o)
		require.NoError(t, err, name)
		s, _ := report.Setting("ENVIRONMENT")
		require.Equal(t, [...]string{c.want, c.want, c.want}, [...]string{got.Environment, report.Environment, s.Value}, name)
		require.Equal(t, c.origin, s.Origin.Layer, name)
		require.Equal(t, c.want == "development", got.Debug, name)
	}
	_, err := load[envcfg.Production]("PORT=1")
	require.ErrorContains(t, err, "ENVIRONMENT     required, but not set")
}

// Between NAME, NAME_FILE and old names the stronger place wins; two that contradict each other in one place are a conflict.
func TestStrongerPlaceWins(t *testing.T) {
	t.Parallel()
	type config struct {
		Key   envcfg.Secret `env:"API_KEY" deprecated:"OLD_KEY" default:"d"`
		Empty envcfg.Secret `env:"APP_KEY,empty" deprecated:"OLD_APP_KEY"`
	}
	dir := files(t, map[string]string{"file": "file", "API_KEY": "dir"})
	path := filepath.Join(dir, "file")
	for name, c := range map[string]struct {
		environ   []string
		dirs      []string
		weak      string
		strong    string
		want      string
		wantError string
	}{
		"stronger file names a file": {weak: "API_KEY=w", strong: "API_KEY_FILE=" + path, want: "file"},
		"weaker file names a file":   {weak: "API_KEY_FILE=" + path, strong: "API_KEY=s", want: "s"},
		"process over directory":     {environ: []string{"API_KEY_FILE=" + path}, dirs: []string{dir}, want: "file"},
		"directory over files":       {weak: "API_KEY_FILE=" + path, dirs: []string{dir}, want: "dir"},
		"same file":                  {weak: "API_KEY=w\nAPI_KEY_FILE=" + path, wantError: "remove one of the two"},
		"empty hides weaker files":   {environ: []string{"API_KEY="}, weak: "API_KEY_FILE=" + path, want: "d"},
		"empty beside NAME_FILE":     {environ: []string{"API_KEY=", "API_KEY_FILE=" + path}, want: "file"},
		"file of an old name":        {environ: []string{"OLD_KEY_FILE=" + path}, want: "file"},
		"weaker old name":            {environ: []string{"API_KEY=new"}, weak: "OLD_KEY=old", want: "new"},
		"stronger old name":          {environ: []string{"OLD_KEY=old"}, weak: "API_KEY=new", want: "old"},
		"old name in one place":      {environ: []string{"OLD_KEY=old", "API_KEY=new"}, wantError: "is set to something else"},
		"empty is a value":           {environ: []string{"APP_KEY=", "OLD_APP_KEY=x"}, wantError: "is set to something else"},
		"empty over files":           {environ: []string{"APP_KEY="}, weak: "OLD_APP_KEY=x", want: "d"},
	} {
		envFiles := files(t, map[string]string{"weak": c.weak, "strong": c.strong})
		got, err := envcfg.Load[config](envcfg.Options{
			Environ: append([]string{}, c.environ...), SecretDirs: c.dirs, Files: []string{filepath.Join(envFiles, "weak"), filepath.Join(envFiles, "strong")},
		})
		if c.wantError != "" {
			require.ErrorContains(t, err, c.wantError, name)
			continue
		}
		require.NoError(t, err, name)
		require.Equal(t, c.want, got.Key.Reveal(), name)
		require.Empty(t, got.Empty.Reveal(), name)
	}
}

// What is required of an optional group counts when the group is there: when a variable of its own is set.
func TestOptionalGroups(t *testing.T) {
	t.Parallel()
	type tls struct {
		Environment string        `env:"ENVIRONMENT"`
		Cert        string        `env:"TLS_CERT,required"`
		Key         envcfg.Secret `env:"TLS_KEY,required"`
		Size        int           `env:"DB_POOL_SIZE"`
		Min         string        `env:"TLS_MIN" default:"1.2"`
	}
	type config struct {
		TLS *tls `prefix:""`
	}
	c, report, err := explain[config](envcfg.Options{Environ: []string{"ENVIRONMENT=staging"}, Files: []string{}})
	require.NoError(t, err)
	require.Nil(t, c.TLS, "the environment and its profile are always there")
	require.Empty(t, report.Lint())
	_, err = load[config]("TLS_MIN=1.3")
	require.ErrorContains(t, err, "TLS_CERT  required")
	require.ErrorContains(t, err, "TLS_KEY   required")
	variables, err := envcfg.Variables[config]()
	require.NoError(t, err)
	require.False(t, variables[1].Required)
}

// A default satisfies what is required, as it does for an Env.
func TestRequiredWithDefault(t *testing.T) {
	t.Parallel()
	type config struct {
		A string `env:"A,required" default:"a"`
		B string `env:"B,required" default:""`
		C string `env:"C,required" default.testing:"c"`
	}
	_, err := load[config]()
	require.ErrorContains(t, err, "2 problems")
	variables, err := envcfg.Variables[config]()
	require.NoError(t, err)
	for i, want := range []bool{false, true, true} {
		require.Equal(t, want, variables[i].Required)
	}
}

func TestNoEnvironmentIsKnown(t *testing.T) {
	t.Parallel()
	_, err := envcfg.Load[inner](envcfg.Options{Environ: []string{}, Files: []string{}, Profiles: map[string]map[string]string{}})
	require.ErrorContains(t, err, `"development" is no known environment: Options.Profiles names none`)
}

// Every variable is found, however many there are.
func TestLargeEnvironment(t *testing.T) {
	t.Parallel()
	var pairs []string
	for i := range 66_000 {
		pairs = append(pairs, "X"+strconv.Itoa(i)+"=x")
	}
	c, err := load[inner](append(pairs, "PORT=7")...)
	require.NoError(t, err)
	require.Equal(t, 7, c.Port)
}

// Nobody waits for what is no file.
func TestPipesAreNoEnvFiles(t *testing.T) {
	t.Parallel()
	_, err := envcfg.Load[inner](envcfg.Options{Environ: []string{}, Files: []string{"/dev/null"}})
	require.ErrorContains(t, err, "/dev/null: cannot be read: is no regular file")
}
