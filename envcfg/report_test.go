package envcfg_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/envcfg"
)

type reported struct {
	Environment string        `env:"ENVIRONMENT,safe"`
	Database    envcfg.Secret `env:"DATABASE_URL,required" doc:"the primary database"`
	Replica     string        `env:"REPLICA_URL,safe"`
	Name        string        `env:"SERVICE_NAME" default:"api"`
	Text        string        `env:"MOTD"`
	Multi       string        `env:"MULTI,safe"`
	Port        int           `env:"PORT" default:"8000"`
	Wait        time.Duration `env:"WAIT" default:"30s"`
	Level       string        `env:"LOG_LEVEL" default:"INFO" check:"loglevel"`
	Key         string        `env:"API_KEY,safe"`
	Cert        string        `env:"CERT_PATH,safe"`
}

func TestReport(t *testing.T) {
	t.Parallel()
	dir := files(t, map[string]string{".env": "WAIT=5s\nMOTD=hello\n"})
	_, r, err := explain[reported](envcfg.Options{
		Environ: []string{
			"DATABASE_URL=postgres://u:hunter2@h/d", "REPLICA_URL=postgres://u:hunter2@h/d?sslpassword=hunter2", "PORT=9000", "API_KEY=hunter2",
			"MULTI=a\nFORGED  yes", "CERT_PATH=/etc/cert.pem",
		},
		Files: in(dir),
	})
	require.NoError(t, err)
	text := strings.ReplaceAll(r.String(), dir+"/", "")
	golden(t, "report.txt", text)
	require.NotContains(t, text, "hunter2")

	j, err := json.MarshalIndent(r, "", "  ")
	require.NoError(t, err)
	golden(t, "report.json", strings.ReplaceAll(string(j), dir+"/", "")+"\n")

	server := httptest.NewServer(r)
	defer server.Close()
	get := func(method, accept string) (*http.Response, string) {
		req, err := http.NewRequestWithContext(t.Context(), method, server.URL, nil)
		require.NoError(t, err)
		req.Header.Set("Accept", accept)
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		defer func() { _ = resp.Body.Close() }()
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return resp, string(body)
	}
	resp, body := get("GET", "*/*")
	require.Equal(t, "application/json", resp.Header.Get("Content-Type"))
	require.Equal(t, "no-store", resp.Header.Get("Cache-Control"))
	require.True(t, json.Valid([]byte(body)))
	resp, body = get("GET", "text/html,application/xhtml+xml")
	require.Equal(t, "text/plain; charset=utf-8", resp.Header.Get("Content-Type"))
	require.Equal(t, r.String(), body)
	resp, _ = get("POST", "")
	require.Equal(t, http.StatusMethodNotAllowed, resp.StatusCode)
	require.Equal(t, "GET, HEAD", resp.Header.Get("Allow"))
}

// A report of a configuration that is wrong says what is wrong, so that it can be printed before giving up.
func TestReportWithProblems(t *testing.T) {
	t.Parallel()
	_, r, err := explain[reported](envcfg.Options{Environ: []string{"PORT=x"}, Files: []string{}})
	require.Error(t, err)
	require.Len(t, r.Problems, 2)
	require.Contains(t, r.String(), "problem: DATABASE_URL: required, but not set: the primary database")
	s, ok := r.Setting("DATABASE_URL")
	require.True(t, ok)
	require.Equal(t, envcfg.FromNowhere, s.Origin.Layer)
	_, ok = r.Setting("NOPE")
	require.False(t, ok)
}

// A report of nothing has empty lists, and of fields that keep what they had it says so.
func TestReportOfNothing(t *testing.T) {
	t.Parallel()
	_, report, err := explain[struct{}](envcfg.Options{Environ: []string{}, Files: []string{}})
	require.NoError(t, err)
	text, err := json.Marshal(report)
	require.NoError(t, err)
	require.JSONEq(t, `{"environment":"development","files":[],"settings":[]}`, string(text))

	c := struct {
		Port int `env:"PORT"`
	}{7}
	report, err = envcfg.Explain(&c, envcfg.Options{Environ: []string{}, Files: []string{}, Profiles: map[string]map[string]string{"development": {}}})
	require.NoError(t, err)
	s, _ := report.Setting("PORT")
	require.Equal(t, "7 code", s.Value+" "+s.Origin.String())
}

