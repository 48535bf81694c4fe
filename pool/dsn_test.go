package pool_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/pool"
)

func TestDSNHosts(t *testing.T) {
	t.Parallel()
	type hostPort struct {
		host string
		port uint16
	}
	for name, tc := range map[string]struct {
		cfg  pool.Config
		want []hostPort
	}{
		"default":         {pool.Config{}, []hostPort{{"localhost", 5432}}},
		"name":            {pool.Config{Host: "db", Port: 6000}, []hostPort{{"db", 6000}}},
		"several":         {pool.Config{Host: "a, b:6001 ,c", Port: 6000}, []hostPort{{"a", 6000}, {"b", 6001}, {"c", 6000}}},
		"IPv4":            {pool.Config{Host: "10.0.0.1"}, []hostPort{{"10.0.0.1", 5432}}},
		"IPv6":            {pool.Config{Host: "2001:db8::1"}, []hostPort{{"2001:db8::1", 5432}}},
		"IPv6 bracketed":  {pool.Config{Host: "[2001:db8::1]", Port: 7}, []hostPort{{"2001:db8::1", 7}}},
		"IPv6 with port":  {pool.Config{Host: "[::1]:9,::1"}, []hostPort{{"::1", 9}, {"::1", 5432}}},
		"unix socket":     {pool.Config{Host: "/var/run/postgresql"}, []hostPort{{"/var/run/postgresql", 5432}}},
		"socket and host": {pool.Config{Host: "/tmp,db"}, []hostPort{{"/tmp", 5432}, {"db", 5432}}},
		"URL":             {pool.Config{URL: pool.NewSecret("postgres://u:p@h1:1,h2:2/d"), Host: "ignored"}, []hostPort{{"h1", 1}, {"h2", 2}}},
		"URL, some ports": {pool.Config{URL: pool.NewSecret("postgres://u:p,w@h1:1,h2/d")}, []hostPort{{"h1", 1}, {"h2", 5432}}},
		"URL, no ports":   {pool.Config{URL: pool.NewSecret("postgres://h1,h2/d")}, []hostPort{{"h1", 5432}, {"h2", 5432}}},
		"URL, many IPv6":  {pool.Config{URL: pool.NewSecret("postgres://u@[::1]:1,[::1]:2/d")}, []hostPort{{"::1", 1}, {"::1", 2}}},
		"URL, overridden": {pool.Config{URL: pool.NewSecret("postgres://h1:1,h2:2/d?host=h3&port=3")}, []hostPort{{"h3", 3}}},
		"URL IPv6":        {pool.Config{URL: pool.NewSecret("postgresql://u@[::1]:3/d")}, []hostPort{{"::1", 3}}},
		"URL socket":      {pool.Config{URL: pool.NewSecret("postgres:///d?host=/tmp")}, []hostPort{{"/tmp", 5432}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.NoError(t, tc.cfg.Validate())
			parsed := parseDSN(t, tc.cfg)
			got := []hostPort{{parsed.Host, parsed.Port}}
			for _, f := range parsed.Fallbacks {
				got = append(got, hostPort{f.Host, f.Port})
			}
			require.Equal(t, tc.want, got)
		})
	}
}

// Whatever the characters of user, password and database, the driver reads back what was configured.
func TestDSNKeepsEveryCharacter(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	for range 2000 {
		cfg := pool.Config{
			Host: "h", SSLMode: "disable",
			User: randomText(rng), Password: pool.NewSecret(randomText(rng)), Database: randomText(rng),
		}
		parsed := parseDSN(t, cfg)
		require.Equal(t, cfg.User, parsed.User)
		require.Equal(t, cfg.Password.Reveal(), parsed.Password)
		require.Equal(t, cfg.Database, parsed.Database)

		dsn, err := cfg.DSN()
		require.NoError(t, err)
		again := parseDSN(t, pool.Config{URL: dsn}) // a DSN is a valid URL
		require.Equal(t, parsed.User, again.User)
		require.Equal(t, parsed.Password, again.Password)
		require.Equal(t, parsed.Database, again.Database)
	}
}

