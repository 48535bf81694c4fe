package envcfg_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/envcfg"
)

// Of several old names the one in the strongest place counts, whichever comes first in the tag.
func TestSeveralOldNames(t *testing.T) {
	t.Parallel()
	type config struct {
		X   string        `env:"NEW_X,safe" deprecated:"OLD1,OLD2"`
		Key envcfg.Secret `env:"API_KEY" deprecated:"OLD_KEY"`
	}
	dir := files(t, map[string]string{
		"old1": "OLD1=weak", "new": "NEW_X=file", "broken": "API_KEY_FILE=/no/such/file", "brokenold": "OLD_KEY_FILE=/no/such/file", "key": "from a file",
		"weakkey": "OLD_KEY=weak", "newkey": "API_KEY=new",
	})
	require.NoError(t, os.WriteFile(filepath.Join(dir, "oldfile"), []byte("OLD_KEY_FILE="+filepath.Join(dir, "key")), 0o600))
	at := func(names ...string) (paths []string) {
		for _, name := range names {
			paths = append(paths, filepath.Join(dir, name))
		}
		return append([]string{}, paths...)
	}
	for name, c := range map[string]struct {
		files   []string
		environ []string
		want    string
		err     string
	}{
		"the second is stronger": {at("old1"), []string{"OLD2=strong"}, "strong", ""},
		"stronger than the new":  {at("old1", "new"), []string{"OLD2=strong"}, "strong", ""},
		"all weaker":             {at("old1"), []string{"NEW_X=strong"}, "strong", ""},
		"same place, different":  {at(), []string{"OLD1=a", "OLD2=b"}, "", "NEW_X: process environment (OLD1): its old name OLD2 is set to something else (process environment): remove that"},
		"same place, same value": {at(), []string{"NEW_X=a", "OLD2=a"}, "a", ""},
		"broken but weaker":      {at("broken"), []string{"OLD_KEY=k"}, "", ""},
		"broken, old is weaker":  {at("weakkey", "broken"), []string{}, "", "API_KEY: " + filepath.Join(dir, "broken") + ":1 (API_KEY_FILE): the file that it names cannot be read"},
		"broken, same place":     {at(), []string{"API_KEY_FILE=/no/such/file", "OLD_KEY=x"}, "", "the file that it names cannot be read"},
		"broken old name":        {at("brokenold"), []string{}, "", "OLD_KEY_FILE): the file that it names cannot be read"},
		"file and old name":      {at(), []string{"API_KEY_FILE=" + filepath.Join(dir, "key"), "OLD_KEY=x"}, "", "its old name OLD_KEY is set to something else"},
	} {
		got, err := envcfg.Load[config](envcfg.Options{Environ: c.environ, Files: c.files})
		if c.err != "" {
			require.ErrorContains(t, err, c.err, name)
			continue
		}
		require.NoError(t, err, name)
		require.Equal(t, c.want, got.X, name)
	}
	got, err := envcfg.Load[config](envcfg.Options{Environ: []string{}, Files: at("oldfile", "newkey")})
	require.NoError(t, err)
	require.Equal(t, "new", got.Key.Reveal(), "a file counts where it is named")
	_, err = envcfg.Load[config](envcfg.Options{Environ: []string{"API_KEY=a", "API_KEY_FILE=" + filepath.Join(dir, "key"), "OLD_KEY=b"}, Files: []string{}})
	require.ErrorContains(t, err, "remove one of the two")
	require.ErrorContains(t, err, "its old name OLD_KEY", "all problems at once")
}

