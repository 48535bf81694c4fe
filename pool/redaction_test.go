package pool_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/internal/pgtest"
	"github.com/prodwright/prodwright/pool"
)

// secretAlphabet has every character that some encoding on the way treats specially.
const secretAlphabet = `abcXYZ019 '"\%+&=?#/:@,;[]{}<>$^|~!*()-_.` + "\t\n" + `äß漢🔑`

func randomSecret(r *rand.Rand) string {
	runes := []rune(secretAlphabet)
	b := make([]rune, 12+r.IntN(20))
	for i := range b {
		b[i] = runes[r.IntN(len(runes))]
	}
	return string(b)
}

// spellings returns every form in which a text might carry the secret.
func spellings(secret string) []string {
	inJSON, _ := json.Marshal(secret)
	user := url.UserPassword("", secret).String()
	return []string{
		secret, url.QueryEscape(secret), url.PathEscape(secret), user[1:], strings.ReplaceAll(url.QueryEscape(secret), "+", "%20"),
		strings.Trim(strconv.Quote(secret), `"`), strings.Trim(string(inJSON), `"`), strings.Trim(strconv.QuoteToASCII(secret), `"`),
		fmt.Sprintf("%x", secret), fmt.Sprint([]byte(secret)), strings.ReplaceAll(secret, "'", "''"), //nolint:staticcheck // the numbers
		strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(secret), strings.Join(strings.Fields(secret), " "),
	}
}

// renderings returns every text that a value turns into.
func renderings(v any) []string {
	log := &logBuffer{}
	for _, logger := range []*slog.Logger{log.logger(), slog.New(slog.NewJSONHandler(log, nil))} {
		logger.Info("x", "v", v)
	}
	texts := []string{log.String()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		texts = append(texts, fmt.Sprintf(verb, v))
	}
	if text, err := json.Marshal(v); err == nil {
		texts = append(texts, string(text))
	}
	return texts
}

// chain returns err and all errors that it wraps.
func chain(err error) (errs []any) {
	if err == nil {
		return nil
	}
	errs = append(errs, err)
	switch e := err.(type) { //nolint:errorlint // walks the chain itself
	case interface{ Unwrap() error }:
		errs = append(errs, chain(e.Unwrap())...)
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			errs = append(errs, chain(inner)...)
		}
	}
	return errs
}

// No public value and no log line shows a password, whatever it consists of and whatever fails.
func TestPasswordsAreNeverShown(t *testing.T) {
	t.Parallel()
	server := pgtest.New(t, pgtest.Config{SCRAM: true, Password: "admin"})
	require.NoError(t, server.Exec(t.Context(), "postgres", "create role app login"))
	closed := listen(t, server.Addr())
	closed.Refuse()
	silent := listen(t, server.Addr())
	silent.ResetAfter(0)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	rounds := 10
	if testing.Short() {
		rounds = 2
	}
	for range rounds {
		secret := randomSecret(r)
		checkSecret(t, server, closed.Addr(), silent.Addr(), secret)
		if t.Failed() {
			return
		}
	}
}

// A password that pgx finds by itself is not shown by the raw pool's configuration, and neither is a key's passphrase.
func TestRawConfigHoldsNoSecret(t *testing.T) {
	server := pgtest.New(t, pgtest.Config{SCRAM: true, Password: "hunter2hunter2"})
	dir, without := t.TempDir(), "postgres://postgres@"+server.Addr()+"/postgres?sslmode=disable"
	for name, tc := range map[string]struct {
		url, variable, file string
		configure           func(*pgxpool.Config) error
	}{
		"environment":   {url: without, variable: "PGPASSWORD"},
		"password file": {url: without, variable: "PGPASSFILE", file: "*:*:*:*:hunter2hunter2\n"},
		"service file":  {url: without + "&service=s", variable: "PGSERVICEFILE", file: "[s]\npassword=hunter2hunter2\n"},
		"Configure":     {url: without, configure: func(c *pgxpool.Config) error { c.ConnConfig.Password = "hunter2hunter2"; return nil }},
		"sslpassword":   {url: server.URL("postgres") + "&sslpassword=hunter2hunter2"},
	} {
		t.Run(name, func(t *testing.T) {
			value := "hunter2hunter2"
			if tc.file != "" {
				value = filepath.Join(dir, tc.variable)
				require.NoError(t, os.WriteFile(value, []byte(tc.file), 0o600))
			}
			if tc.variable != "" {
				t.Setenv(tc.variable, value)
			}
			p := open(t, pool.Config{URL: pool.NewSecret(tc.url), Configure: tc.configure})
			require.NoError(t, p.Check(t.Context()))
			cc := p.Raw().Config().ConnConfig
			require.NotContains(t, fmt.Sprintf("%+v %s", cc.Config, cc.ConnString()), "hunter2")
		})
	}
}

