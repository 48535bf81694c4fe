package envcfg_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/envcfg"
)

// lintPairs returns what Lint finds in a configuration, without what to do about it.
func lintPairs[T any](t *testing.T, pairs ...string) []string {
	t.Helper()
	_, report, err := explain[T](envcfg.Options{Environ: pairs, Files: []string{}})
	require.NoError(t, err)
	return lintReport(t, report)
}

// lintReport returns what Lint finds in a report.
func lintReport(t *testing.T, report *envcfg.Report) []string {
	t.Helper()
	found := []string{}
	for _, f := range report.Lint() {
		require.NotEmpty(t, f.Remedy)
		require.NotContains(t, f.String(), "hunter2")
		found = append(found, string(f.Severity)+": "+f.Name+": "+f.Reason)
	}
	return found
}

const (
	foundExample   = "an example, or guessed at once"
	foundShortKey  = "shorter than 32 characters"
	foundShortWord = "shorter than 8 characters: it can be guessed"
	foundHere      = "the database is on this machine"
	goodKey        = "k7Qm2ZrT9vXw4YbN8cLp3JhGf6DsA1Ee"
)

type lintedNames struct {
	Store     string        `env:"SESSION_STORE"`
	Mode      string        `env:"AUTH_MODE"`
	Provider  string        `env:"AUTH_PROVIDER"`
	Kind      string        `env:"TOKEN_TYPE"`
	Site      string        `env:"COOKIE_SAME_SITE"`
	Prefix    string        `env:"CACHE_KEY_PREFIX"`
	Partition string        `env:"DYNAMO_PARTITION_KEY"`
	Foreign   string        `env:"FOREIGN_KEYS"`
	Primary   string        `env:"TABLE_PRIMARY_KEY"`
	Cache     string        `env:"CACHE_KEY"`
	Private   string        `env:"SSH_PRIVATE_KEY"`
	Signing   string        `env:"SIGNING_KEY"`
	Base      string        `env:"SECRET_KEY_BASE"`
	Old       string        `env:"JWT_SECRET_OLD"`
	Second    string        `env:"HASH_KEY_2"`
	Token     string        `env:"API_TOKEN"`
	Password  string        `env:"DB_PASSWORD"`
	Joined    string        `env:"PGPASSWORD"`
	Salt      string        `env:"HASH_SALT"`
	PIN       string        `env:"CARD_PIN"`
	Typed     envcfg.Secret `env:"SESSION_DATA"`
	Tagged    string        `env:"LICENCE,secret"`
	Webhook   envcfg.Secret `env:"WEBHOOK_URL"`
}

