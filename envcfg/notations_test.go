package envcfg_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/envcfg"
)

// token is a secret that can be the key of a map.
type token string

func (t token) Reveal() string { return string(t) }

// indiscreet has a rule that repeats whatever it likes.
type indiscreet struct {
	DSN    string            `env:"MYSQL_DSN"`
	Other  string            `env:"OTHER_SETTINGS"`
	URL    url.URL           `env:"DATABASE_URL"`
	Repo   string            `env:"REPO_URL,safe"`
	Key    []byte            `env:"MASTER_KEY" unit:"hex"`
	Pin    int               `env:"PIN"`
	Creds  map[string]any    `env:"CREDS,secret,json"`
	Tokens map[string]string `env:"API_TOKENS"`
	Old    envcfg.Secret     `env:"NEW_KEY" deprecated:"OLD_KEY"`
	Auth   url.URL           `env:"AUTH_URL"`
	Names  map[token]int     `env:"NAMES"`
	say    func(*indiscreet) string
}

func (i *indiscreet) Validate() error {
	if i.say == nil {
		return nil
	}
	return errors.New(i.say(i))
}

// Passwords are found in the notations of drivers, and hidden in the ways in which programs write them.
func TestNotationsOfSecrets(t *testing.T) {
	t.Parallel()
	const password = "hunter+2%<ü>'s pw"
	inURL := url.UserPassword("u", password).String()
	for name, c := range map[string]struct {
		pair string
		say  func(*indiscreet) string
	}{
		"mysql":              {"MYSQL_DSN=root:hunter2hunter2@tcp(db:3306)/x", func(*indiscreet) string { return "hunter2hunter2" }},
		"user@host":          {"OTHER_SETTINGS=root:h2@hunter2@db", func(*indiscreet) string { return "is h2@hunter2 right?" }},
		"quoted setting":     {"OTHER_SETTINGS=host=h password='hunter2 pw' x=y", func(*indiscreet) string { return "is hunter2 pw right?" }},
		"blanks around":      {"OTHER_SETTINGS=host=h password = hunter2pw x=y", func(*indiscreet) string { return "is hunter2pw right?" }},
		"comma inside":       {"OTHER_SETTINGS=host=h password=ab,hunter2", func(*indiscreet) string { return "is ab,hunter2 right?" }},
		"after an empty one": {"OTHER_SETTINGS=token= password=hunter2", func(*indiscreet) string { return "is hunter2 right?" }},
		"on another line":    {"OTHER_SETTINGS=API_KEY=\nPASSWORD=hunter2", func(*indiscreet) string { return "is hunter2 right?" }},
		"brackets":           {"OTHER_SETTINGS=db[password]=hunter2", func(*indiscreet) string { return "is hunter2 right?" }},
		"escaped brackets":   {"OTHER_SETTINGS=?db%5Bpassword%5D=hunter2", func(*indiscreet) string { return "is hunter2 right?" }},
		"star":               {"OTHER_SETTINGS=password*=hunter2", func(*indiscreet) string { return "is hunter2 right?" }},
		"nested, in json":    {`OTHER_SETTINGS={"auth": {"password": "hunter2"}}`, func(*indiscreet) string { return "is hunter2 right?" }},
		"nested, in yaml":    {"OTHER_SETTINGS=auth:\n  password: hunter2", func(*indiscreet) string { return "is hunter2 right?" }},
		"list, in json":      {`OTHER_SETTINGS={"passwords": ["a", "hunter2"]}`, func(*indiscreet) string { return "is hunter2 right?" }},
		"list, in yaml":      {"OTHER_SETTINGS=passwords: [a, hunter2]", func(*indiscreet) string { return "is hunter2 right?" }},
		"braces":             {"OTHER_SETTINGS={password: hunter2}", func(*indiscreet) string { return "is hunter2 right?" }},
		"names of keys":      {"API_TOKENS=hunter2=alice", func(*indiscreet) string { return "caller hunter2 is unknown" }},
		"json slash":         {"NEW_KEY=hunter2/x", func(*indiscreet) string { return `is hunter2\/x right?` }},
		"json emoji":         {"NEW_KEY=hunter2😀", func(*indiscreet) string { return `is hunter2\ud83d\ude00 right?` }},
		"html":               {"NEW_KEY=hunter2<x", func(*indiscreet) string { return "is hunter2&lt;x right?" }},
		"short, escaped":     {"NEW_KEY=2/p w", func(*indiscreet) string { return "is 2%2Fp%20w right?" }},
		"base64, + and /":    {"NEW_KEY=hunter~~~???", func(*indiscreet) string { return base64.RawURLEncoding.EncodeToString([]byte("hunter~~~???")) }},
		"base64, short":      {"NEW_KEY=h2pw", func(*indiscreet) string { return "is aDJwdw right?" }},
		"redis":              {"OTHER_SETTINGS=host:6379,password=hunter2pw,ssl=True", func(*indiscreet) string { return "is hunter2pw right?" }},
		"azure":              {"OTHER_SETTINGS=Name=x;AccountKey=hunter2pw;y=z", func(*indiscreet) string { return "is hunter2pw right?" }},
		"json":               {`OTHER_SETTINGS={"password": "h2\"hunter2"}`, func(*indiscreet) string { return `is h2\"hunter2 right?` }},
		"plus":               {"OTHER_SETTINGS=password=hunter2+pw", func(*indiscreet) string { return "is hunter2 pw right?" }},
		"keys of a map":      {"NAMES=hunter2=1", func(*indiscreet) string { return "is hunter2 right?" }},
		"yaml":               {"OTHER_SETTINGS=password: hunter2pw", func(*indiscreet) string { return "is hunter2pw right?" }},
		"url, as it is":      {"DATABASE_URL=postgres://" + inURL + "@h/x", func(i *indiscreet) string { return i.URL.String() }},
		"url, decoded":       {"DATABASE_URL=postgres://" + inURL + "@h/x", func(*indiscreet) string { return password }},
		"url, other escapes": {"DATABASE_URL=postgres://u:pa$s%3aw%40rd@h/db", func(i *indiscreet) string { return i.URL.String() }},
		"token in a url":     {"REPO_URL=https://ghp_hunter2@github.com/x", func(i *indiscreet) string { return "cannot clone " + i.Repo }},
		"hexadecimal":        {"MASTER_KEY=DEADBEEFDEADBEEF", func(i *indiscreet) string { return fmt.Sprintf("%x", i.Key) }},
		"HEXADECIMAL":        {"MASTER_KEY=deadbeefdeadbeef", func(i *indiscreet) string { return fmt.Sprintf("%X", i.Key) }},
		"bytes":              {"MASTER_KEY=deadbeefdeadbeef", func(i *indiscreet) string { return fmt.Sprintf("a %d", i.Key) }},
		"base64":             {"NEW_KEY=" + password, func(*indiscreet) string { return base64.StdEncoding.EncodeToString([]byte(password)) }},
		"base64 for URLs":    {"NEW_KEY=" + password, func(*indiscreet) string { return base64.RawURLEncoding.EncodeToString([]byte(password)) }},
		"hex of a text":      {"NEW_KEY=" + password, func(*indiscreet) string { return hex.EncodeToString([]byte(password)) }},
		"a number":           {"PIN=12_345_678", func(i *indiscreet) string { return fmt.Sprint("PIN ", i.Pin) }},
		"nested json":        {`CREDS={"a": ["hunter2pw"]}`, func(*indiscreet) string { return "is hunter2pw right?" }},
		"json escapes":       {"NEW_KEY=" + password, func(*indiscreet) string { b, _ := json.Marshal(password); return string(b) }},
		"ascii only":         {"NEW_KEY=" + password, func(*indiscreet) string { return fmt.Sprintf("%+q", password) }},
		"another case":       {"NEW_KEY=" + password, func(*indiscreet) string { return strings.ToUpper(password) }},
		"query":              {"NEW_KEY=" + password, func(*indiscreet) string { return url.Values{"x": {password}}.Encode() }},
		"lower escapes":      {"NEW_KEY=" + password, func(*indiscreet) string { return strings.ToLower(url.QueryEscape(password)) }},
		"an old name":        {"OLD_KEY=hunter2pw", func(*indiscreet) string { return "is hunter2pw right?" }},
		"an element":         {"API_TOKENS=alice=hunter2pw", func(*indiscreet) string { return "is hunter2pw right?" }},
		"blanks":             {"NEW_KEY= hunter2pw ", func(*indiscreet) string { return "is (hunter2pw) right?" }},
		"six, in capitals":   {"NEW_KEY=hunter", func(*indiscreet) string { return "is HUNTER right?" }},
		"hex, in capitals":   {"NEW_KEY=" + password, func(*indiscreet) string { return strings.ToUpper(hex.EncodeToString([]byte(password))) }},
		"four bytes":         {"NEW_KEY=h2pw", func(*indiscreet) string { return "is h2pw right?" }},
	} {
		i := indiscreet{say: c.say}
		err := envcfg.Fill(&i, envcfg.Options{Environ: []string{c.pair}, Files: []string{}})
		require.Regexp(t, `\[redacted\]|is against a rule, whose text has a secret in it`, err.Error(), name)
		for _, part := range []string{"unter2", "UNTER", "unter+", "h2pw", "eadbeef", "EADBEEF", "190 239", "12345678", "aHVudGVy", "aDJwdw", "2%2F", "68756e746572", "w%40", "pa$s"} {
			require.NotContains(t, err.Error(), part, name)
		}
	}
	i := indiscreet{say: func(*indiscreet) string { return "https, example.com, 8080 and 123 are no secrets, nor is 0" }}
	err := envcfg.Fill(&i, envcfg.Options{Environ: []string{"AUTH_URL=https://auth:8080/example.com", "MYSQL_DSN=auth:8080", "PIN=123"}, Files: []string{}})
	require.ErrorContains(t, err, "https, example.com, 8080 and 123 are no secrets, nor is 0")
}