// The environment must not be development because of a mistake.
func TestEnvironmentByMistake(t *testing.T) {
	t.Parallel()
	type renamed struct {
		Environment string `env:"ENVIRONMENT" deprecated:"APP_ENV"`
	}
	_, err := load[renamed]("APP_ENV=production")
	require.ErrorContains(t, err, "ENVIRONMENT cannot have old names: pass what they say as Options.Environment")

	type config struct {
		X string `env:"XX" default:"d" default.productionn:"p"`
	}
	_, err = load[config]("XX=x")
	require.ErrorContains(t, err, `X has a default for "productionn": did you mean production?`)
	type none struct {
		X string `env:"XX"`
	}
	_, err = load[none]("ENVIRONMENTT=production")
	require.ErrorContains(t, err, "ENVIRONMENTT: process environment: is set but unknown: did you mean ENVIRONMENT?")
	_, err = load[none]("ENVIRONMENTT=production", "ENVIRONMENT=staging")
	require.NoError(t, err)

	dir := files(t, map[string]string{".env": "ENVIRONMENT=production\n", ".env.development": "ENVIRONMENT=production", ".env.staging": "ENVIRONMENT=staging", "wrong": "ENVIRONMENT=stagin"})
	file := func(name string) string { return filepath.Join(dir, name) }
	for _, names := range [][]string{{".env.${ENVIRONMENT}", ".env"}, {".env.${ENVIRONMENT}"}} {
		var paths []string
		for _, name := range names {
			paths = append(paths, file(name))
		}
		_, err = envcfg.Load[none](envcfg.Options{Environ: []string{}, Files: paths})
		require.ErrorContains(t, err, ":1: names another environment than development, which has chosen the files: set it in the process environment, or in the first file")
		_, err = envcfg.Load[none](envcfg.Options{Environ: []string{"ENVIRONMENT=development"}, Files: paths})
		require.NoError(t, err, "the process says so")
	}
	_, err = envcfg.Load[indiscreet](envcfg.Options{Environ: []string{"NEW_KEY=stagin"}, Files: []string{file("wrong"), file(".env.${ENVIRONMENT}"), file(".env.staging")}})
	require.ErrorContains(t, err, "is no known environment")
	require.NotContains(t, err.Error(), "stagin,", "it may be a secret")
	_, err = envcfg.Load[none](envcfg.Options{Environ: []string{}, Files: []string{file("wrong"), file("missing")}})
	require.ErrorContains(t, err, file("wrong")+":1", "not the file that is not there")

	e, err := envcfg.Open(envcfg.Options{Environ: []string{}, Files: []string{}})
	require.NoError(t, err)
	require.Equal(t, "development", e.Optional("ENVIRONMENT").Default("production").Text())
	require.ErrorContains(t, e.Err(), "ENVIRONMENT: has no default of its own: pass one as Options.Environment")
	e, err = envcfg.Open(envcfg.Options{Environ: []string{}, Files: []string{}})
	require.NoError(t, err)
	require.Equal(t, "development", e.Optional("ENVIRONMENT").Default("development").Text())
	require.NoError(t, e.Err())
}

// A profile may name the file of a secret.
func TestSecretFileOfAProfile(t *testing.T) {
	t.Parallel()
	type config struct {
		Key envcfg.Secret `env:"API_KEY"`
	}
	dir := files(t, map[string]string{"key": "k"})
	c, err := envcfg.Load[config](envcfg.Options{Environ: []string{}, Files: []string{}, Profiles: map[string]map[string]string{
		"development": {"API_KEY_FILE": filepath.Join(dir, "key")},
	}})
	require.NoError(t, err)
	require.Equal(t, "k", c.Key.Reveal())
}

// What other programs set is nobody's misspelling.
func TestNamesOfOthers(t *testing.T) {
	t.Parallel()
	type config struct {
		Proxy string        `env:"HTTPS_PROXY"`
		Host  string        `env:"APP_HOST"`
		URL   string        `env:"APP_URL"`
		Token envcfg.Secret `env:"APP_TOKEN" deprecated:"APP_OLD_TOKEN"`
		Plug  string        `env:"APP_PLUG"`
		Pay   string        `env:"APP_PAYMENT_SERVICE_HOST"`
	}
	dir := files(t, map[string]string{".env": "APP_BASE=http://h\nAPP_URL=${APP_BASE}/y\n", "token": "t"})
	c, err := envcfg.Load[config](envcfg.Options{Strict: []string{"APP_"}, Files: in(dir), Ignore: []string{"APP_PLUGIN_*"}, Environ: []string{
		"HTTP_PROXY=x", "APP_PORT=tcp://10.0.0.1:80", "APP_SERVICE_HOST=10.0.0.1", "APP_SERVICE_PORT=80", "APP_SERVICE_PORT_HTTP=80", "APP_PORT_80_TCP=tcp://10.0.0.1:80",
		"APP_PORT_80_TCP_PROTO=tcp", "APP_PORT_80_TCP_PORT=80", "APP_PORT_80_TCP_ADDR=10.0.0.1", "APP_PLUGIN_X=1", "APP_OLD_TOKEN_FILE=" + filepath.Join(dir, "token"),
	}})
	require.NoError(t, err)
	require.Equal(t, "http://h/y", c.URL)
	require.Equal(t, "t", c.Token.Reveal())
	for _, prefixes := range [][]string{nil, {"APP_"}} {
		_, err = envcfg.Load[config](envcfg.Options{Strict: prefixes, Files: []string{}, Environ: []string{"APP_PAYMNT_SERVICE_HOST=x"}})
		require.ErrorContains(t, err, "did you mean APP_PAYMENT_SERVICE_HOST?")
	}
	_, err = envcfg.Load[config](envcfg.Options{Strict: []string{"APP_"}, Files: []string{}, Environ: []string{"APP_PLUGIN_X=1", "XAPP_PLUGIN=1"}, Ignore: []string{"PLUGIN*"}})
	require.ErrorContains(t, err, "APP_PLUGIN_X", "an ignored name begins so")
	_, err = envcfg.Load[config](envcfg.Options{Strict: []string{"APP_"}, Files: []string{}, Environ: []string{"APP_HOST_FILE=x", "APP_HOST=h", "APP_HOTS=x"}})
	require.ErrorContains(t, err, "APP_HOST is not read from a file: its tag needs the option file")
	require.ErrorContains(t, err, "did you mean APP_HOST?", "although the right one is set: the prefix is this program's")
}

