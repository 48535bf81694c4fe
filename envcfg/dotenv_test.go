package envcfg_test

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/envcfg"
)

// The names that the cases of testdata/dialects.json refer to.
func dialectLookup(name string) (string, bool) {
	v, ok := map[string]string{"HOME_VAR": "/home/u", "EMPTY": ""}[name]
	return v, ok
}

// Every case was given to docker compose's parser (compose-go 2.16.2), the npm package dotenv 18.0.10 and python-dotenv
// 0.21.0. A dialect reads it as its tool does, refuses it with an error, or differs for the reason that the case gives.
func TestDialects(t *testing.T) {
	t.Parallel()
	type verdict struct {
		Values  map[string]string // what the dialect reads
		Refused string            // or the error
		Tool    map[string]string // what the tool reads, where it differs
		Why     string            // and why the dialect does not follow
	}
	var cases []struct {
		Text                            string
		Portable, Compose, Node, Python verdict
	}
	text, err := os.ReadFile("testdata/dialects.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &cases))
	require.Greater(t, len(cases), 150)
	for _, c := range cases {
		for dialect, want := range map[envcfg.Dialect]verdict{
			envcfg.Portable: c.Portable, envcfg.Compose: c.Compose, envcfg.Node: c.Node, envcfg.Python: c.Python,
		} {
			entries, err := envcfg.ParseDotenv(c.Text, dialect, dialectLookup)
			if want.Refused != "" {
				require.EqualError(t, err, want.Refused, "dialect %d of %q", dialect, c.Text)
				continue
			}
			require.NoError(t, err, "dialect %d of %q", dialect, c.Text)
			got := map[string]string{}
			for _, e := range entries {
				got[e.Name] = e.Value.Reveal()
			}
			require.Equal(t, want.Values, got, "dialect %d of %q", dialect, c.Text)
			if want.Tool != nil && !maps.Equal(want.Tool, want.Values) {
				require.NotEmpty(t, want.Why, "dialect %d of %q differs from its tool without a reason", dialect, c.Text)
			}
		}
	}
}

func TestDotenvErrorsSayWhere(t *testing.T) {
	t.Parallel()
	text := "OK=1\n  BAD NAME=hunter2\n\nA=\"first\nsecond ${MISSING}\nthird\"\nÄÖ=hunter2\nB='x' hunter2\nC=é ${D\nE=1\x002\nF='never closed hunter2"
	entries, err := envcfg.ParseDotenv(text, envcfg.Portable, nil)
	var where []string
	for _, e := range err.(interface{ Unwrap() []error }).Unwrap() {
		s, ok := errors.AsType[*envcfg.SyntaxError](e)
		require.True(t, ok)
		where = append(where, strings.SplitN(s.Error(), ": ", 2)[0])
	}
	require.Equal(t, []string{"2:7", "5:8", "7:1", "8:7", "9:5", "10:4", "11:3"}, where)
	require.NotContains(t, err.Error(), "hunter2")
	require.Len(t, entries, 1)
	require.Equal(t, 1, entries[0].Line)
}

// References that multiply must not eat the memory, and nested ones not the time.
func TestDotenvIsBounded(t *testing.T) {
	t.Parallel()
	var bomb strings.Builder
	bomb.WriteString("A0=" + strings.Repeat("x", 1000) + "\n")
	for i := range 60 {
		name := func(i int) string { return "A" + strings.Repeat("I", i) }
		bomb.WriteString(name(i+1) + "=${" + name(i) + "}${" + name(i) + "}\n")
	}
	_, err := envcfg.ParseDotenv(strings.Replace(bomb.String(), "A0=", "A=", 1), envcfg.Portable, nil)
	require.ErrorContains(t, err, "too large")

	_, err = envcfg.ParseDotenv(strings.Repeat("A", envcfg.MaxDotenvSize+1), envcfg.Portable, nil)
	require.ErrorContains(t, err, "larger than 1048576 bytes")

	for _, pattern := range []string{"${", "${A:-", "$", "\\", "'", "\"", "#", " ", "${A:-${B:-", "A=${B:-x}"} {
		for d := envcfg.Portable; d <= envcfg.Python; d++ {
			for _, prefix := range []string{"A=", "A=\"", "A='"} { // each a megabyte; quadratic time would be hours
				_, _ = envcfg.ParseDotenv(prefix+strings.Repeat(pattern, envcfg.MaxDotenvSize/len(pattern)-1), d, nil)
			}
		}
	}
}

func TestQuoteDotenv(t *testing.T) {
	t.Parallel()
	for _, value := range []string{
		"", "plain", "two words", " blanks ", "it's", `say "hi"`, `C:\new`, "$2a$10$abc", "${A}", "line\nbreak", "cr\rlf\r\n", "tab\t",
		"#", "a #b", "=", "a=b", "\u00a0", "é", "`x`", `\`, `'"\${A}`, "https://u:p@h/p?q=1#f",
	} {
		entries, err := envcfg.ParseDotenv("A="+envcfg.QuoteDotenv(value)+"\n", envcfg.Portable, nil)
		require.NoError(t, err, "%q", value)
		require.Equal(t, value, entries[0].Value.Reveal())
		if strings.ContainsAny(value, "'\\\r") || strings.Contains(value, "${") {
			continue
		}
		for d := range envcfg.Dialect(4) {
			entries, err := envcfg.ParseDotenv("A="+envcfg.QuoteDotenv(value)+"\n", d, nil)
			require.NoError(t, err, "%q in dialect %d", value, d)
			require.Equal(t, value, entries[0].Value.Reveal(), "dialect %d", d)
		}
	}
}

// What stands in ${} may be a part of a secret, when it is not in capitals as names are.
func TestDotenvErrorsRepeatNamesOnly(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"A=a${hunter2}b", "A=${hunter2!}", "A=${hunter2?}"} {
		_, err := envcfg.ParseDotenv(text, envcfg.Portable, nil)
		require.Error(t, err, text)
		require.NotContains(t, err.Error(), "hunter2")
	}
	_, err := envcfg.ParseDotenv("A=${DB_HOST}", envcfg.Portable, nil)
	require.ErrorContains(t, err, "DB_HOST is not set")
}

func TestUnknownDialect(t *testing.T) {
	t.Parallel()
	_, err := envcfg.ParseDotenv("A=1", 99, nil)
	require.ErrorContains(t, err, "unknown dialect 99")
}
