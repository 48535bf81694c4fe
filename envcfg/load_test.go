package envcfg_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/envcfg"
)

// level is a type of the application that reads text.
type level int

func (l *level) UnmarshalText(text []byte) error {
	switch string(text) {
	case "low":
		*l = 1
	case "high":
		*l = 2
	default:
		return fmt.Errorf("level %q", text)
	}
	return nil
}

// celsius is a type that only a parser of Options knows.
type celsius struct{ degrees float64 }

type everything struct {
	S     string            `env:"FUZZ_S"`
	B     bool              `env:"FUZZ_B"`
	I     int               `env:"FUZZ_I"`
	I8    int8              `env:"FUZZ_I8"`
	U     uint16            `env:"FUZZ_U"`
	F     float64           `env:"FUZZ_F"`
	D     time.Duration     `env:"FUZZ_D"`
	DS    time.Duration     `env:"FUZZ_DS" unit:"s"`
	Size  envcfg.Bytes      `env:"FUZZ_SIZE"`
	Num   int64             `env:"FUZZ_NUM" unit:"bytes"`
	URL   *url.URL          `env:"FUZZ_URL"`
	Net   netip.Prefix      `env:"FUZZ_NET"`
	Zone  *time.Location    `env:"FUZZ_ZONE"`
	List  []string          `env:"FUZZ_LIST"`
	Ints  []int             `env:"FUZZ_INTS" separator:";"`
	Map   map[string]int    `env:"FUZZ_MAP"`
	JSON  struct{ A []int } `env:"FUZZ_JSON,json"`
	Bytes []byte            `env:"FUZZ_BYTES" unit:"base64"`
	Hex   []byte            `env:"FUZZ_HEX" unit:"hex"`
	P     *int              `env:"FUZZ_P"`
	Level level             `env:"FUZZ_LEVEL"`
	Slog  slog.Level        `env:"FUZZ_SLOG"`
	Re    *regexp.Regexp    `env:"FUZZ_RE"`
	At    time.Time         `env:"FUZZ_AT"`
	Temp  celsius           `env:"FUZZ_TEMP"`
	Temps []celsius         `env:"FUZZ_TEMPS"`
}

var celsiusParser = envcfg.Parser(func(text string) (celsius, error) {
	var c celsius
	_, err := fmt.Sscanf(text, "%f°C", &c.degrees)
	return c, err
})

// load loads T from pairs and nothing else.
func load[T any](pairs ...string) (T, error) {
	return envcfg.Load[T](envcfg.Options{Environ: pairs, Files: []string{}, Parsers: []envcfg.TypeParser{celsiusParser}})
}

// explain is envcfg.Explain into a new T.
func explain[T any](o envcfg.Options) (T, *envcfg.Report, error) {
	var t T
	r, err := envcfg.Explain(&t, o)
	return t, r, err
}

func TestTypes(t *testing.T) {
	t.Parallel()
	c, err := load[everything](
		"FUZZ_S=text", "FUZZ_B= Yes", "FUZZ_I=1_000", "FUZZ_I8=-128", "FUZZ_U=65535", "FUZZ_F=0.75", "FUZZ_D=1h30m", "FUZZ_DS=45",
		"FUZZ_SIZE=10MiB", "FUZZ_NUM=5MB", "FUZZ_URL=https://user:pass@host:8443/path?q=1", "FUZZ_NET=10.0.0.0/8", "FUZZ_ZONE=Europe/Berlin",
		"FUZZ_LIST= a, b,,c ", "FUZZ_INTS=1; 2", "FUZZ_MAP=a=1, b=2", `FUZZ_JSON={"A":[1,2]}`, "FUZZ_BYTES=aGk", "FUZZ_HEX=6869",
		"FUZZ_P=7", "FUZZ_LEVEL=high", "FUZZ_SLOG=warn+1", "FUZZ_RE=^a+$", "FUZZ_AT=2026-01-31T12:00:00Z", "FUZZ_TEMP=21.5°C", "FUZZ_TEMPS=1°C,2°C",
	)
	require.NoError(t, err)
	require.Equal(t, "text", c.S)
	require.True(t, c.B)
	require.Equal(t, 1000, c.I)
	require.Equal(t, int8(-128), c.I8)
	require.Equal(t, uint16(65535), c.U)
	require.InDelta(t, 0.75, c.F, 0)
	require.Equal(t, 90*time.Minute, c.D)
	require.Equal(t, 45*time.Second, c.DS)
	require.Equal(t, envcfg.Bytes(10<<20), c.Size)
	require.Equal(t, int64(5_000_000), c.Num)
	require.Equal(t, "host:8443", c.URL.Host)
	require.Equal(t, netip.MustParsePrefix("10.0.0.0/8"), c.Net)
	require.Equal(t, "Europe/Berlin", c.Zone.String())
	require.Equal(t, []string{"a", "b", "c"}, c.List)
	require.Equal(t, []int{1, 2}, c.Ints)
	require.Equal(t, map[string]int{"a": 1, "b": 2}, c.Map)
	require.Equal(t, []int{1, 2}, c.JSON.A)
	require.Equal(t, "hi", string(c.Bytes))
	require.Equal(t, "hi", string(c.Hex))
	require.Equal(t, 7, *c.P)
	require.Equal(t, level(2), c.Level)
	require.Equal(t, slog.LevelWarn+1, c.Slog)
	require.True(t, c.Re.MatchString("aaa"))
	require.Equal(t, 2026, c.At.Year())
	require.Equal(t, celsius{21.5}, c.Temp)
	require.Equal(t, []celsius{{1}, {2}}, c.Temps)
}

