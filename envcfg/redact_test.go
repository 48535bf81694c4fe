package envcfg_test

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/envcfg"
)

// talkative shows its secret in its rule, and holds it in the error besides.
type talkative struct {
	Password envcfg.Secret `env:"API_PASSWORD" deprecated:"OLD_PASSWORD"`
	Database envcfg.Secret `env:"DATABASE_URL"`
	Upstream string        `env:"UPSTREAM"`
	Port     int           `env:"API_PORT"`
}

type holdingError struct{ text, held string }

func (e holdingError) Error() string   { return e.text }
func (e holdingError) Is(t error) bool { return t == errBoth }

func (c talkative) Validate() error {
	said := "postgres: " + c.Password.Reveal()
	for _, text := range []string{c.Database.Reveal(), c.Upstream} {
		if u, err := url.Parse(text); err == nil {
			password, _ := u.User.Password()
			said += " " + password + " " + u.Query().Get("token")
		}
	}
	return holdingError{said, c.Password.Reveal()}
}

// However a secret came into the struct, neither a rule nor another variable's message shows it, whole or in part.
func TestSecretsOfEveryOriginAreHidden(t *testing.T) {
	t.Parallel()
	const secret = "k7Qm2ZrT9vXw4YbN8cLp3JhGf6DsA1Ee0123456789ABCDEFGHIJKLMN"
	dir := files(t, map[string]string{"secret": secret + "\n", ".env": "API_PASSWORD=" + secret, "api_password": secret})
	for name, o := range map[string]envcfg.Options{
		"process":          {Environ: []string{"API_PASSWORD=" + secret}},
		"another variable": {Environ: []string{"API_PORT=" + secret, "API_PASSWORD=" + secret}},
		"a hidden one":     {Environ: []string{"API_PORT=" + secret, "API_PASSWORD=x"}, Files: []string{filepath.Join(dir, ".env")}},
		"NAME_FILE":        {Environ: []string{"API_PASSWORD_FILE=" + filepath.Join(dir, "secret")}},
		"no path":          {Environ: []string{"API_PASSWORD_FILE=" + secret}},
		"directory":        {Environ: []string{}, SecretDirs: []string{dir}},
		"old name":         {Environ: []string{"OLD_PASSWORD=" + secret}},
		"prefilled":        {Environ: []string{}},
		"URL":              {Environ: []string{"DATABASE_URL=postgres://app:" + secret + "@db/x"}},
		"parameter":        {Environ: []string{"UPSTREAM=https://h/?token=" + secret}},
		"environment":      {Environ: []string{"ENVIRONMENT=" + secret, "API_PASSWORD=" + secret}},
	} {
		var c talkative
		if name == "prefilled" {
			c.Password = envcfg.NewSecret(secret)
		}
		if o.Files == nil {
			o.Files = []string{}
		}
		report, err := envcfg.Explain(&c, o)
		require.Error(t, err, name)
		shown := everyRendering(t, report, err)
		for p := range strings.SplitSeq(shown, "\n") {
			require.NotContains(t, p, secret[:20], name)
		}
		require.NotErrorAs(t, err, new(holdingError), name)
	}
	_, err := load[talkative]("API_PASSWORD=x")
	require.ErrorIs(t, err, errBoth, "an error can be compared, though not looked into")
}

// Of short secrets only whole values are hidden.
func TestShortSecrets(t *testing.T) {
	t.Parallel()
	type config struct {
		Mode     string        `env:"MODE,safe"`
		Size     int           `env:"SIZE"`
		Password envcfg.Secret `env:"API_PASSWORD"`
	}
	_, report, err := explain[config](envcfg.Options{Environ: []string{"MODE=q#7", "SIZE=q#7", "API_PASSWORD=q#7"}, Files: []string{}})
	require.NotContains(t, fmt.Sprint(report, err), "q#7")
}

// A password that is a word leaves the messages readable.
func TestOwnWordsAreNotRedacted(t *testing.T) {
	t.Parallel()
	type config struct {
		URL      string        `env:"DATABASE" check:"postgres"`
		Other    envcfg.Secret `env:"OTHER_URL,required" example:"postgres://user:password@host" doc:"of the user"`
		Password envcfg.Secret `env:"DB_PASSWORD"`
	}
	for _, password := range []string{"postgres", "user", "required", "host"} {
		_, err := load[config]("DATABASE=x", "DB_PASSWORD="+password)
		require.ErrorContains(t, err, "like postgres://user:password@host:5432/name")
		require.NotContains(t, err.Error(), "redacted")
	}
}