// readsJSON keeps what it is given.
type readsJSON string

func (r *readsJSON) UnmarshalJSON(b []byte) error { *r = readsJSON(b); return nil }

// A URL is complete, and host:port is none.
func TestCompleteURLs(t *testing.T) {
	t.Parallel()
	type config struct {
		URL  url.URL `env:"A_URL"`
		Web  string  `env:"WEB" check:"url=https|http"`
		Any  string  `env:"ANY" check:"url"`
		Base string  `env:"PG" check:"postgres"`
		DB   string  `env:"DB" check:"database"`
		At   string  `env:"AT" check:"hostport"`
	}
	for pair, ok := range map[string]bool{
		"A_URL=https://h/x": true, "A_URL=mailto:a@b": true, "A_URL=file:///etc/x": true, "A_URL=postgres:///db?host=/run": true, "A_URL=localhost:8080": false,
		"A_URL=http:/x": false, "A_URL=https://": false, "A_URL=https://:80": false, "A_URL=/x": false, "A_URL=postgres://": false, "A_URL=redis://:6379/0": true, "A_URL=file:/etc/x": true, "A_URL=mailto:007@b": true, "A_URL=tel:030": true, "A_URL=db:5432/x": false,
		"WEB=http://h": true, "WEB=https:/h": false, "WEB=https:///x": false, "WEB=https://:8080": false, "WEB=https://?x": false, "WEB=ftp://h": false,
		"ANY=redis://h:1": true, "ANY=unix:///run/x": true, "ANY=mailto:a@b": false, "ANY=x:/y": true, "ANY=redis://:6379/0": true, "ANY=tcp://:8080": true, "ANY=unix:/run/x.sock": true,
		"PG=postgres://h/x": true, "PG=postgresql:///x?host=/run": true, "PG=postgres:/x": false, "PG=postgres://h1:1,h2:2/x": true,
		"DB=sqlite:///x.db": true, "DB=mysql://h/x": true, "DB=sqlite:x": false, "DB=sqlite:/x.db": true, "DB=postgres://:5432/db": true, "DB=mysql:/x": false, "DB=postgres://": false,
		"AT=h:80": true, "AT=h:+80": false, "AT=h:-1": false, "AT=h:65536": false, "AT=10.0.0.300:80": false,
	} {
		_, err := load[config](pair)
		require.Equal(t, ok, err == nil, "%s: %v", pair, err)
	}
}

