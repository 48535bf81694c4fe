package envcfg_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/envcfg"
)

func TestEnv(t *testing.T) {
	t.Parallel()
	dir := files(t, map[string]string{".env": "APP_NAME='my app'\nAPP_COLOR=red\nPORT=7000"})
	e, err := envcfg.Open(envcfg.Options{
		Environ: []string{"PORT=8000", "DEBUG=on", "RATIO=0.5", "WAIT=5s", "HOSTS=a, b,,", `LIMITS={"a":1}`, "APP_COLOR=blue", "TOKEN=hunter2"},
		Files:   in(dir),
	})
	require.NoError(t, err)
	require.Equal(t, "development", e.Environment())
	require.True(t, e.IsDevelopment())
	require.False(t, e.IsProduction())

	require.Equal(t, 8000, e.Require("PORT").Validate(envcfg.Check("port")).Int())
	require.True(t, e.Optional("DEBUG").Bool())
	require.InDelta(t, 0.5, e.Optional("RATIO").Float(), 0)
	require.Equal(t, 5*time.Second, e.Optional("WAIT").Duration())
	require.Equal(t, []string{"a", "b"}, e.Optional("HOSTS").List())
	require.Equal(t, "hunter2", e.Require("TOKEN").Secret().Reveal())
	require.Equal(t, "INFO", e.Optional("LEVEL").Default("INFO").Validate(envcfg.Check("loglevel")).Text())
	require.Equal(t, 3, e.Optional("RETRIES").Default("3").Int())
	limits := map[string]int{}
	e.Optional("LIMITS").JSON(&limits)
	e.Optional("NO_LIMITS").JSON(&limits)
	require.Equal(t, map[string]int{"a": 1}, limits)
	require.Equal(t, 8000, envcfg.Get(e, "PORT", 1))
	require.Equal(t, envcfg.Bytes(1), envcfg.Get(e, "SIZE", envcfg.Bytes(1)))
	text, at, ok := e.Lookup("APP_NAME")
	require.True(t, ok)
	require.Equal(t, "my app", text.Reveal())
	require.Equal(t, envcfg.FromFile, at.Layer)
	prefix := e.Prefix("APP_")
	require.Len(t, prefix, 2)
	require.Equal(t, "blue", prefix["COLOR"].Reveal(), "the process environment is over the file")
	require.NoError(t, e.Err())
}

func TestEnvCollectsProblems(t *testing.T) {
	t.Parallel()
	e, err := envcfg.Open(envcfg.Options{Environ: []string{"EMPTY=", "PORT=x", "BAD=1", "PANICS=hunter2", "J={"}, Files: []string{}})
	require.NoError(t, err)
	e.Require("MISSING")
	e.Require("EMPTY")
	e.Require("BAD").Validate(func(string) error { return errors.New("is bad") }).Validate(func(string) error { return errors.New("is worse") })
	e.Optional("PANICS").Validate(func(text string) error { panic(text) })
	e.Optional("DEFAULTED").Default("70000").Validate(envcfg.Check("port"))
	require.Zero(t, e.Require("PORT").Int())
	require.Equal(t, 5, envcfg.Get(e, "PORT", 5))
	require.Zero(t, e.Optional("D").Default("soon").Duration())
	e.Optional("J").JSON(&struct{}{})
	err = e.Err()
	for _, want := range []string{
		"MISSING    required, but not set", "EMPTY      required, but not set", "BAD        process environment: is bad", "is worse",
		"its rule panicked", "DEFAULTED  default: is no port", `PORT       process environment: "x" is not a whole number`, "D          default: is not a duration", "is not JSON: wrong at character 1",
	} {
		require.ErrorContains(t, err, want)
	}
	require.NotContains(t, err.Error(), "hunter2")
}

func TestOpenReportsFiles(t *testing.T) {
	t.Parallel()
	dir := files(t, map[string]string{".env": "A='x"})
	e, err := envcfg.Open(envcfg.Options{Environ: []string{}, Files: in(dir)})
	require.ErrorContains(t, err, "this quote is not closed")
	require.ErrorContains(t, e.Err(), "this quote is not closed")
}

func TestEnvIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	e, err := envcfg.Open(envcfg.Options{Environ: []string{"A=1", "B=x"}, Files: []string{}})
	require.NoError(t, err)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			for range 50 {
				e.Require("A").Default("2").Validate(envcfg.Check("port")).Int()
				envcfg.Get(e, "B", 1)
				e.Prefix("A")
				e.Lookup("A")
				_ = e.Err()
			}
		})
	}
	wg.Wait()
}