// What is a secret does not depend on what is around its type.
func TestSecretsInsideOtherTypes(t *testing.T) {
	t.Parallel()
	type config struct {
		Pointer *envcfg.Secret            `env:"SIGNER,safe" default:"hunter2"`
		List    []envcfg.Secret           `env:"SIGNERS,safe"`
		Map     map[string]envcfg.Secret  `env:"SIGNER_MAP,safe"`
		JSON    struct{ S envcfg.Secret } `env:"SIGNER_JSON,json,safe"`
	}
	path := filepath.Join(files(t, map[string]string{"s": "hunter2"}), "s")
	c, report, err := explain[config](envcfg.Options{Environ: []string{"SIGNER_FILE=" + path, "SIGNERS=hunter2,b", "SIGNER_MAP=a=hunter2", `SIGNER_JSON={"S":"hunter2"}`}, Files: []string{}})
	require.NoError(t, err)
	require.Equal(t, "hunter2", c.Pointer.Reveal())
	require.NotContains(t, everyRendering(t, report), "hunter2")
	for _, s := range report.Settings {
		require.True(t, s.Secret, s.Name)
	}
	variables, err := envcfg.Variables[config]()
	require.NoError(t, err)
	require.Empty(t, variables[0].Default)

	// Two fields of one variable: one of them is a secret, so the variable is.
	type twice struct {
		Text   string        `env:"BROKER,safe" default:"d"`
		Number int           `env:"NUMBER"`
		Secret envcfg.Secret `env:"BROKER" default:"d"`
		Again  envcfg.Secret `env:"NUMBER"`
	}
	_, report, err = explain[twice](envcfg.Options{Environ: []string{"BROKER=hunter2", "NUMBER=314159"}, Files: []string{}})
	require.NoError(t, err)
	require.NotRegexp(t, "hunter2|314159", report.String())
	variables, err = envcfg.Variables[twice]()
	require.NoError(t, err)
	require.True(t, variables[0].Secret)
	require.Empty(t, variables[0].Default)
}

// A name alone makes no secret of what cannot be one.
func TestHarmlessTypes(t *testing.T) {
	t.Parallel()
	type config struct {
		Timeout time.Duration `env:"SESSION_TIMEOUT" default:"30m"`
		Enabled bool          `env:"AUTH_ENABLED" default:"true"`
		Size    envcfg.Bytes  `env:"COOKIE_SIZE" default:"4KiB"`
		Length  int           `env:"PASSWORD_MIN_LENGTH" default:"12"`
		Tokens  *int          `env:"MAX_TOKENS" default:"4096"`
		Path    string        `env:"DB_SSL_KEY,safe" default:"certs/client.key"`
		Domain  string        `env:"COOKIE_DOMAIN" default:"example.com"`
		Public  string        `env:"JWT_PUBLIC_KEY" default:"x"`

		PIN    int    `env:"CARD_PIN" default:"1234"`
		Tagged int    `env:"TAGGED,safe,secret" default:"1"`
		Key    []byte `env:"SIGNING_KEY" default:"k"`
		Keys   []int  `env:"UNLOCK_KEY" default:"1,2"`
	}
	_, report, err := explain[config](envcfg.Options{Environ: []string{}, Files: []string{}})
	require.NoError(t, err)
	for i, s := range report.Settings {
		require.Equal(t, i >= 8, s.Secret, s.Name)
		require.Equal(t, i >= 8, s.Value == "[redacted]", s.Name)
	}
	for _, f := range report.Lint() {
		require.Contains(t, []string{"CARD_PIN", "TAGGED", "SIGNING_KEY", "UNLOCK_KEY"}, f.Name, f.String())
	}
}

// A field with the option safe shows its value, but no password in it, however it is written.
func TestPasswordsInValuesThatAreShown(t *testing.T) {
	t.Parallel()
	type config struct {
		Upstream string `env:"UPSTREAM,safe"`
	}
	for _, value := range []string{
		"https://h/?a=1;token=hunter2", "https://h/?token=hunter2%zz", "https://h/#access_token=hunter2", "https://h/?sig=hunter2", "https://h/?token=hunter2",
		"HTTPS://hunter2@h/", "redis://hunter2@h/", "redis://:hunter2@h/0", "postgres://u:hunter2@a,b:5/x", "jdbc:postgresql://h/db?user=a&password=hunter2",
		"jdbc:mysql://u:hunter2@h/db", "https://a/?x=1,https://b:hunter2@h/", "https://h/?pw=hunter2", "https://h/?jwt=hunter2", "https://h/?accesskey=hunter2",
		"host=db password=hunter2", "Server=h;Password=hunter2", "user=u,password=hunter2", "u:hunter2@tcp(h:3306)/db", "//u:hunter2@h/x", "u:hunter2@h",
		"https://h/?X-Amz-Signature=hunter2", "https://h/?X-Amz-Credential=hunter2", "https://h/?a=b&amp;token=hunter2", "amqp://u:hunter2@h/v,amqp://u:hunter2@h2/v",
		"mongodb+srv://u:hunter2@h/db", "https://h/p?next=https%3A%2F%2Fu%3Ahunter2%40h", "https://h/;token=hunter2", "k=postgres://u:hunter2@h",
		"https://h/?Authorization=Bearer+hunter2",
	} {
		_, report, err := explain[config](envcfg.Options{Environ: []string{"UPSTREAM=" + value}, Files: []string{}})
		require.NoError(t, err)
		require.NotContains(t, report.String(), "hunter2", value)
	}
	for _, value := range []string{"admin@example.com", "https://h:8080/p?a=b#top", "postgres://u@h/d", "a=1, b=2", "10.0.0.1:80"} {
		_, report, err := explain[config](envcfg.Options{Environ: []string{"UPSTREAM=" + value}, Files: []string{}})
		require.NoError(t, err)
		s, _ := report.Setting("UPSTREAM")
		require.Equal(t, value, s.Value)
	}
}

// An error of the file system is found, though not the path, which may be a secret that was put into NAME_FILE.
func TestErrorsOfSecretFilesCanBeCompared(t *testing.T) {
	t.Parallel()
	_, err := load[talkative]("API_PASSWORD_FILE=hunter2")
	require.ErrorIs(t, err, os.ErrNotExist)
	p, ok := errors.AsType[envcfg.Problem](err)
	require.True(t, ok)
	require.NotContains(t, errors.Unwrap(p).Error(), "hunter2")
}
