package envcfg_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/envcfg"
)

func TestSecretFiles(t *testing.T) {
	t.Parallel()
	type config struct {
		Password envcfg.Secret `env:"DB_PASSWORD,required"`
		Plain    string        `env:"PLAIN"`
		Opted    string        `env:"OPTED,file"`
	}
	dir := files(t, map[string]string{"password": "from the file\r\n", "large": strings.Repeat("x", 65<<10), "opted": "o"})
	path := func(name string) string { return filepath.Join(dir, name) }

	c, err := load[config]("DB_PASSWORD_FILE="+path("password"), "OPTED_FILE="+path("opted"), "PLAIN_FILE=/ignored")
	require.NoError(t, err)
	require.Equal(t, "from the file", c.Password.Reveal())
	require.Equal(t, "o", c.Opted)
	require.Empty(t, c.Plain)

	_, err = load[config]("DB_PASSWORD=direct", "DB_PASSWORD_FILE="+path("password"))
	require.ErrorContains(t, err, "DB_PASSWORD_FILE is set as well: remove one of the two")
	require.NotContains(t, err.Error(), "direct")

	_, err = load[config]("DB_PASSWORD_FILE=" + path("missing"))
	require.ErrorContains(t, err, "the file that it names cannot be read: no such file or directory")
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = load[config]("DB_PASSWORD_FILE=" + path("large"))
	require.ErrorContains(t, err, "larger than 65536 bytes")
	_, err = load[config]("DB_PASSWORD_FILE=" + dir)
	require.ErrorContains(t, err, "is a directory")

	// A directory of secrets, as Kubernetes and Docker mount them.
	secrets := files(t, map[string]string{"db_password": "mounted\n", "PLAIN": "p"})
	o := envcfg.Options{Environ: []string{}, Files: []string{}, SecretDirs: []string{"/nowhere", secrets}}
	c, report, err := explain[config](o)
	require.NoError(t, err)
	require.Equal(t, "mounted", c.Password.Reveal())
	require.Equal(t, "p", c.Plain)
	s, _ := report.Setting("DB_PASSWORD")
	require.Equal(t, filepath.Join(secrets, "db_password"), s.Origin.String())
	o.Environ = []string{"DB_PASSWORD=process"}
	c, err = envcfg.Load[config](o)
	require.NoError(t, err)
	require.Equal(t, "process", c.Password.Reveal())
}

func TestDeprecatedNames(t *testing.T) {
	t.Parallel()
	type config struct {
		Size int `env:"DB_POOL_MAX" deprecated:"POOL_MAX, OLD_POOL" default:"5"`
	}
	var warnings []string
	o := envcfg.Options{Environ: []string{"OLD_POOL=7"}, Files: []string{}, OnWarning: func(p envcfg.Problem) { warnings = append(warnings, p.Error()) }}
	c, err := envcfg.Load[config](o)
	require.NoError(t, err)
	require.Equal(t, 7, c.Size)
	require.Equal(t, []string{"DB_POOL_MAX: process environment (OLD_POOL): OLD_POOL is deprecated: rename it to DB_POOL_MAX"}, warnings)

	o.Environ = []string{"OLD_POOL=7", "DB_POOL_MAX=8"}
	_, err = envcfg.Load[config](o)
	require.ErrorContains(t, err, "its old name OLD_POOL is set to something else")
	o.Environ = []string{"OLD_POOL=8", "DB_POOL_MAX=8"}
	_, err = envcfg.Load[config](o)
	require.NoError(t, err)
}

// The host may put what comes from files and profiles into the process environment; nobody else does.
func TestExport(t *testing.T) {
	t.Parallel()
	type config struct {
		A     string        `env:"EXPORT_TEST_A"`
		Token envcfg.Secret `env:"EXPORT_TEST_TOKEN"`
		C     int           `env:"EXPORT_TEST_C" default:"1"`
		Size  int           `env:"DB_POOL_SIZE"`
	}
	dir := files(t, map[string]string{".env": "EXPORT_TEST_A=file\nEXPORT_TEST_TOKEN=hunter2"})
	_, report, err := explain[config](envcfg.Options{Environ: []string{"EXPORT_TEST_A=process"}, Files: in(dir)})
	require.NoError(t, err)
	got := map[string]string{}
	require.NoError(t, report.Export(func(name, value string) error { got[name] = value; return nil }))
	require.Equal(t, map[string]string{"EXPORT_TEST_TOKEN": "hunter2", "DB_POOL_SIZE": "5"}, got)
	err = report.Export(func(string, string) error { return os.ErrInvalid })
	require.ErrorIs(t, err, os.ErrInvalid)
	require.NotContains(t, err.Error(), "hunter2")
	_, set := os.LookupEnv("EXPORT_TEST_TOKEN")
	require.False(t, set)
}