// An Env finds values and hides secrets as Load does.
func TestEnvIsLikeLoad(t *testing.T) {
	t.Parallel()
	dir := files(t, map[string]string{"secret": "hunter2", "outside": "x"})
	e, err := envcfg.Open(envcfg.Options{Environ: []string{
		"DB_PASSWORD_FILE=" + filepath.Join(dir, "secret"), "BROKER_FILE=" + filepath.Join(dir, "secret"), "PORT=hunter2", "RETRIES=x",
		"API_TOKEN=hunter3", "WEBHOOK=https://u:hunter2@h/ x", "ADMIN_PASSWORD=q",
	}, Files: []string{}, SecretDirs: []string{filepath.Join(dir, "sub")}})
	require.NoError(t, err)
	require.Equal(t, "hunter2", e.Require("DB_PASSWORD").Text())
	require.Equal(t, "hunter2", e.Require("BROKER").Secret().Reveal())
	require.Equal(t, 7, envcfg.Get(e, "WORKERS", 7))
	e.Optional("WORKERS").Default("5")
	require.Equal(t, 5, envcfg.Get(e, "WORKERS", 7), "what was registered counts before the call's own")
	_, _, ok := e.Lookup("../outside")
	require.False(t, ok, "a name is no path")

	atoi := func(text string) error { _, err := strconv.Atoi(text); return err }
	e.Require("API_TOKEN").Validate(atoi)
	e.Require("ADMIN_PASSWORD").Validate(envcfg.Check("min=8"))
	e.Require("WEBHOOK").Validate(atoi)
	for range 3 {
		e.Require("PORT").Int()
		e.Optional("RETRIES").Int()
		_ = e.Err()
	}
	require.EqualError(t, e.Err(), "envcfg: 5 problems in the configuration (environment \"development\"):\n"+
		"  API_TOKEN       process environment: is against its rule\n"+
		"  ADMIN_PASSWORD  process environment: must have at least 8 characters\n"+
		"  WEBHOOK         process environment: strconv.Atoi: parsing \"[redacted]\": invalid syntax\n"+
		"  PORT            process environment: \"[redacted]\" is not a whole number, like 20\n"+
		"  RETRIES         process environment: \"x\" is not a whole number, like 20")
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for rule, texts := range map[string][2]string{ // right ones and wrong ones, separated by |
		"port":            {"1|65535", "0|65536|x|"},
		"loglevel":        {"debug|INFO|CRITICAL", "loud|"},
		"oneof=a|b":       {"a|b", "c|A|"},
		"database":        {"postgres://h/d|postgresql://h|mysql://h/d|sqlite:///f", "http://h|postgres://|x|"},
		"postgres":        {"postgres://u:p@h/d", "mysql://h/d|x"},
		"url":             {"https://h/p|redis://h", "/p|h|"},
		"url=https":       {"https://h", "http://h"},
		"host":            {"example.com|10.0.0.1|::1|my_host|localhost.|10.example.com|1a", "-a|a..b|a b||10.0.0.256|127.1|1.2.3.4.5"},
		"hostport":        {"h:1|:80|[::1]:80", "h|h:x|h:70000"},
		"ip":              {"10.0.0.1|::1", "10.0.0|h"},
		"email":           {"a@b.c", "A <a@b.c>|x|"},
		"base64":          {"aGk=|aGk|_-8", "!"},
		"hex":             {"6869|", "x|123"},
		"match=[a-z,]{2}": {"ab|a,", "abc|a|"},
		"min=2":           {"ab|äö", "a|"},
		"max=2":           {"ab|", "abc"},
		"dir":             {".", "check.go|/nowhere"},
		"file":            {"check.go", ".|/nowhere"},
	} {
		for i, list := range texts {
			for text := range strings.SplitSeq(list, "|") {
				err := envcfg.Check(rule)(text)
				require.Equal(t, i == 1, err != nil, "%s of %q: %v", rule, text, err)
			}
		}
	}
	require.ErrorContains(t, envcfg.Check("unknown")("x"), `the rule "unknown" is unknown`)
}