// Lists and maps may be written as JSON, whose texts are read as those of variables are.
func TestListsInJSON(t *testing.T) {
	t.Parallel()
	type config struct {
		Hosts  []string                 `env:"HOSTS,required"`
		Waits  []time.Duration          `env:"WAITS"`
		Limits map[string]time.Duration `env:"LIMITS"`
		Sizes  map[string]envcfg.Bytes  `env:"SIZES"`
		Nested map[string][]int         `env:"NESTED"`
		Any    map[string]any           `env:"ANY"`
		Bytes  []byte                   `env:"RAW"`
		Level  []string                 `env:"LEVELS" check:"oneof=low|high"`
	}
	c, err := load[config](`HOSTS=["a,b", "c"]`, `WAITS= ["5s", "1m"]`, `LIMITS={"a": "5s", "b": "1m"}`, `SIZES={"a": "1KB", "b": 5}`, `NESTED={"a": [1, 2]}`,
		`ANY={"a": {"b": [1]}}`, `RAW=[1]`, "LEVELS=low, high")
	require.NoError(t, err)
	require.Equal(t, config{
		Hosts: []string{"a,b", "c"}, Waits: []time.Duration{5 * time.Second, time.Minute}, Limits: map[string]time.Duration{"a": 5 * time.Second, "b": time.Minute},
		Sizes: map[string]envcfg.Bytes{"a": 1000, "b": 5}, Nested: map[string][]int{"a": {1, 2}}, Any: map[string]any{"a": map[string]any{"b": []any{1.0}}},
		Bytes: []byte("[1]"), Level: []string{"low", "high"},
	}, c)
	c, err = load[config]("HOSTS=[::1]:80, [::2]:80")
	require.NoError(t, err)
	require.Equal(t, []string{"[::1]:80", "[::2]:80"}, c.Hosts)
	type own struct {
		Raw    map[string]json.RawMessage `env:"RAW"`
		Self   []readsJSON                `env:"SELF"`
		Bytes  map[string][]byte          `env:"BYTES"`
		Nanos  map[string]time.Duration   `env:"NANOS"`
		Unit   []time.Duration            `env:"UNIT" unit:"s"`
		Parsed []celsius                  `env:"PARSED"`
		Keys   map[int]string             `env:"KEYS" unit:"bytes"`
		List   *[]string                  `env:"LIST,required" check:"oneof=a|b"`
		Empty  []string                   `env:"EMPTY,required,empty" default:""`
	}
	o := envcfg.Options{Files: []string{}, Environ: []string{
		`RAW={"a": "x"}`, `SELF=["5s"]`, `BYTES={"a": "aGk="}`, `NANOS={"a": 5000000000}`, `UNIT=[5, "1m"]`, `PARSED=["20", 21]`, "LIST=a, b",
	}, Parsers: []envcfg.TypeParser{envcfg.Parser(func(text string) (celsius, error) { n, err := strconv.Atoi(text); return celsius{float64(n)}, err })}}
	special, err := envcfg.Load[own](o)
	require.NoError(t, err)
	require.Equal(t, own{
		Raw: map[string]json.RawMessage{"a": json.RawMessage(`"x"`)}, Self: []readsJSON{`"5s"`}, Bytes: map[string][]byte{"a": []byte("hi")},
		Nanos: map[string]time.Duration{"a": 5 * time.Second}, Unit: []time.Duration{5 * time.Second, time.Minute}, Parsed: []celsius{{20}, {21}}, List: &[]string{"a", "b"}, Empty: []string{},
	}, special)
	for pair, want := range map[string]string{`KEYS={"1": "a", "01": "b"}`: "has the same key twice", `KEYS=1=a,01=b`: "has the same key twice", "LIST=,": "is required, but has no elements", "LIST=a,c": "has a wrong element 2"} {
		_, err = load[own]("LIST=a", pair)
		require.ErrorContains(t, err, want)
	}
	for pair, want := range map[string]string{
		`HOSTS=["a","b",]`:     "is not JSON: wrong at character 10",
		`WAITS=["5s", "soon"]`: "has a wrong element 2, which is not a duration", `LIMITS={"a": "x", "b": "y"}`: "has a wrong value, which is not a duration",
		`LIMITS={"a": `: "is not JSON: wrong at character", `SIZES={"a": []}`: "does not fit", "HOSTS=, ,": "is required, but has no elements", "HOSTS=[]": "is required, but has no elements",
		"HOSTS=  ": "required, but empty in process environment", "LEVELS=low,hihg": "has a wrong element 2, which is not allowed: use low or high (did you mean high?)",
	} {
		_, err = load[config]("HOSTS=a", pair)
		require.ErrorContains(t, err, want, pair)
		require.NotContains(t, err.Error(), "soon")
	}
}

// labels reads itself, and needs a map to do so.
type labels map[string]string

func (l labels) UnmarshalText(b []byte) error { l["text"] = string(b); return nil }

// strict is nobody's configuration: it has no variables, and refuses to be empty.
type strict struct{ Set bool }

func (s strict) Validate() error {
	if !s.Set {
		return errors.New("not set")
	}
	return nil
}

// Types of others are filled as they can be, and judged only when there is something of theirs.
func TestTypesOfOthers(t *testing.T) {
	t.Parallel()
	type config struct {
		Labels labels `env:"LABELS"`
		Other  strict
		Wait   time.Duration `env:"WAIT,empty" default:"30s"`
	}
	c, err := load[config]("LABELS=x")
	require.NoError(t, err)
	require.Equal(t, config{Labels: labels{"text": "x"}, Wait: 30 * time.Second}, c)
	for _, text := range []string{"-", "+", " ", "", "d", "w", "-d"} {
		_, err := load[config]("WAIT=" + text)
		require.ErrorContains(t, err, "is not a duration", "%q", text)
	}
}