func TestDSNSSL(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		cfg  pool.Config
		want string
	}{
		"default is require":        {pool.Config{}, "sslmode=require"},
		"fields":                    {pool.Config{SSLMode: "verify-full", SSLRootCert: "/ca.pem"}, "sslmode=verify-full&sslrootcert=%2Fca.pem"},
		"URL without gets default":  {pool.Config{URL: pool.NewSecret("postgres://h/d")}, "sslmode=require"},
		"URL keeps its own":         {pool.Config{URL: pool.NewSecret("postgres://h/d?sslmode=disable"), SSLMode: "require"}, "sslmode=disable"},
		"URL gets what it leaves":   {pool.Config{URL: pool.NewSecret("postgres://h/d?sslmode=verify-ca"), SSLRootCert: "/ca"}, "sslmode=verify-ca&sslrootcert=%2Fca"},
		"password field completes":  {pool.Config{URL: pool.NewSecret("postgres://u@h/d"), Password: pool.NewSecret("x y")}, "postgres://u:x%20y@h/d"},
		"password of the URL wins":  {pool.Config{URL: pool.NewSecret("postgres://u:own@h/d"), Password: pool.NewSecret("other")}, "postgres://u:own@h/d"},
		"an empty one does not":     {pool.Config{URL: pool.NewSecret("postgres://u:@h/d"), Password: pool.NewSecret("other")}, "postgres://u:other@h/d"},
		"passphrase of the key":     {pool.Config{URL: pool.NewSecret("postgres://h/d?sslpassword=p+w")}, "sslpassword=p%2Bw"},
		"password from the query":   {pool.Config{URL: pool.NewSecret("postgres://u@h/d?password=q")}, "postgres://u:q@h/d?sslmode"},
		"user info without a user":  {pool.Config{URL: pool.NewSecret("postgres://h/d?user=u"), Password: pool.NewSecret("pw")}, "user=u"},
		"keeps unknown parameters":  {pool.Config{URL: pool.NewSecret("postgres://h/d?search_path=app")}, "search_path=app"},
		"postgresql scheme is kept": {pool.Config{URL: pool.NewSecret("postgresql://h/d")}, "postgresql://h/d"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dsn, err := tc.cfg.DSN()
			require.NoError(t, err)
			require.Contains(t, dsn.Reveal(), tc.want)
		})
	}
}

// PGSSLMODE and service files state a default that is never weakened. "prefer", pgx's own, is none.
func TestSSLModeOfTheEnvironment(t *testing.T) {
	t.Setenv("PGSSLROOTCERT", newCA(t).CertFile())
	service := filepath.Join(t.TempDir(), "service")
	for _, tc := range []struct{ environment, field, url, want string }{
		{"", "", "", "require"},
		{"prefer", "", "", "require"},
		{"allow", "", "", "allow"},
		{"disable", "", "", "disable"},
		{"verify-full", "", "", "verify-full"},
		{"verify-full", "require", "", "verify-full"},
		{"verify-full", "disable", "", "disable"},
		{"disable", "require", "", "require"},
		{"verify-full", "", "disable", "disable"},
	} {
		for _, inService := range []bool{false, true} {
			query := ""
			if tc.url != "" {
				query = "&sslmode=" + tc.url
			}
			if inService {
				t.Setenv("PGSSLMODE", "")
				require.NoError(t, os.WriteFile(service, []byte("[s]\nsslmode="+tc.environment+"\n"), 0o600))
				query += "&service=s&servicefile=" + service
			} else {
				t.Setenv("PGSSLMODE", tc.environment)
			}
			cfg := pool.Config{URL: pool.NewSecret("postgres://h/d?a=b" + query), SSLMode: tc.field}
			require.Equal(t, tlsMode(parsePGX(t, "postgres://h/d?sslmode="+tc.want)), tlsMode(configured(t, cfg).ConnConfig), "%+v", tc)
			require.Equal(t, tlsMode(parsePGX(t, "postgres://h/d?sslmode="+tc.want)), tlsMode(parseDSN(t, cfg)), "%+v", tc)
		}
	}
}