func TestLint(t *testing.T) {
	t.Parallel()
	type config struct {
		envcfg.Production
		DBHost  string        `env:"DB_HOST,safe"`
		SSLMode string        `env:"DB_SSL_MODE,safe"`
		Admin   envcfg.Secret `env:"ADMIN_PASSWORD"`
		SSLKey  string        `env:"DB_SSL_KEY"`
		Origins []string      `env:"CORS_ORIGINS,safe"`
	}
	good := map[string]string{
		"ENVIRONMENT": "production", "DATABASE_URL": "postgres://app:kU3mz0qLw9@db.internal/app?sslmode=verify-full", "SECRET_KEY": "k7Qm2ZrT9vXw4YbN8cLp3JhGf6DsA1Ee",
		"JWT_SECRET": "pR5tY8uI2oP4aS7dF1gH3jK6lZ9xC0vB", "ENCRYPTION_KEY": "b3VyLWtleS1pcy0zMi1ieXRlcy1sb25n", "LOG_LEVEL": "INFO", "DEBUG": "false", "ALLOWED_HOSTS": "example.com",
		"ADMIN_PASSWORD": "Tr0ub4dor&9", "DB_SSL_KEY": "/etc/key.pem", "REDIS_URL": "rediss://cache:6379",
	}
	lint := func(changes map[string]string) []string {
		var pairs []string
		for name, value := range good {
			if v, ok := changes[name]; ok {
				value = v
			}
			pairs = append(pairs, name+"="+value)
		}
		for name, value := range changes {
			if _, ok := good[name]; !ok {
				pairs = append(pairs, name+"="+value)
			}
		}
		_, r, _ := explain[config](envcfg.Options{Environ: pairs, Files: []string{}})
		var found []string
		for _, f := range r.Lint() {
			require.NotContains(t, f.String(), "hunter2")
			require.NotEmpty(t, f.Remedy)
			found = append(found, string(f.Severity)+": "+f.Name+": "+f.Reason)
		}
		return found
	}
	require.Empty(t, lint(nil))
	for _, c := range []struct {
		name, value, want string
	}{
		{"DATABASE_URL", "", "error: DATABASE_URL: not set"},
		{"LOG_LEVEL", "debug", "warning: LOG_LEVEL: logs everything"},
		{"DEBUG", "yes", "error: DEBUG: switched on"},
		{"SECRET_KEY", "hunter2-and-more", "error: SECRET_KEY: shorter than 32 characters"},
		{"SECRET_KEY", "changeme-changeme-changeme-changeme", "error: SECRET_KEY: an example, or guessed at once"},
		{"SECRET_KEY", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "error: SECRET_KEY: an example, or guessed at once"},
		{"SECRET_KEY", strings.Repeat("0123456789abcdef", 4), "error: SECRET_KEY: an example, or guessed at once"},
		{"SECRET_KEY", strings.Repeat("k7Qm2Zr", 5) + "k7Q", "error: SECRET_KEY: an example, or guessed at once"},
		{"SECRET_KEY", "your-secret-key-goes-here-please-now", "error: SECRET_KEY: an example, or guessed at once"},
		{"JWT_SECRET", good["SECRET_KEY"], "error: JWT_SECRET: the same secret as SECRET_KEY"},
		{"ADMIN_PASSWORD", "admin", "error: ADMIN_PASSWORD: an example, or guessed at once"},
		{"ADMIN_PASSWORD", "kU3mz0qLw9", "error: ADMIN_PASSWORD: the same secret as DATABASE_URL"},
		{"DATABASE_URL", "postgres://app:app@db/app?sslmode=verify-full", "error: DATABASE_URL: its password is an example, or the user's name"},
		{"DATABASE_URL", "postgres://app:Qx7Lw2@localhost/app?sslmode=verify-full", "error: DATABASE_URL: the database is on this machine"},
		{"DATABASE_URL", "postgres://app:Qx7Lw2@127.8.9.1:5432/app?sslmode=verify-full", "error: DATABASE_URL: the database is on this machine"},
		{"DATABASE_URL", "postgres://app:Qx7Lw2@127.1:5432/app?sslmode=verify-full", "error: DATABASE_URL: the database is on this machine"},
		{"DATABASE_URL", "postgres://db/app?user=app&password=app&sslmode=verify-full", "error: DATABASE_URL: its password is an example, or the user's name"},
		{"DATABASE_URL", "postgres://app@db/app?password=app&sslmode=verify-full", "error: DATABASE_URL: its password is an example, or the user's name"},
		{"DATABASE_URL", "postgres://app:Qx7Lw2@[::1]:5432/app?sslmode=verify-full", "error: DATABASE_URL: the database is on this machine"},
		{"DATABASE_URL", "postgres://app:Qx7Lw2@db1:1,LOCALHOST:2/app?sslmode=verify-full", "error: DATABASE_URL: the database is on this machine"},
		{"DATABASE_URL", "postgres:///app?host=/run/postgresql&sslmode=verify-full", "warning: DATABASE_URL: the database is reached through a socket on this machine"},
		{"DATABASE_URL", "postgres://app:Qx7Lw2@db/app?sslmode=disable", `error: DATABASE_URL: sslmode="disable" may send passwords and data in plain text`},
		{"DATABASE_URL", "postgres://app:Qx7Lw2@db/app?sslmode=require", "warning: DATABASE_URL: sslmode=require encrypts but does not verify the server"},
		{"DATABASE_URL", "postgres://app:Qx7Lw2@db/app?sslmode=verify-ca", "warning: DATABASE_URL: sslmode=verify-ca takes any server with a certificate of that authority"},
		{"DATABASE_URL", "mysql://app:Qx7Lw2@localhost:3306/app", "error: DATABASE_URL: the database is on this machine"},
		{"DATABASE_URL", "mysql://app:Qx7Lw2@127.0.0.1/app", "error: DATABASE_URL: the database is on this machine"},
		{"DATABASE_URL", "sqlite:///app.db", "warning: DATABASE_URL: the database is a file on this machine"},
		{"DATABASE_URL", "host=localhost password=Qx7Lw2", "error: DATABASE_URL: the database is on this machine"},
		{"DATABASE_URL", "host=db user=app password=app", "error: DATABASE_URL: its password is an example, or the user's name"},
		{"DATABASE_URL", "host=db sslmode=disable", `error: DATABASE_URL: sslmode="disable" may send passwords and data in plain text`},
		{"DATABASE_URL", "app:Qx7Lw2@tcp(localhost:3306)/app", "error: DATABASE_URL: the database is on this machine"},
		{"SECRET_KEY", "/changeme", "error: SECRET_KEY: an example, or guessed at once"},
		{"SECRET_KEY", "./x", "error: SECRET_KEY: an example, or guessed at once"},
		{"SECRET_KEY", "xyz12://short", "error: SECRET_KEY: shorter than 32 characters"},
		{"SECRET_KEY", "<your secret key of 32 characters here>", "error: SECRET_KEY: an example, or guessed at once"},
		{"ALLOWED_HOSTS", "example.com, *", "warning: ALLOWED_HOSTS: allows every host"},
		{"CORS_ORIGINS", "*", "warning: CORS_ORIGINS: allows every host"},
	} {
		require.Contains(t, lint(map[string]string{c.name: c.value}), c.want, "%s=%s", c.name, c.value)
	}
	// Of DB_HOST and DB_SSL_MODE counts what the URL leaves out.
	require.Contains(t, lint(map[string]string{"DATABASE_URL": "", "DB_HOST": "localhost"}), "error: DB_HOST: the database is on this machine")
	require.Contains(t, lint(map[string]string{"DATABASE_URL": "", "DB_SSL_MODE": "prefer"}), `error: DB_SSL_MODE: sslmode="prefer" may send passwords and data in plain text`)
	require.Contains(t, lint(map[string]string{"DATABASE_URL": "postgres://app:Qx7Lw2@db/app", "DB_SSL_MODE": "require"}), "warning: DB_SSL_MODE: sslmode=require encrypts but does not verify the server")
	require.Empty(t, lint(map[string]string{"DB_HOST": "localhost", "DB_SSL_MODE": "require"}))
	// A password that contains "localhost" and a host that only begins so are no local database.
	require.Empty(t, lint(map[string]string{"DATABASE_URL": "postgres://app:localhost4Qx@mylocalhost.example.com/app?sslmode=verify-full"}))
}

// A file of secrets that everybody may read is found.
func TestLintFiles(t *testing.T) {
	t.Parallel()
	type config struct {
		Key envcfg.Secret `env:"SECRET_KEY"`
	}
	dir := files(t, map[string]string{".env": "SECRET_KEY=k7Qm2ZrT9vXw4YbN8cLp3JhGf6DsA1Ee"})
	path := filepath.Join(dir, ".env")
	findings := func() []envcfg.Finding {
		_, r, err := explain[config](envcfg.Options{Environ: []string{}, Files: []string{path}})
		require.NoError(t, err)
		return r.Lint()
	}
	require.Empty(t, findings())
	require.NoError(t, os.Chmod(path, 0o644))
	require.Len(t, findings(), 1)
	require.Equal(t, "everybody on this machine may read its file (mode 0644)", findings()[0].Reason)
}