// The last word of a name says whether the value is a secret itself.
func TestLintNames(t *testing.T) {
	t.Parallel()
	key := filepath.Join(files(t, map[string]string{"id": "x"}), "id")
	require.Empty(t, lintPairs[lintedNames](t, "SESSION_STORE=redis", "AUTH_MODE=none", "AUTH_PROVIDER=oidc", "TOKEN_TYPE=jwt", "COOKIE_SAME_SITE=lax", "CACHE_KEY_PREFIX=app:",
		"DYNAMO_PARTITION_KEY=tenant_id", "FOREIGN_KEYS=on", "TABLE_PRIMARY_KEY=id", "CACHE_KEY=v1", "SSH_PRIVATE_KEY=/run/keys/id_ed25519", "SIGNING_KEY="+key,
		"SECRET_KEY_BASE="+goodKey, "DB_PASSWORD=pR5tY8uI", "WEBHOOK_URL=https://hooks.example.com/T0/B0"))
	for pair, want := range map[string]string{
		"SECRET_KEY_BASE=short1x":      "error: SECRET_KEY_BASE: " + foundShortKey,
		"JWT_SECRET_OLD=short1x":       "error: JWT_SECRET_OLD: " + foundShortKey,
		"HASH_KEY_2=short1x":           "error: HASH_KEY_2: " + foundShortKey,
		"SIGNING_KEY=/no/such/file":    "error: SIGNING_KEY: " + foundShortKey,
		"SSH_PRIVATE_KEY=b3BlbnNzaC1r": "error: SSH_PRIVATE_KEY: " + foundShortKey,
		"DB_PASSWORD=doc.go":           "warning: DB_PASSWORD: " + foundShortWord,
		"API_TOKEN=hunter2":            "error: API_TOKEN: " + foundExample,
		"DB_PASSWORD=hunter2":          "error: DB_PASSWORD: " + foundExample,
		"DB_PASSWORD=Trustno1":         "error: DB_PASSWORD: " + foundExample,
		"API_TOKEN=k7Qm2Zr":            "warning: API_TOKEN: " + foundShortWord,
		"DB_PASSWORD=k7Qm2Zr":          "warning: DB_PASSWORD: " + foundShortWord,
		"PGPASSWORD=k7Qm2Zr":           "warning: PGPASSWORD: " + foundShortWord,
		"HASH_SALT=k7Qm2Zr":            "warning: HASH_SALT: " + foundShortWord,
		"CARD_PIN=1234":                "error: CARD_PIN: " + foundExample,
		"SESSION_DATA=redis":           "error: SESSION_DATA: " + foundExample,
		"LICENCE=changeme":             "error: LICENCE: " + foundExample,
		"WEBHOOK_URL=changeme":         "error: WEBHOOK_URL: " + foundExample,
		"WEBHOOK_URL=redis":            "error: WEBHOOK_URL: " + foundExample, // as it is declared a secret
	} {
		require.Equal(t, []string{want}, lintPairs[lintedNames](t, pair), pair)
	}
	require.Empty(t, lintPairs[lintedNames](t, "CARD_PIN=90517", "SIGNING_KEY=/etc/keys/signing.pem", "HASH_KEY_2=/etc/keys/hash.key"))
}

// The defaults of secrets are known to everybody who reads the code, and a secret that is required must be there.
func TestLintDefaultsOfSecrets(t *testing.T) {
	t.Parallel()
	type config struct {
		Key envcfg.Secret `env:"COOKIE_KEY" default:"k7Qm2ZrT9vXw4YbN8cLp3JhGf6DsA1Ee"`
	}
	require.Equal(t, []string{"error: COOKIE_KEY: the default from the code"}, lintPairs[config](t))
	require.Empty(t, lintPairs[config](t, "COOKIE_KEY=pR5tY8uI2oP4aS7dF1gH3jK6lZ9xC0vB"))

	type required struct {
		Key   envcfg.Secret `env:"COOKIE_KEY,required"`
		Other envcfg.Secret `env:"OTHER_KEY"`
		Name  string        `env:"SERVICE_NAME,required"`
	}
	_, report, err := explain[required](envcfg.Options{Environ: []string{}, Files: []string{}})
	require.Error(t, err)
	require.Equal(t, []string{"error: COOKIE_KEY: not set"}, lintReport(t, report))
}

// What the code put into a field is not known, and so it is not at fault.
func TestLintValuesFromCode(t *testing.T) {
	t.Parallel()
	type config struct {
		Key   envcfg.Secret `env:"SECRET_KEY"`
		URL   string        `env:"DATABASE_URL"`
		Level string        `env:"LOG_LEVEL"`
		Host  string        `env:"DB_HOST"`
		Mode  string        `env:"DB_SSL_MODE"`
	}
	bare := map[string]map[string]string{"development": {}}
	found := func(c config, pairs ...string) []string {
		report, err := envcfg.Explain(&c, envcfg.Options{Environ: pairs, Files: []string{}, Profiles: bare})
		require.NoError(t, err)
		return lintReport(t, report)
	}
	require.Equal(t, []string{"error: SECRET_KEY: not set", "error: DATABASE_URL: not set", "error: LOG_LEVEL: not set"}, found(config{}))
	vault := envcfg.NewSecret("from the vault")
	require.Empty(t, found(config{Key: vault, URL: "postgres://db/app", Level: "INFO"}))
	require.Empty(t, found(config{Key: vault, Level: "INFO", Host: "db"}), "the host is there instead of the URL")
	require.Empty(t, found(config{Key: vault, URL: "postgres://db/app", Level: "INFO"}, "DB_HOST=localhost", "DB_SSL_MODE=disable"), "the URL counts")
}

