package envdoc_test

import (
	"encoding/json"
	"flag"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/envcfg"
	"github.com/prodwright/prodwright/envcfg/envdoc"
)

var update = flag.Bool("update", false, "write the golden files anew")

type database struct {
	URL     envcfg.Secret `env:"DATABASE_URL,required" check:"postgres" doc:"the primary database" example:"postgres://user:password@host:5432/name"`
	Size    int           `env:"DB_POOL_SIZE" default:"20" check:"min=1,max=100" doc:"connections that are kept" deprecated:"DB_POOL_MAX"`
	Timeout time.Duration `env:"DB_TIMEOUT" default:"30s" default.testing:"2s" unit:"s"`
}

type config struct {
	Environment string            `env:"ENVIRONMENT,required,safe" check:"oneof=development|production" doc:"a | b <c>"`
	Port        int               `env:"PORT" default:"8000" check:"port"`
	Debug       bool              `env:"DEBUG"`
	Ratio       float64           `env:"RATIO" default:"0.5"`
	Hosts       []string          `env:"ALLOWED_HOSTS" default:"*"`
	Labels      map[string]string `env:"LABELS" example:"a=1, b=2"`
	Upload      envcfg.Bytes      `env:"MAX_UPLOAD" default:"10MiB"`
	LogBytes    int64             `env:"LOG_BYTES" default:"10MB" unit:"bytes"`
	Zone        *time.Location    `env:"TZONE" default:"UTC"`
	Level       slog.Level        `env:"LEVEL" default:"INFO"`
	Greeting    string            `env:"GREETING,file" default:"it's ${NOT} a # comment"`
	Name        string            `env:"NAME" check:"match=[a-z]{1,3}"`
	Retries     uint8             `env:"RETRIES"`
	Database    database
}

// The documents of a struct are golden files.
func TestDocuments(t *testing.T) {
	t.Parallel()
	for name, write := range map[string]func() (string, error){
		"env.example": envdoc.Template[config], "configuration.md": envdoc.Markdown[config], "schema.json": envdoc.Schema[config],
	} {
		text, err := write()
		require.NoError(t, err)
		path := filepath.Join("testdata", name)
		if *update {
			require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		}
		want, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, string(want), text, name)
	}
}

// The template with all its comments opened is a .env file that gives the defaults.
func TestTemplateReadsBack(t *testing.T) {
	t.Parallel()
	text, err := envdoc.Template[config]()
	require.NoError(t, err)
	opened := regexp.MustCompile(`(?m)^# ([A-Z_]+=)`).ReplaceAllString(text, "$1")
	opened = strings.Replace(opened, "\nDATABASE_URL=\n", "\nDATABASE_URL=postgres://u@h/d\n", 1)
	opened = strings.Replace(opened, "\nENVIRONMENT=\n", "\nENVIRONMENT=production\n", 1)
	require.NotEqual(t, text, opened)
	path := filepath.Join(t.TempDir(), ".env")
	require.NoError(t, os.WriteFile(path, []byte(opened), 0o600))
	fromFile, err := envcfg.Load[config](envcfg.Options{Environ: []string{"LABELS="}, Files: []string{path}})
	require.NoError(t, err)
	fromDefaults, err := envcfg.Load[config](envcfg.Options{
		Environ: []string{"ENVIRONMENT=production", "DATABASE_URL=postgres://u@h/d"}, Files: []string{}, Profiles: map[string]map[string]string{"production": {}},
	})
	require.NoError(t, err)
	require.Equal(t, fromDefaults.Database.URL.Reveal(), fromFile.Database.URL.Reveal())
	fromFile.Database.URL, fromDefaults.Database.URL = envcfg.Secret{}, envcfg.Secret{} // not comparable
	require.Equal(t, fromDefaults, fromFile)
}

func TestSchemaIsValidJSON(t *testing.T) {
	t.Parallel()
	text, err := envdoc.Schema[config]()
	require.NoError(t, err)
	var schema struct {
		Required   []string
		Properties map[string]struct {
			Pattern   string
			WriteOnly bool
		}
	}
	require.NoError(t, json.Unmarshal([]byte(text), &schema))
	require.Equal(t, []string{"ENVIRONMENT"}, schema.Required, "a secret may come from a file instead")
	require.True(t, schema.Properties["DATABASE_URL"].WriteOnly)
	require.Contains(t, schema.Properties, "DATABASE_URL_FILE")
	for name, p := range schema.Properties {
		_, err := regexp.Compile(p.Pattern)
		require.NoError(t, err, name)
	}
}

func TestCheckFindsStaleFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := envdoc.Files{Template: filepath.Join(dir, ".env.example"), Markdown: filepath.Join(dir, "configuration.md"), Schema: filepath.Join(dir, "schema.json")}
	err := envdoc.Check[config](f)
	require.ErrorContains(t, err, ".env.example is missing: write it from the configuration struct")
	require.Len(t, err.(interface{ Unwrap() []error }).Unwrap(), 3)

	require.NoError(t, envdoc.Write[config](f))
	require.NoError(t, envdoc.Check[config](f))
	before, err := os.Stat(f.Markdown)
	require.NoError(t, err)
	require.NoError(t, envdoc.Write[config](f))
	after, err := os.Stat(f.Markdown)
	require.NoError(t, err)
	require.True(t, os.SameFile(before, after), "what is right is not touched")

	text, err := os.ReadFile(f.Markdown)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(f.Markdown, []byte(strings.Replace(string(text), "8000", "9000", 1)), 0o644))
	err = envdoc.Check[config](f)
	var stale *envdoc.StaleError
	require.ErrorAs(t, err, &stale)
	require.Equal(t, f.Markdown, stale.Path)
	require.Equal(t, 6, stale.Line)
	require.ErrorContains(t, err, "configuration.md:6 is stale")

	require.Error(t, envdoc.Write[config](envdoc.Files{Schema: filepath.Join(dir, "missing", "schema.json")}))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 3, "nothing half-done is left")
}

func TestWrongStruct(t *testing.T) {
	t.Parallel()
	type wrong struct {
		N int `env:"N" default:"x"`
	}
	require.ErrorAs(t, envdoc.Write[wrong](envdoc.Files{Template: filepath.Join(t.TempDir(), "x")}), new(*envcfg.Error))
	_, err := envdoc.Schema[wrong]()
	require.ErrorContains(t, err, "N: default")
	_, err = envdoc.Markdown[wrong]()
	require.Error(t, err)
}
