package envdoc_test

import (
	"encoding/json"
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

type various struct {
	Flag    bool          `env:"FLAG" default:"TRUE"`
	Wait    time.Duration `env:"TOKEN_TTL" unit:"s" check:"min=30"`
	Timeout time.Duration `env:"TIMEOUT,required"`
	Level   string        `env:"LEVEL" check:"loglevel"`
	Port    string        `env:"PORT,required" check:"port"`
	Key     envcfg.Secret `env:"SECRET_KEY,required" check:"min=32" deprecated:"OLD_KEY"`
	Text    string        `env:"TEXT" default:"line 1\nline 2"`
	Example string        `env:"EXAMPLE" example:"a\nb ${c} \\ \""`
	List    []string      `env:"LIST" separator:";"`
	Link    string        `env:"LINK" doc:"[x](javascript:alert) a\\|b &lt;"`
	SSLKey  string        `env:"DB_SSL_KEY,safe" doc:"a path"`
}

// schema is what the tests look at in one.
type schema struct {
	Required   []string
	AllOf      []struct{ AnyOf []struct{ Required []string } }
	Properties map[string]struct {
		Pattern   string
		Enum      []string
		MinLength int
	}
}

func schemaOf[T any](t *testing.T) (s schema) {
	t.Helper()
	text, err := envdoc.Schema[T]()
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal([]byte(text), &s))
	return s
}

// A schema accepts what Load accepts, an empty value for what is not required included.
func TestSchemaAcceptsWhatLoadDoes(t *testing.T) {
	t.Parallel()
	schema := schemaOf[various](t)
	require.Equal(t, []string{"TIMEOUT", "PORT"}, schema.Required)
	var either []string
	for _, one := range schema.AllOf[0].AnyOf {
		either = append(either, one.Required...)
	}
	require.Equal(t, []string{"SECRET_KEY", "OLD_KEY", "SECRET_KEY_FILE", "OLD_KEY_FILE"}, either)
	require.Equal(t, 32, schema.Properties["SECRET_KEY"].MinLength)
	require.Zero(t, schema.Properties["TOKEN_TTL"].MinLength, "a limit of a duration is no length")
	require.NotContains(t, schema.Properties, "DB_SSL_KEY_FILE", "it is the path itself")
	for name, texts := range map[string][]string{
		"FLAG": {"TRUE", "true", " Yes ", "0", "", "maybe"}, "TOKEN_TTL": {"30", "1h30m", "7d", ".5h", "45 s"},
		"TIMEOUT": {"30s", "2w", "Off", "-1", "", "30"}, "LEVEL": {"debug", "WARN", "", "loud"}, "PORT": {"80", "65535", "", "http"},
	} {
		for _, value := range texts {
			pairs := []string{"TIMEOUT=1s", "PORT=80", "SECRET_KEY=" + strings.Repeat("k7Qm", 8), name + "=" + value} // the last one counts
			_, err := envcfg.Load[various](envcfg.Options{Environ: pairs, Files: []string{}})
			require.Equal(t, err == nil, regexp.MustCompile(schema.Properties[name].Pattern).MatchString(value), "%s=%s: %v", name, value, err)
		}
	}
}

// Rules of a list of texts are for each of them, and the documents say so.
func TestRulesOfElements(t *testing.T) {
	t.Parallel()
	type level string
	type config struct {
		Choice []string  `env:"CHOICE" check:"oneof=a|b,min=1"`
		Match  []string  `env:"MATCH,required" check:"match=[a-z]+"`
		Levels []level   `env:"LEVELS" check:"loglevel" separator:";"`
		Hosts  []string  `env:"HOST_LIST" check:"host,own"`
		Links  []string  `env:"LINKS" check:"url=https|http"`
		Behind *[]string `env:"BEHIND" check:"oneof=a|b"`
		Single string    `env:"SINGLE" check:"oneof=a|b"`
	}
	_, err := envcfg.Load[config](envcfg.Options{
		Environ: []string{"CHOICE=a, b", `MATCH=["x","y"]`, "LEVELS=debug;INFO", "HOST_LIST=a,b"}, Files: []string{},
		Checks: map[string]func(string) error{"own": func(string) error { return nil }},
	})
	require.NoError(t, err)
	schema := schemaOf[config](t)
	for _, name := range []string{"CHOICE", "MATCH", "LEVELS", "HOST_LIST", "LINKS", "BEHIND"} {
		require.Empty(t, schema.Properties[name].Enum, name)
		require.Empty(t, schema.Properties[name].Pattern, name)
	}
	require.Equal(t, []string{"a", "b", ""}, schema.Properties["SINGLE"].Enum)
	text, err := envdoc.Template[config]()
	require.NoError(t, err)
	table, err := envdoc.Markdown[config]()
	require.NoError(t, err)
	for _, want := range []string{
		"list separated by commas; each one of a, b; at least 1", "list separated by commas; each host; own", `list separated by ";"; each loglevel`, "text; one of a, b",
		"list separated by commas; each URL https or http",
	} {
		require.Contains(t, text, want)
		require.Contains(t, table, "| "+want+" |")
	}
	require.Contains(t, text, "each matching [a-z]+")
}

// Defaults and examples of several lines stay comments, and read back in every dialect.
func TestTemplateOfSeveralLines(t *testing.T) {
	t.Parallel()
	text, err := envdoc.Template[various]()
	require.NoError(t, err)
	for d := range envcfg.Dialect(4) {
		_, err := envcfg.ParseDotenv(text, d, nil)
		require.NoError(t, err)
	}
	opened := regexp.MustCompile(`(?m)^# ([A-Z_]+=)`).ReplaceAllString(text, "$1")
	entries, err := envcfg.ParseDotenv(opened, envcfg.Portable, nil)
	require.NoError(t, err)
	values := map[string]string{}
	for _, e := range entries {
		values[e.Name] = e.Value.Reveal()
	}
	require.Equal(t, "line 1\nline 2", values["TEXT"])
	require.Equal(t, "a\nb ${c} \\ \"", values["EXAMPLE"])
	require.Contains(t, text, `# list separated by ";"`)
	require.NotContains(t, text, "DB_SSL_KEY_FILE")
	table, err := envdoc.Markdown[various]()
	require.NoError(t, err)
	require.Contains(t, table, `| \[x\](javascript:alert) a\\\|b &amp;lt; |`)
}

// The line ends that git gives a file on Windows make it no other file.
func TestLineEndsAreNotStale(t *testing.T) {
	t.Parallel()
	f := envdoc.Files{Markdown: filepath.Join(t.TempDir(), "configuration.md")}
	require.NoError(t, envdoc.Write[various](f))
	text, err := os.ReadFile(f.Markdown)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(f.Markdown, []byte(strings.ReplaceAll(string(text), "\n", "\r\n")), 0o644))
	require.NoError(t, envdoc.Check[various](f))
}