// Each of these is refused, with words that say what would be right.
func TestTypesRefuse(t *testing.T) {
	t.Parallel()
	for pair, want := range map[string]string{
		"FUZZ_B=ture":                `"ture" is neither true nor false: use true, yes, on, 1, false, no, off or 0 (did you mean true?)`,
		"FUZZ_I=12.5":                `"12.5" is not a whole number, like 20`,
		"FUZZ_I=_1":                  "not a whole number",
		"FUZZ_I8=200":                "is out of range: use a whole number between -128 and 127",
		"FUZZ_U=-1":                  "not a whole number",
		"FUZZ_U=65536":               "between 0 and 65535",
		"FUZZ_F=NaN":                 "is not a number, like 0.75",
		"FUZZ_D=30":                  `"30" has no unit: write it like 30s, 5m or 1h30m`,
		"FUZZ_D=soon":                "is not a duration, like 30s, 5m, 1h30m or 7d",
		"FUZZ_DS=1e300":              "is too long",
		"FUZZ_SIZE=10 apples":        "is not a size, like 10MB, 512KiB or 1048576",
		"FUZZ_SIZE=9999PB":           "is too large",
		"FUZZ_URL=/path":             "is not a complete URL, like https://host/path",
		"FUZZ_NET=10.0.0.0/99":       "is not a range of IP addresses, like 10.0.0.0/8",
		"FUZZ_ZONE=Mars/Olympus":     "is no time zone, like Europe/Berlin or UTC",
		"FUZZ_INTS=1;x":              "has a wrong element 2, which is not a whole number, like 20",
		"FUZZ_MAP=a=1,b":             "is no list of pairs, like a=1, b=2, and no JSON object",
		"FUZZ_MAP=a=1,a=2":           "has the same key twice",
		"FUZZ_MAP=a=x":               "has a wrong value, which is not a whole number",
		`FUZZ_JSON={"A":"x"}`:        "does not fit at A: a []int is expected",
		`FUZZ_JSON={"A":`:            "is not JSON: wrong at character 5",
		"FUZZ_BYTES=!":               "is not base64",
		"FUZZ_HEX=xyz":               "is not hex",
		"FUZZ_LEVEL=medium":          "is not a valid envcfg_test.level",
		"FUZZ_SLOG=LOUD":             "is not a level: DEBUG, INFO, WARN or ERROR",
		"FUZZ_AT=yesterday":          "is not a time as in RFC 3339, like 2026-01-31T12:00:00Z",
		"FUZZ_TEMP=hot":              "is not valid",
		"FUZZ_P=tcp://10.0.0.1:5432": "it looks like one of Kubernetes' service links: set enableServiceLinks to false in the pod",
	} {
		c, err := load[everything](pair)
		require.ErrorContains(t, err, want, pair)
		require.ErrorContains(t, err, "process environment", pair)
		require.Equal(t, everything{}, c, pair)
	}
}

func TestDurations(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"1h30m": 90 * time.Minute, "7d": 7 * 24 * time.Hour, "2w": 14 * 24 * time.Hour, "1.5": 1500 * time.Millisecond, "0": 0,
		"-1": -1, "off": -1, "None": -1, "1_000": 1000 * time.Second,
	} {
		c, err := load[everything]("FUZZ_DS=" + text)
		require.NoError(t, err, text)
		require.Equal(t, want, c.DS, text)
		c, err = load[everything]("FUZZ_DS= " + text + "\t")
		require.NoError(t, err, text)
		require.Equal(t, want, c.DS, "blanks around %s", text)
	}
}