func checkSecret(t *testing.T, server *pgtest.Server, refused, reset, secret string) {
	t.Helper()
	ctx := t.Context()
	log := &logBuffer{}
	var shown []any
	collect := func(values ...any) { shown = append(shown, values...) }

	fields := pool.Config{
		Host: server.Host(), Port: server.Port(), User: "app", Database: "postgres", SSLMode: "disable",
		Password: pool.NewSecret(secret), StartTimeout: -1, ConnectTimeout: hang, Logger: log.logger(), Echo: true, EchoPool: true,
		Environment: "production", LeakThreshold: 20 * time.Millisecond, LeakSampleEvery: 1, AcquireTimeout: 10 * time.Millisecond,
		Size: 1, MaxOverflow: -1,
	}
	good := url.URL{
		Scheme: "postgres", User: url.UserPassword("app", secret), Host: server.Addr(), Path: "/postgres",
		RawQuery: "sslmode=disable",
	}
	withURL := fields
	withURL.Password, withURL.URL = pool.Secret{}, pool.NewSecret(good.String())
	inQuery := fields
	inQuery.Password = pool.Secret{}
	inQuery.URL = pool.NewSecret(fmt.Sprintf("postgres://app@%s/postgres?sslmode=disable&password=%s",
		server.Addr(), strings.ReplaceAll(url.QueryEscape(secret), "+", "%20")))

	// Failures to start: the server does not know the password yet.
	require.NoError(t, server.Exec(ctx, "postgres", "alter role app password 'another'"))
	change := func(c pool.Config, f func(*pool.Config)) pool.Config { f(&c); return c }
	for name, c := range map[string]pool.Config{
		"wrong password":     fields,
		"wrong in the URL":   withURL,
		"wrong in the query": inQuery,
		"refused":            change(fields, func(c *pool.Config) { c.URL, c.Host = pool.Secret{}, refused }),
		"reset":              change(fields, func(c *pool.Config) { c.URL, c.Host = pool.Secret{}, reset }),
		"DNS":                change(fields, func(c *pool.Config) { c.Host = "db.invalid" }),
		"no TLS":             change(fields, func(c *pool.Config) { c.SSLMode = "require" }),
		"no CA":              change(fields, func(c *pool.Config) { c.SSLMode, c.SSLRootCert = "verify-full", "/absent" }),
		"bad fields":         change(fields, func(c *pool.Config) { c.Size, c.Port, c.SSLMode = -3, -3, "never" }),
		"NUL":                change(fields, func(c *pool.Config) { c.Password = pool.NewSecret(c.Password.Reveal() + "\x00") }),
		"not escaped":        change(withURL, func(c *pool.Config) { c.URL = pool.NewSecret("postgres://app:" + secret + "@db:5432/x") }),
		"another scheme":     change(withURL, func(c *pool.Config) { c.URL = pool.NewSecret("mysql" + good.String()[8:]) }),
		"a bad port": change(withURL, func(c *pool.Config) {
			c.URL = pool.NewSecret(strings.Replace(good.String(), server.Addr(), "db:99999", 1))
		}),
		"a bad query":     change(withURL, func(c *pool.Config) { c.URL = pool.NewSecret(c.URL.Reveal() + "&%zz") }),
		"a bad parameter": change(withURL, func(c *pool.Config) { c.URL = pool.NewSecret(c.URL.Reveal() + "&connect_timeout=soon") }),
		"a key with a secret": change(withURL, func(c *pool.Config) {
			c.URL = pool.NewSecret(c.URL.Reveal() + "&sslpassword=" + url.QueryEscape(secret) + "&sslcert=/absent&sslkey=/absent")
		}),
		"password source": change(fields, func(c *pool.Config) {
			c.PasswordFunc = func(context.Context) (pool.Secret, error) { return pool.NewSecret(secret), nil }
		}),
		"password source down": change(fields, func(c *pool.Config) {
			c.PasswordFunc = func(context.Context) (pool.Secret, error) { return pool.NewSecret(secret), errors.New("sealed") }
		}),
	} {
		short, cancel := context.WithTimeout(ctx, hang)
		p, err := pool.New(short, c)
		cancel()
		require.Error(t, err, name)
		require.Nil(t, p, name)
		collect(chain(err)...)
		dsn, err := c.DSN()
		collect(c, &c, dsn, struct{ inner pool.Config }{c}, struct{ inner pool.Secret }{dsn})
		collect(chain(err)...)
	}

	// A pool that works, and everything that can go wrong with it.
	require.NoError(t, server.Exec(ctx, "postgres", "alter role app password '"+strings.ReplaceAll(secret, "'", "''")+"'"))
	for _, c := range []pool.Config{fields, withURL, inQuery} {
		leaks := make(chan pool.Holder, 1)
		c.OnLeak = func(h pool.Holder) { leaks <- h }
		c.AcquireTimeout = hang
		p, err := pool.New(ctx, c)
		require.NoError(t, err)
		held, err := p.Acquire(ctx)
		require.NoError(t, err)
		short, cancel := context.WithTimeout(ctx, time.Millisecond)
		_, err = p.Acquire(short)
		require.Error(t, err)
		collect(chain(err)...)
		collect(<-leaks)
		err = p.Close(short)
		cancel()
		require.Error(t, err)
		collect(chain(err)...)
		collect(p, p.Stats(), p.Warnings(), p.Holders(), p.Raw().Config().ConnString(), p.Raw().Config().ConnConfig)
		held.Release()
		closePool(t, p)
	}
	collect(log.String())

	for _, v := range shown {
		for _, text := range renderings(v) {
			for _, spelling := range spellings(secret) {
				require.NotContains(t, text, spelling, "a %T shows the password %q", v, secret)
			}
		}
	}
}