// A secret in the words of a rule does not take the variable's name with it.
func TestWithheldRulesKeepTheirVariable(t *testing.T) {
	t.Parallel()
	i := indiscreet{say: func(*indiscreet) string { return "Old: bad value ABCDEFGH" }}
	err := envcfg.Fill(&i, envcfg.Options{Environ: []string{"NEW_KEY=abcdefgh"}, Files: []string{}})
	require.EqualError(t, err, "envcfg: invalid configuration: NEW_KEY: process environment: is against a rule, whose text has a secret in it")
}

// Overlapping secrets leave nothing of either.
func TestOverlappingSecrets(t *testing.T) {
	t.Parallel()
	i := indiscreet{say: func(*indiscreet) string { return "<abcdefghijk> and <abcd> and <abcdefX> of medium.com/" }}
	err := envcfg.Fill(&i, envcfg.Options{Environ: []string{"NEW_KEY=abcdef", "API_TOKENS=x=defghijk,y=abcd,z=redacted", "REPO_URL=http://medium.com/@me"}, Files: []string{}})
	require.ErrorContains(t, err, "<[redacted]> and <[redacted]> and <[redacted]X> of medium.com/", "also when a secret is a part of what stands for one")
}

// A weaker place's value that a stronger one hides is a secret, too.
func TestHiddenValuesAreSecrets(t *testing.T) {
	t.Parallel()
	dir := files(t, map[string]string{"a.env": "NEW_KEY=hunter2weak\nOLD_KEY=hunter2old\n", "b.env": "NEW_KEY=hunter2strong\n"})
	i := indiscreet{say: func(*indiscreet) string { return "not hunter2weak, hunter2strong, hunter2old" }}
	err := envcfg.Fill(&i, envcfg.Options{Environ: []string{"NEW_KEY=x"}, Files: []string{dir + "/a.env", dir + "/b.env"}})
	require.ErrorContains(t, err, "not [redacted], [redacted], [redacted]")
}