// The primary and a replica of a database have the same roles; everything else has secrets of its own.
func TestLintRolesOfReplicas(t *testing.T) {
	t.Parallel()
	type config struct {
		Primary string `env:"DATABASE_URL"`
		Replica string `env:"REPLICA_URL"`
		Cache   string `env:"REDIS_URL"`
		Broker  string `env:"BROKER_URL"`
		API     string `env:"API_URL"`
		API2    string `env:"API2_URL"`
	}
	const primary, verified = "DATABASE_URL=postgres://app:kU3mz0qLw9@db1/app?sslmode=verify-full", "/app?sslmode=verify-full"
	require.Empty(t, lintPairs[config](t, primary, "REPLICA_URL=postgresql://app:kU3mz0qLw9@db2"+verified, "REDIS_URL=redis://:aB3dE6gH9@c/0", "BROKER_URL=rediss://:aB3dE6gH9@c/1"))
	require.Equal(t, []string{"error: REPLICA_URL: the same secret as DATABASE_URL"}, lintPairs[config](t, primary, "REPLICA_URL=postgres://report:kU3mz0qLw9@db2"+verified))
	require.Equal(t, []string{"error: REDIS_URL: the same secret as DATABASE_URL"}, lintPairs[config](t, primary, "REDIS_URL=redis://app:kU3mz0qLw9@c/0"))
	require.Equal(t, []string{"error: API2_URL: the same secret as API_URL"},
		lintPairs[config](t, "DATABASE_URL=postgres://db/app?sslmode=verify-full", "API_URL=https://app:kU3mz0qLw9@a.example.com", "API2_URL=https://app:kU3mz0qLw9@b.example.com"))
}

type lintedPlaces struct {
	URL    string `env:"DATABASE_URL"`
	Host   string `env:"DB_HOST"`
	Mode   string `env:"DB_SSL_MODE"`
	PGHost string `env:"PGHOST"`
	MySQL  string `env:"MYSQL_DSN"`
	Report string `env:"REPORTS_URL"`
}

// There is no TLS on a Unix socket.
func TestLintSockets(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"postgres://app@/app?host=/run/postgresql&sslmode=disable", "postgres:///app", "postgres:///app?sslmode=disable", "host=/run/postgresql sslmode=disable",
		"app:kU3mz0qLw9@unix(/run/mysqld.sock)/app",
	} {
		require.Equal(t, []string{"warning: DATABASE_URL: the database is reached through a socket on this machine"}, lintPairs[lintedPlaces](t, "DATABASE_URL="+url), url)
	}
	require.Empty(t, lintPairs[lintedPlaces](t, "DATABASE_URL=user=app password=kU3mz0qLw9 sslmode=disable"))
	require.Equal(t, []string{"warning: DB_HOST: the database is reached through a socket on this machine"}, lintPairs[lintedPlaces](t, "DB_HOST=/run/postgresql", "DB_SSL_MODE=disable"))
	require.Contains(t, lintPairs[lintedPlaces](t, "DATABASE_URL=postgres://app@/app?host=/run/postgresql,db&sslmode=disable"),
		`error: DATABASE_URL: sslmode="disable" may send passwords and data in plain text`, "the other host is reached over the network")
}