// After an error nothing of the struct has changed, also not what a type shares with its copies.
func TestFillChangesNothingShared(t *testing.T) {
	t.Parallel()
	type config struct {
		N    big.Int `env:"NN"`
		Port int     `env:"PORT"`
	}
	var c config
	c.N.SetString("123456789012345678901234567890", 10)
	err := envcfg.Fill(&c, envcfg.Options{Environ: []string{"NN=999999999999999999999999999999", "PORT=x"}, Files: []string{}})
	require.Error(t, err)
	require.Equal(t, "123456789012345678901234567890", c.N.String())
}

// described is a struct that reads itself, and has variables besides.
type described struct {
	Text string `env:"DESCRIBED_TEXT,required"`
}

func (*described) UnmarshalText([]byte) error { return nil }

// Structs without an env tag are read field by field, whatever methods they have.
func TestStructsThatReadThemselves(t *testing.T) {
	t.Parallel()
	type config struct {
		D described
		T time.Time
	}
	_, err := load[config]()
	require.ErrorContains(t, err, "DESCRIBED_TEXT: required, but not set")
	type bad struct {
		A string `env:" AAA"`
	}
	_, err = load[bad]()
	require.ErrorContains(t, err, "the name in the tag env of A has a blank at its beginning or end")
	name, _, _, ok := envcfg.ParseTag("env:\"AAA\"\ndefault:\"x\"")
	require.False(t, ok, "reflect does not see what is behind the line end of %s", name)
}

// Numbers that are none are refused.
func TestNumbersThatAreNone(t *testing.T) {
	t.Parallel()
	type config struct {
		F   float64 `env:"FF"`
		U   uint    `env:"UU" check:"max=0"`
		Min uint    `env:"UMIN" check:"min=-1"`
		K   uint    `env:"UK" check:"oneof=8000"`
	}
	_, err := load[config]("UU=0", "UMIN=0", "UK=8_000")
	require.NoError(t, err)
	for _, pair := range []string{"FF=Inf", "FF=-inf", "FF=NaN", "UU=1", "UU=8_", "UU=_8", fmt.Sprint("FF=1e", math.MaxInt16)} {
		_, err := load[config](pair)
		require.Error(t, err, pair)
	}
}

// A secret mounted as a file of exactly the largest size is read, one byte more is too much.
func TestSizeOfSecretFiles(t *testing.T) {
	t.Parallel()
	type config struct {
		Key envcfg.Secret `env:"API_KEY"`
	}
	dir := files(t, map[string]string{"most": strings.Repeat("x", 64<<10), "more": strings.Repeat("x", 64<<10+1), ".hidden": "h"})
	c, err := load[config]("API_KEY_FILE=" + filepath.Join(dir, "most"))
	require.NoError(t, err)
	require.Len(t, c.Key.Reveal(), 64<<10)
	_, err = load[config]("API_KEY_FILE=" + filepath.Join(dir, "more"))
	require.ErrorContains(t, err, "larger than 65536 bytes")
	type hidden struct {
		Key envcfg.Secret `env:".hidden"`
	}
	h, err := envcfg.Load[hidden](envcfg.Options{Environ: []string{}, Files: []string{}, SecretDirs: []string{dir}})
	require.NoError(t, err)
	require.True(t, h.Key.IsZero(), "a name that begins with a dot is no secret's")

	require.NoError(t, os.Mkdir(filepath.Join(dir, "API_KEY"), 0o700))
	type twice struct {
		A, B envcfg.Secret `env:"API_KEY"`
	}
	_, err = envcfg.Load[twice](envcfg.Options{Environ: []string{}, Files: []string{}, SecretDirs: []string{dir}})
	require.Equal(t, 1, strings.Count(err.Error(), "cannot be read"), err.Error())
}

// References within references end somewhere.
func TestNestingOfDefaults(t *testing.T) {
	t.Parallel()
	nested := func(depth int) string {
		return "A=" + strings.Repeat("${X:-", depth) + "end" + strings.Repeat("}", depth)
	}
	entries, err := envcfg.ParseDotenv(nested(9), envcfg.Portable, nil)
	require.NoError(t, err)
	require.Equal(t, "end", entries[0].Value.Reveal())
	_, err = envcfg.ParseDotenv(nested(10), envcfg.Portable, nil)
	require.ErrorContains(t, err, "nested too deeply")
}