// Large values full of settings, and many secrets, cost time in proportion to their size.
func TestRedactionIsLinear(t *testing.T) {
	t.Parallel()
	type config struct {
		Note string   `env:"NOTE"`
		Keys []string `env:"API_KEYS"`
		Port int      `env:"PORT"`
	}
	var note, keys strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&note, "key=%d&", i)
		fmt.Fprintf(&keys, "key-number-%d,", i)
	}
	begin := time.Now()
	_, report, err := explain[config](envcfg.Options{Environ: []string{"NOTE=" + note.String(), "API_KEYS=" + keys.String(), "PORT=x"}, Files: []string{}})
	require.Error(t, err)
	require.NotContains(t, report.String(), "key-number")
	t.Log(time.Since(begin)) // quadratic time was minutes
	for _, hostile := range []string{"key=", "key: [", "key='", "key", "k="} {
		_, _, err = explain[config](envcfg.Options{Environ: []string{"PORT=x", "NOTE=" + strings.Repeat(hostile, 200_000)}, Files: []string{}})
		require.Error(t, err)
	}
	t.Log(time.Since(begin))
}

// lazy reveals what somebody else knows.
type lazy struct{ know func() string }

func (l lazy) Reveal() string                { return l.know() }
func (l *lazy) UnmarshalText(b []byte) error { l.know = func() string { return string(b) }; return nil }