// Addresses are read in every driver's notation, whatever their variable is called.
func TestLintAddresses(t *testing.T) {
	t.Parallel()
	const url = "DATABASE_URL=postgres://db/app?sslmode=verify-full"
	guessed := "its password is an example, or the user's name"
	for pair, want := range map[string][]string{
		"MYSQL_DSN=root:root@tcp(127.0.0.1)/x":                   {"error: MYSQL_DSN: " + guessed, "error: MYSQL_DSN: " + foundHere},
		"MYSQL_DSN=app:kU3mz0qLw9@/x":                            {"error: MYSQL_DSN: " + foundHere},
		"MYSQL_DSN=app:kU3mz0qLw9@tcp(db:3306)/x":                {},
		"MYSQL_DSN=app:k7Qm2Zr@tcp(db:3306)/x":                   {"warning: MYSQL_DSN: its password is " + foundShortWord},
		"REPORTS_URL=host=localhost password=app user=app":       {"error: REPORTS_URL: " + guessed, "error: REPORTS_URL: " + foundHere},
		"REPORTS_URL=jdbc:postgresql://localhost/x?sslmode=none": {"error: REPORTS_URL: " + foundHere, "error: REPORTS_URL: an unknown sslmode, which may send passwords and data in plain text"},
		"REPORTS_URL=mongodb://localhost/x":                      {"error: REPORTS_URL: " + foundHere},
		"REPORTS_URL=https://localhost/x":                        {},
		"REPORTS_URL=localhost:8080/x":                           {},
	} {
		require.Equal(t, want, lintPairs[lintedPlaces](t, url, pair), pair)
	}
	require.Equal(t, []string{"error: DATABASE_URL: not set"}, lintPairs[lintedPlaces](t))
	for _, pair := range []string{"PGHOST=localhost", "DB_HOST=localhost:5432", "PGHOST=db,127.0.0.1"} {
		require.Len(t, lintPairs[lintedPlaces](t, pair), 1, pair)
		require.Contains(t, lintPairs[lintedPlaces](t, pair)[0], foundHere, pair)
	}
	require.Empty(t, lintPairs[lintedPlaces](t, url, "PGHOST=localhost"), "the URL counts")
}

// A URL may stand where a host belongs; its password is one also when nobody uses it.
func TestLintURLsInPlaceOfHosts(t *testing.T) {
	t.Parallel()
	type config struct {
		URL      string `env:"APP_DATABASE_URL"`
		Host     string `env:"APP_DB_HOST"`
		Postgres string `env:"POSTGRES_HOST"`
	}
	guessed := "its password is an example, or the user's name"
	for _, name := range []string{"APP_DB_HOST", "POSTGRES_HOST"} {
		require.Equal(t, []string{"error: " + name + ": " + guessed}, lintPairs[config](t, name+"=redis://:changeme@h"))
		require.Equal(t, []string{"error: " + name + ": " + guessed, "error: " + name + ": " + foundHere}, lintPairs[config](t, name+"=tcp://app:app@localhost:5432"))
		require.Equal(t, []string{"error: " + name + `: sslmode="disable" may send passwords and data in plain text`}, lintPairs[config](t, name+"=postgres://db/app?sslmode=disable"))
	}
	require.Equal(t, []string{"error: APP_DB_HOST: " + guessed},
		lintPairs[config](t, "APP_DATABASE_URL=postgres://db/app?sslmode=verify-full", "APP_DB_HOST=postgres://app:app@localhost/app?sslmode=disable"), "the URL counts")
}

// What is written as settings is read as settings, whatever a password in them looks like.
func TestLintSettings(t *testing.T) {
	t.Parallel()
	type config struct {
		DSN string `env:"DATABASE_DSN"`
		Key string `env:"SENTRY_DSN"`
		API string `env:"API_URL"`
	}
	for _, dsn := range []string{
		"host=db.example user=u password=ab@/cdefghij sslmode=verify-full", "password=ab@tcp(127.0.0.1)/cdef user=u host=db.example sslmode=verify-full", "user=u dbname=ab@/cdefghij",
		"host = db.example password = 'ab host=localhost' sslmode = verify-full", "Server=db.example;Password=ab&cd#efgh?ij;User=u", "host=db.example password=a://bcdefg sslmode=verify-full",
		"application_name=x password='k7Qm2Zr\\' x' host=db.example", "us=er:kU3mz0qLw9@tcp(db.example)/app",
	} {
		require.Empty(t, lintPairs[config](t, "DATABASE_DSN="+dsn), dsn)
	}
	guessed := "error: DATABASE_DSN: its password is an example, or the user's name"
	for _, dsn := range []string{"db:5432/app?user=app&password=changeme&x=y", "host=db.example password=changeme", "us=er:changeme@tcp(db.example)/app", "host=db user='u v' password='u v'"} {
		require.Equal(t, []string{guessed}, lintPairs[config](t, "DATABASE_DSN="+dsn), dsn)
	}
	require.Equal(t, []string{"error: DATABASE_DSN: " + foundHere}, lintPairs[config](t, "DATABASE_DSN=app:ab;user=cdefgh@tcp(localhost)/x"), "settings begin with one")
	require.Equal(t, []string{"error: SENTRY_DSN: " + foundExample}, lintPairs[config](t, "SENTRY_DSN=https://your-key@sentry.io/1"))
	require.Empty(t, lintPairs[config](t, "SENTRY_DSN=https://kU3mz0qLw9@sentry.io/1", "API_URL=https://example@api.internal"), "a user's name is none")
}