func TestSizes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]envcfg.Bytes{
		"0": 0, "1048576": 1 << 20, "10MB": 10_000_000, "10mb": 10_000_000, "10 MiB": 10 << 20, "10M": 10 << 20, "1.5GiB": 3 << 29, "512k": 512 << 10, "7B": 7,
	} {
		c, err := load[everything]("FUZZ_SIZE=" + text)
		require.NoError(t, err, text)
		require.Equal(t, want, c.Size, text)
		back, err := json.Marshal(c.Size)
		require.NoError(t, err)
		var again envcfg.Bytes
		require.NoError(t, json.Unmarshal(back, &again))
		require.Equal(t, want, again)
	}
	require.Equal(t, "10MiB", envcfg.Bytes(10<<20).String())
	require.Equal(t, "1500B", envcfg.Bytes(1500).String())
	var b envcfg.Bytes
	require.ErrorContains(t, b.UnmarshalText([]byte("x")), "is not a size")
}

// files writes files into a directory and returns it.
func files(t *testing.T, contents map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range contents {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	return dir
}

// in makes the usual names of files relative to a directory.
func in(dir string) []string {
	return []string{filepath.Join(dir, ".env"), filepath.Join(dir, ".env.${ENVIRONMENT}")}
}

type layered struct {
	Environment string `env:"ENVIRONMENT,safe"`
	A           string `env:"A,safe" default:"default"`
	B           string `env:"B,safe" default:"default"`
	C           string `env:"C,safe" default:"default" default.staging:"staging's default"`
	PoolSize    int    `env:"DB_POOL_SIZE" default:"99"`
	D           string `env:"D,safe" default:"default"`
	Empty       string `env:"EMPTY_ONE,empty,safe" default:"default"`
}

func TestLayers(t *testing.T) {
	t.Parallel()
	dir := files(t, map[string]string{
		".env":         "ENVIRONMENT=staging\nA=.env\nB=.env\nC_UNUSED=x\nD=.env\nE=${A} and ${P}",
		".env.staging": "# comment\nB=.env.staging",
	})
	o := envcfg.Options{Environ: []string{"A=process", "D=", "EMPTY_ONE=", "P=process"}, Files: in(dir)}
	c, report, err := explain[layered](o)
	require.NoError(t, err)
	require.Equal(t, layered{
		Environment: "staging", A: "process", B: ".env.staging", C: "staging's default", PoolSize: 10, D: "default", Empty: "",
	}, c)
	origin := func(name string) string {
		s, ok := report.Setting(name)
		require.True(t, ok)
		return strings.ReplaceAll(s.Origin.String(), dir+"/", "")
	}
	require.Equal(t, "process environment", origin("A"))
	require.Equal(t, ".env.staging:2", origin("B"))
	require.Equal(t, "default", origin("C"))
	require.Equal(t, "profile staging", origin("DB_POOL_SIZE"))
	require.Equal(t, ".env:1", origin("ENVIRONMENT"))
	require.Equal(t, "default", origin("D"))

	o.Environ = append(o.Environ, "ENVIRONMENT=production")
	c, err = envcfg.Load[layered](o)
	require.NoError(t, err)
	require.Equal(t, "production", c.Environment)
	require.Equal(t, 20, c.PoolSize)
	require.Equal(t, ".env", c.B)

	o.Environment = "testing"
	c, err = envcfg.Load[layered](o)
	require.NoError(t, err)
	require.Equal(t, 2, c.PoolSize)
	require.Equal(t, "default", c.C)
}

func TestUnknownEnvironment(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"prod":      `"prod" is no known environment: use development, testing, staging or production (did you mean production?)`,
		"prodution": "did you mean production?",
		"Staging":   "did you mean staging?",
		"qa":        "use development, testing, staging or production",
		"../../etc": "is no known environment",
	} {
		_, err := envcfg.Load[layered](envcfg.Options{Environ: []string{"ENVIRONMENT=" + name}})
		require.ErrorContains(t, err, want)
	}
	c, err := envcfg.Load[layered](envcfg.Options{
		Environ: []string{"ENVIRONMENT=qa"}, Files: []string{}, Profiles: map[string]map[string]string{"qa": {"DB_POOL_SIZE": "3"}},
	})
	require.NoError(t, err)
	require.Equal(t, 3, c.PoolSize)
}

// The standard profiles are the reference's.
func TestStandardProfiles(t *testing.T) {
	t.Parallel()
	p := envcfg.StandardProfiles()
	require.Equal(t, map[string]map[string]string{
		"development": {"DEBUG": "true", "TESTING": "false", "LOG_LEVEL": "DEBUG", "DB_POOL_SIZE": "5", "DB_MAX_OVERFLOW": "10", "CACHE_TTL": "3600", "RATE_LIMIT": "1000"},
		"testing":     {"DEBUG": "false", "TESTING": "true", "LOG_LEVEL": "WARNING", "DB_POOL_SIZE": "2", "DB_MAX_OVERFLOW": "5", "CACHE_TTL": "3600", "RATE_LIMIT": "1000"},
		"staging":     {"DEBUG": "false", "TESTING": "false", "LOG_LEVEL": "INFO", "DB_POOL_SIZE": "10", "DB_MAX_OVERFLOW": "20", "CACHE_TTL": "3600", "RATE_LIMIT": "1000"},
		"production":  {"DEBUG": "false", "TESTING": "false", "LOG_LEVEL": "WARNING", "DB_POOL_SIZE": "20", "DB_MAX_OVERFLOW": "30", "CACHE_TTL": "3600", "RATE_LIMIT": "1000"},
	}, p)
	p["production"]["DEBUG"] = "true"
	require.Equal(t, "false", envcfg.StandardProfiles()["production"]["DEBUG"])
}