// tlsMode tells configurations of different sslmodes apart.
func tlsMode(c *pgx.ConnConfig) (mode string) {
	attempts := append([]*pgconn.FallbackConfig{{TLSConfig: c.TLSConfig}}, c.Fallbacks...)
	for _, a := range attempts {
		if a.TLSConfig == nil {
			mode += "plain "
		} else {
			mode += fmt.Sprintf("TLS skip=%t check=%t ", a.TLSConfig.InsecureSkipVerify, a.TLSConfig.VerifyPeerCertificate != nil)
		}
	}
	return mode
}

func TestURLErrorsNeverQuoteTheURL(t *testing.T) {
	t.Parallel()
	for _, u := range []string{
		"postgres://u:pa/ss-hunter2@host/db", "postgres://u:hunter2%zz@host/db", "postgres://u:hunter2@host:port/db",
		"mysql://u:hunter2@host/db", "host=h password=hunter2", "postgres:hunter2", "postgres://u:hunter2@h/d#frag", "://hunter2",
		"postgres://u@h/d?password=hunter2%zz", "postgres://u@h/d?password=a;hunter2",
		"postgres://u:/hunter2@host/db", "postgres://u:1/hunter2@host/db", "postgres://u:?hunter2@host/db", "postgres://u:1?hunter2@host/db",
		"postgres://u:p@x/hunter2@host/db", "postgres://u:1?connect_timeout=hunter2@host",
		"postgres://u:p@a,hunter2:x/db", "postgres://u:p@a:1,hunter2%/db",
	} {
		cfg := pool.Config{URL: pool.NewSecret(u)}
		err := cfg.Validate()
		require.Error(t, err, "%q", u)
		require.NotContains(t, err.Error(), "hunter2")
		require.Contains(t, err.Error(), "postgres:// URL")
		_, err = cfg.DSN()
		require.Error(t, err)
		require.NotContains(t, err.Error(), "hunter2")
	}
}

func FuzzURL(f *testing.F) {
	f.Add("postgres://user:secret@host:1,host2/db?sslmode=disable", "pw")
	f.Add("postgres:///db?host=/tmp&password=x", "")
	f.Fuzz(func(t *testing.T, u, password string) {
		cfg := pool.Config{URL: pool.NewSecret(u), Password: pool.NewSecret(password)}
		err := cfg.Validate()
		if err != nil && len(password) > 12 && !strings.Contains(u, password) {
			require.NotContains(t, err.Error(), password)
		}
	})
}

func parseDSN(t *testing.T, cfg pool.Config) *pgx.ConnConfig {
	t.Helper()
	dsn, err := cfg.DSN()
	require.NoError(t, err)
	return parsePGX(t, dsn.Reveal())
}

func parsePGX(t *testing.T, dsn string) *pgx.ConnConfig {
	t.Helper()
	parsed, err := pgx.ParseConfig(dsn)
	require.NoError(t, err, "%s", dsn)
	return parsed
}

// configured returns what the configuration becomes, before a connection is made.
func configured(t *testing.T, cfg pool.Config) (got *pgxpool.Config) {
	t.Helper()
	enough := errors.New("enough")
	cfg.Configure = func(pc *pgxpool.Config) error { got = pc; return enough }
	_, err := pool.New(t.Context(), cfg)
	require.ErrorIs(t, err, enough)
	return got
}

// randomText returns 8 to 24 characters, with those that matter to URLs and shells over-represented.
func randomText(rng *rand.Rand) string {
	special := []rune(`@:/?#[]!$&'()*+,;= %"\<>^{|}~` + "`\t\n" + "äß日本😀.-_")
	text := make([]rune, 8+rng.IntN(17))
	for i := range text {
		if rng.IntN(2) == 0 {
			text[i] = special[rng.IntN(len(special))]
		} else {
			text[i] = rune('!' + rng.IntN(94))
		}
	}
	return string(text)
}