// An sslmode beside a URL counts where the URL has none, when it is set.
func TestLintSeparateSSLMode(t *testing.T) {
	t.Parallel()
	const bare, verified = "DATABASE_URL=postgres://app@db/app", "DATABASE_URL=postgres://app@db/app?sslmode=verify-full"
	plain := `error: DB_SSL_MODE: sslmode="disable" may send passwords and data in plain text`
	require.Equal(t, []string{plain}, lintPairs[lintedPlaces](t, bare, "DB_SSL_MODE=disable"))
	require.Empty(t, lintPairs[lintedPlaces](t, bare, "DB_SSL_MODE=verify-full"))
	require.Empty(t, lintPairs[lintedPlaces](t, verified, "DB_SSL_MODE=disable"))
	require.Equal(t, []string{"warning: DATABASE_URL: no sslmode: the driver's default may fall back to plain text"}, lintPairs[lintedPlaces](t, bare))
	require.Equal(t, []string{plain}, lintPairs[lintedPlaces](t, "DB_HOST=db", "DB_SSL_MODE=disable"))
	report, err := envcfg.Explain(&lintedPlaces{Host: "db"}, envcfg.Options{Environ: []string{"DB_SSL_MODE=disable"}, Files: []string{}})
	require.NoError(t, err)
	require.Empty(t, lintReport(t, report), "where the database is only the code knows")
}

// What follows sslmode= may be a part of a password.
func TestLintRepeatsNoPassword(t *testing.T) {
	t.Parallel()
	require.Contains(t, lintPairs[lintedPlaces](t, "DATABASE_URL=postgres://u:12?sslmode=hunter2hunter2@db/x"), "error: DATABASE_URL: an unknown sslmode, which may send passwords and data in plain text")
	require.Contains(t, lintPairs[lintedPlaces](t, "DB_HOST=db", "DB_SSL_MODE=hunter2"), "error: DB_SSL_MODE: an unknown sslmode, which may send passwords and data in plain text")
}

// Names with a prefix are those of a group, and judged together.
func TestLintPrefixes(t *testing.T) {
	t.Parallel()
	type group struct {
		URL     string   `env:"DATABASE_URL"`
		Host    string   `env:"DB_HOST"`
		Mode    string   `env:"DB_SSL_MODE"`
		Level   string   `env:"LOG_LEVEL"`
		Debug   bool     `env:"DEBUG"`
		Origin  string   `env:"CORS_ALLOWED_ORIGIN"`
		Origins []string `env:"ORIGINS"`
	}
	type config struct {
		App   group `prefix:"APP_"`
		Other group `prefix:"OTHER_"`
	}
	plain := `sslmode="disable" may send passwords and data in plain text`
	require.Equal(t, []string{
		"error: APP_DB_HOST: " + foundHere, "error: APP_DB_SSL_MODE: " + plain, "warning: APP_LOG_LEVEL: logs everything", "error: APP_DEBUG: switched on",
		"warning: APP_CORS_ALLOWED_ORIGIN: allows every host", "warning: APP_ORIGINS: allows every host",
	}, lintPairs[config](t, "APP_DB_HOST=localhost", "APP_DB_SSL_MODE=disable", "APP_LOG_LEVEL=DEBUG", "APP_DEBUG=true", "APP_CORS_ALLOWED_ORIGIN=*", "APP_ORIGINS=a, *"))
	const url = "DATABASE_URL=postgres://app@db/app"
	require.Empty(t, lintPairs[config](t, "APP_"+url+"?sslmode=verify-full", "APP_DB_HOST=localhost", "APP_DB_SSL_MODE=disable"))
	require.Equal(t, []string{"error: APP_DB_HOST: " + foundHere, "error: APP_DB_SSL_MODE: " + plain},
		lintPairs[config](t, "OTHER_"+url+"?sslmode=verify-full", "APP_DB_HOST=localhost", "APP_DB_SSL_MODE=disable"), "the URL is another group's")
	require.Equal(t, []string{"error: APP_DB_SSL_MODE: " + plain, "warning: OTHER_DATABASE_URL: no sslmode: the driver's default may fall back to plain text"},
		lintPairs[config](t, "APP_"+url, "APP_DB_SSL_MODE=disable", "OTHER_"+url))
}