func TestRevealThatPanics(t *testing.T) {
	t.Parallel()
	type config struct {
		Key lazy `env:"API_KEY"`
	}
	_, report, err := explain[config](envcfg.Options{Environ: []string{}, Files: []string{}})
	require.NoError(t, err)
	require.Contains(t, report.String(), "not set")
}

// A choice, a port and the values that a type makes harmless are shown; what a display takes for a password is not.
func TestDisplayedValues(t *testing.T) {
	t.Parallel()
	type config struct {
		Text     string         `env:"TEXT,safe"`
		Location *time.Location `env:"ZONE"`
	}
	for value, want := range map[string]string{
		"host=db port=5432":                 "host=db port=5432",
		"host=db password = hunter2":        "[redacted]",
		"Name=x;AccountKey=hunter2":         "[redacted]",
		`{"user": "u", "password": "h2"}`:   "[redacted]",
		"password: hunter2":                 "[redacted]",
		"https://h/u:hunter2@x":             "[redacted]",
		"https://h/x;password=hunter2":      "[redacted]",
		"https://h/%40x":                    "[redacted]",
		"https://h/x#token=hunter2":         "https://h/x#redacted",
		"https://h/x#part":                  "https://h/x#part",
		"https://h/x?next=https://u:p@h":    "[redacted]",
		"monkeys=7, a: b":                   "monkeys=7, a: b",
		"12:30 and 14:00":                   "12:30 and 14:00",
		"https://ghp_x@github.com/x?page=2": "https://redacted@github.com/x?page=2",
	} {
		c := config{Location: time.UTC}
		report, err := envcfg.Explain(&c, envcfg.Options{Environ: []string{"TEXT=" + value}, Files: []string{}})
		require.NoError(t, err)
		s, _ := report.Setting("TEXT")
		require.Equal(t, want, s.Value, value)
		zone, _ := report.Setting("ZONE")
		require.Equal(t, "UTC", zone.Value)
	}
}

// What a field holds is known as a secret also when an earlier field was wrong.
func TestSecretsBehindAMistake(t *testing.T) {
	t.Parallel()
	type first struct {
		Port int `env:"PORT"`
	}
	type config struct {
		First  first
		Second indiscreet
		Text   string `env:"TEXT,safe"`
	}
	c := config{Second: indiscreet{say: func(i *indiscreet) string { return "the key is " + string(i.Key) }}}
	report, err := envcfg.Explain(&c, envcfg.Options{Environ: []string{"PORT=x", "MASTER_KEY=68756e74657232", "TEXT=hunter2"}, Files: []string{}})
	require.ErrorContains(t, err, "the key is [redacted]")
	require.NotContains(t, report.String()+err.Error(), "hunter2")
	c.Second.say = nil
	report, err = envcfg.Explain(&c, envcfg.Options{Environ: []string{"PORT=x", "MASTER_KEY=68756e74657232", "TEXT=hunter2"}, Files: []string{}})
	require.Error(t, err)
	require.NotContains(t, report.String()+err.Error(), "hunter2")
}

// A variable that two fields share is a secret when one of them says so, and so is a map whose keys are.
func TestSharedSecrets(t *testing.T) {
	t.Parallel()
	type config struct {
		Text  string        `env:"SAME,safe" default:"hunter2"`
		Key   envcfg.Secret `env:"SAME" default:"hunter2"`
		Names map[token]int `env:"NAMES"`
		Pin   int           `env:"PIN"`
		Tries int           `env:"TRIES"`
	}
	_, report, err := explain[config](envcfg.Options{Environ: []string{"NAMES=hunter2=1", "TRIES=0"}, Files: []string{}})
	require.NoError(t, err)
	s, _ := report.Setting("SAME")
	require.True(t, s.Secret)
	require.Empty(t, s.Default)
	require.Equal(t, "[redacted]", s.Value)
	s, _ = report.Setting("TRIES")
	require.Equal(t, "0", s.Value, "as the PIN is, by chance")
	s, _ = report.Setting("NAMES")
	require.True(t, s.Secret)
}