// Checks of structs also see numbers, durations, sizes and the lengths of secrets and lists.
func TestCheckedFields(t *testing.T) {
	t.Parallel()
	type config struct {
		N    int           `env:"N" check:"min=1,max=10"`
		U    uint          `env:"U" check:"max=10"`
		F    float64       `env:"F" check:"min=0.5"`
		D    time.Duration `env:"D" check:"min=1s,max=1m"`
		Size envcfg.Bytes  `env:"SIZE" check:"max=1MiB"`
		Raw  int           `env:"RAW" unit:"bytes" check:"max=1MiB"`
		Key  envcfg.Secret `env:"KEY" check:"min=4"`
		List []string      `env:"LIST" check:"min=2"`
		Own  string        `env:"OWN,safe" check:"even"`
		P    *int          `env:"P" check:"max=3"`
	}
	o := envcfg.Options{Files: []string{}, Checks: map[string]func(string) error{"even": func(text string) error {
		if len(text)%2 != 0 {
			return errors.New("must have an even length")
		}
		return nil
	}}}
	o.Environ = []string{"N=10", "U=10", "F=0.5", "D=1m", "SIZE=1MiB", "RAW=1MiB", "KEY=1234", "LIST=a,b", "OWN=ab", "P=3"}
	_, err := envcfg.Load[config](o)
	require.NoError(t, err)
	o.Environ = []string{"N=11", "U=11", "F=0.4", "D=61s", "SIZE=1025KiB", "RAW=2MB", "KEY=123", "LIST=a", "OWN=abc", "P=4"}
	_, err = envcfg.Load[config](o)
	require.Len(t, err.(*envcfg.Error).Problems, 10) //nolint:errorlint // it is this package's own
	for _, want := range []string{
		"must be at most 10", "must be at least 0.5", "must be at most 1m", "must be at most 1MiB", "must have at least 4 characters",
		"must have at least 2 elements", "is against the rule even: must have an even length", `"4" must be at most 3`,
	} {
		require.ErrorContains(t, err, want)
	}
}

// An error around one of Check's may repeat the text, so it is none of the package's own words.
func TestEnvRulesAroundChecks(t *testing.T) {
	t.Parallel()
	e, err := envcfg.Open(envcfg.Options{Environ: []string{"API_KEY=hunter2hunter2", "PORT= 80 "}, Files: []string{}})
	require.NoError(t, err)
	least := envcfg.Check("min=32, match=[a-z0-9,]+")
	e.Require("API_KEY").Validate(func(text string) error { return fmt.Errorf("%q %w", text, least(text)) }).Validate(least)
	require.EqualError(t, e.Err(), "envcfg: 2 problems in the configuration (environment \"development\"):\n"+
		"  API_KEY  process environment: is against its rule\n  API_KEY  process environment: must have at least 32 characters")
	require.NoError(t, envcfg.Check("min=1,max=3")("ab"))
	require.Error(t, envcfg.Check("min=1,max=3")("abcd"))
	require.EqualError(t, envcfg.Check("max=3,oneof=a|b")("c"), "is not allowed: use a or b")
	require.Error(t, envcfg.Check("host")(strings.Repeat("a.", 127)))
	require.NoError(t, envcfg.Check("host")(strings.Repeat("a.", 126)))
	e.Require("PORT").JSON(7)
	require.ErrorContains(t, e.Err(), "PORT     process environment: cannot be decoded: JSON needs a pointer")
}

// A variable that was asked for as a secret stays one, and is read from its file by every way of asking.
func TestEnvKeepsSecrets(t *testing.T) {
	t.Parallel()
	dir := files(t, map[string]string{"link": "hunter2\n"})
	e, err := envcfg.Open(envcfg.Options{Environ: []string{"LINK_FILE=" + dir + "/link", "NUMBER_FILE=/no/such/file"}, Files: []string{}})
	require.NoError(t, err)
	require.Equal(t, "hunter2", e.Optional("LINK").Secret().Reveal())
	require.Equal(t, "hunter2", envcfg.Get(e, "LINK", ""))
	text, _, ok := e.Lookup("LINK")
	require.True(t, ok)
	require.Equal(t, "hunter2", text.Reveal())
	require.Zero(t, envcfg.Get(e, "LINK", 0))
	require.NotContains(t, e.Err().Error(), "hunter2")
	require.Empty(t, e.Require("NUMBER").Default("7").Secret().Reveal(), "a file that cannot be read is no reason for a default")
	require.NotContains(t, e.Err().Error(), "required")
	require.ErrorContains(t, e.Err(), "NUMBER_FILE): the file that it names cannot be read")
}