type inner struct {
	Host string `env:"HOST" default:"localhost"`
	Port int    `env:"PORT" default:"5432"`
}

type outer struct {
	inner          // embedded: no prefix
	Primary inner  `prefix:"PRIMARY_"`
	Replica *inner `prefix:"REPLICA_"`
	Nested  struct {
		Deep inner `prefix:"DEEP_"`
	} `prefix:"NESTED_"`
	Ignored  *inner // no prefix: left alone
	Func     func()
	Logger   *slog.Logger
	Time     time.Time
	Skipped  string `env:"-"`
	internal string //nolint:unused // unexported fields are left alone
}

func TestNesting(t *testing.T) {
	t.Parallel()
	c, err := load[outer]("HOST=a", "PRIMARY_HOST=b", "NESTED_DEEP_PORT=7")
	require.NoError(t, err)
	require.Equal(t, "a", c.Host)
	require.Equal(t, "b", c.Primary.Host)
	require.Equal(t, 7, c.Nested.Deep.Port)
	require.Nil(t, c.Replica, "none of its variables is set")
	require.Nil(t, c.Ignored)

	c, err = load[outer]("REPLICA_PORT=5433")
	require.NoError(t, err)
	require.Equal(t, &inner{Host: "localhost", Port: 5433}, c.Replica)

	_, err = load[outer]("REPLICA_PORT=x")
	require.ErrorContains(t, err, "REPLICA_PORT")
}

func TestFillKeepsValues(t *testing.T) {
	t.Parallel()
	type config struct {
		A       string        `env:"A"`
		B       int           `env:"B" default:"2"`
		Timeout time.Duration `env:"TIMEOUT"`
		Sub     *inner        `prefix:"SUB_"`
	}
	c := config{A: "mine", B: 1, Timeout: time.Second, Sub: &inner{Host: "kept"}}
	before := c
	o := envcfg.Options{Environ: []string{"TIMEOUT=x", "A=theirs"}, Files: []string{}}
	require.Error(t, envcfg.Fill(&c, o))
	require.Equal(t, before, c, "nothing half-done")

	o.Environ = []string{"TIMEOUT=2s"}
	require.NoError(t, envcfg.Fill(&c, o))
	require.Equal(t, "mine", c.A)
	require.Equal(t, 2, c.B)
	require.Equal(t, 2*time.Second, c.Timeout)
	require.Equal(t, "localhost", c.Sub.Host, "its default")
}

func TestNotAStruct(t *testing.T) {
	t.Parallel()
	_, err := load[int]()
	require.ErrorContains(t, err, "only a struct can be filled, not int")
	_, report, err := explain[map[string]int](envcfg.Options{})
	require.Error(t, err)
	require.NotNil(t, report)
}

type ruled struct {
	Min int    `env:"MIN_CONNS"`
	Max int    `env:"MAX_CONNS"`
	Key string `env:"API_KEY"`
}

func (r ruled) Validate() error {
	var errs []error
	if r.Min > r.Max {
		errs = append(errs, fmt.Errorf("Min is %d: must not be more than Max", r.Min), errBoth)
	}
	if r.Key != "" {
		errs = append(errs, errors.New("key "+r.Key+" is not allowed"))
	}
	return errors.Join(errs...)
}

var errBoth = errors.New("the sizes do not fit together")

// A rule's error that begins with a field's name is reported as that variable's; a secret in it is taken out.
func TestRulesOverFields(t *testing.T) {
	t.Parallel()
	type config struct {
		Pool ruled `prefix:"P_"`
	}
	_, err := load[config]("P_MIN_CONNS=3", "P_MAX_CONNS=2", "P_API_KEY=hunter22")
	e, ok := errors.AsType[*envcfg.Error](err)
	require.True(t, ok)
	require.Len(t, e.Problems, 3)
	require.Equal(t, "P_MIN_CONNS", e.Problems[0].Name)
	require.Equal(t, "Pool.Min", e.Problems[0].Field)
	require.ErrorIs(t, err, errBoth)
	require.ErrorContains(t, err, "key [redacted] is not allowed")

	_, err = load[config]("P_MIN_CONNS=x", "P_MAX_CONNS=2")
	require.NotContains(t, err.Error(), "fit together", "rules are for structs whose fields are right")
}