// A .env file with secrets is for its owner; a file of one secret is shut where its directory is.
func TestLintModesOfFiles(t *testing.T) {
	t.Parallel()
	type config struct {
		Key   envcfg.Secret `env:"SECRET_KEY"`
		Token envcfg.Secret `env:"API_TOKEN"`
	}
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		require.NoError(t, os.Chmod(path, mode))
		return path
	}
	env := write(".env", "SECRET_KEY="+goodKey+"\nAPI_TOKEN=pR5tY8uI2oP4aS7d\n", 0o644)
	_, report, err := explain[config](envcfg.Options{Environ: []string{}, Files: []string{env}})
	require.NoError(t, err)
	readable := []string{"warning: SECRET_KEY: everybody on this machine may read its file (mode 0644)"}
	require.Equal(t, readable, lintReport(t, report), "once for each file")
	require.NoError(t, os.Chmod(dir, 0o700))
	require.Equal(t, readable, lintReport(t, report), "whatever the directory is: such files are copied")

	key := write("SECRET_KEY", goodKey, 0o444)
	found := func(fileMode, dirMode os.FileMode) []string {
		require.NoError(t, os.Chmod(key, fileMode))
		require.NoError(t, os.Chmod(dir, dirMode))
		_, report, err := explain[config](envcfg.Options{Environ: []string{}, Files: []string{}, SecretDirs: []string{dir}})
		require.NoError(t, err)
		return lintReport(t, report)
	}
	require.Equal(t, []string{"warning: SECRET_KEY: everybody on this machine may read its file (mode 0444)"}, found(0o444, 0o755))
	require.Empty(t, found(0o444, 0o750), "the directory lets nobody in")
	require.Empty(t, found(0o440, 0o755))
	require.Equal(t, []string{"warning: SECRET_KEY: everybody on this machine may change its file (mode 0666)"}, found(0o666, 0o700))
	require.NoError(t, os.Symlink(dir, filepath.Join(dir, "..data")))
	require.Empty(t, found(0o444, 0o755), "Kubernetes mounted it")

	for path, want := range map[string]bool{
		"/run/secrets/key": true, "/var/run/secrets/kubernetes.io/serviceaccount/token": true, "/run/secrets/../../no/such/key": false, "/run/secretsandmore/key": false,
	} {
		require.Equal(t, want, envcfg.IsShut(path), path)
	}
}

// The option secret makes a secret of what its name does not say.
func TestLintJudgesWhatIsDeclared(t *testing.T) {
	t.Parallel()
	type config struct {
		Store  string `env:"SESSION_STORE,secret"`
		Seed   string `env:"NOISE,secret" check:" match=[a-z,]+"`
		Plain  string `env:"AUTH_MODE"`
		Unused string `env:"UNUSED"`
	}
	require.Equal(t, []string{"error: SESSION_STORE: an example, or guessed at once", "error: NOISE: an example, or guessed at once"},
		lintPairs[config](t, "SESSION_STORE=redis", "NOISE=changeme,x", "AUTH_MODE=none"))
}
