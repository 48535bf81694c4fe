package envcfg_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/envcfg"
)

// randomSecret returns a text that would be recognised anywhere: a marker between random characters of every script.
func randomSecret(r *rand.Rand) string {
	letters := []rune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!$%&/()=?*+#'-_.:,;<>|@\\\"{}[]~ äöüßéñ密码пароль🔑")
	text := []rune(fmt.Sprintf("S%08xT", r.Uint32()))
	for range r.IntN(20) {
		at := r.IntN(len(text) + 1)
		text = append(text[:at], append([]rune{letters[r.IntN(len(letters))]}, text[at:]...)...)
	}
	return string(text)
}

type holder struct {
	Environment string            `env:"ENVIRONMENT,safe"`
	Typed       envcfg.Secret     `env:"TYPED" check:"min=5"`
	Password    string            `env:"ADMIN_PASSWORD,safe" check:"oneof=a|b"`
	Tagged      string            `env:"TAGGED,secret" check:"port"`
	Key         []byte            `env:"SIGNING_KEY" unit:"hex"`
	URL         envcfg.Secret     `env:"DATABASE_URL" check:"postgres"`
	Address     *url.URL          `env:"ADDRESS,safe" check:"url=https"`
	Text        string            `env:"TEXT" check:"match=[0-9]+"`
	List        []string          `env:"HOSTS" check:"max=0"`
	Map         map[string]string `env:"LABELS,json"`
	Level       level             `env:"LEVEL"`
	PoolSize    int               `env:"API_TOKENS"`
	unexported  envcfg.Secret
}

func (h holder) Validate() error {
	if h.Typed.Reveal() == "" {
		return nil
	}
	return errors.New("Typed is " + h.Typed.Reveal() + ": a careless rule shows it")
}

// 10 000 random secrets through everything that this package prints, as valid and as invalid values, in fields of every
// kind that may hold one, and in the file.
func TestSecretsAreNeverShown(t *testing.T) {
	t.Parallel()
	const rounds, each = 2_000, 5
	r := rand.New(rand.NewPCG(1, 2))
	for i := range rounds {
		var markers [each]string
		for j := range markers {
			markers[j] = randomSecret(r)
		}
		one := func() string { return markers[r.IntN(each)] }
		typed, user, inURL := one(), one(), strings.NewReplacer("%40", "@").Replace(url.QueryEscape(one())) // not every one is escaped rightly
		pairs := []string{
			"TYPED=" + typed, "ADMIN_PASSWORD=" + typed, "TAGGED=" + one(), "SIGNING_KEY=" + one(), "DATABASE_URL=postgres://app:" + inURL + "@db/app?password=" + inURL,
			"ADDRESS=https://" + url.PathEscape(user) + ":" + url.PathEscape(one()) + "@host/?token=" + url.QueryEscape(one()), "TEXT=" + one(), "HOSTS=" + one(),
			"LABELS=" + one(), "LEVEL=" + one(), "API_TOKENS=" + typed,
		}
		if i%2 == 0 { // only those that are valid, so that there is a configuration
			pairs = []string{"ADDRESS=" + strings.TrimPrefix(pairs[5], "ADDRESS="), "TEXT=12", "API_TOKENS=7"}
			pairs = append(pairs, "HOSTS=")
		}
		c, report, err := explain[holder](envcfg.Options{Environ: pairs, Files: []string{}})
		c.Typed, c.unexported = envcfg.NewSecret(one()), envcfg.NewSecret(one())
		shown := everyRendering(t, report, err, c.Typed, struct{ X envcfg.Secret }{c.unexported}, &struct{ x envcfg.Secret }{c.unexported})
		if i%2 == 1 {
			require.Error(t, err)
			shown += everyRendering(t, errors.Unwrap(errors.Join(err)), err)
		}
		if i%100 == 0 {
			var r recorder
			assert.Equal(&r, envcfg.Secret{}, c.Typed)
			assert.Equal(&r, &envcfg.Report{}, report)
			require.NotEmpty(t, r.String())
			shown += r.String()
		}
		for _, s := range markers {
			if _, err = envcfg.ParseDotenv("A="+s+"\nB C="+s+"\nD=\""+s+"\n", envcfg.Dialect(i%4), nil); err != nil {
				shown += err.Error()
			}
			quoted := fmt.Sprintf("%q", s)
			for _, written := range []string{s, url.QueryEscape(s), url.PathEscape(s), quoted[1 : len(quoted)-1]} {
				require.NotContains(t, shown, written)
			}
		}
	}
}

// recorder keeps the differences that a test library prints.
type recorder struct{ strings.Builder }

func (r *recorder) Errorf(format string, args ...any) { fmt.Fprintf(r, format, args...) }

// everyRendering prints values in all ways.
func everyRendering(t *testing.T, values ...any) string {
	t.Helper()
	var b bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&b, nil))
	text := slog.New(slog.NewTextHandler(&b, nil))
	for _, v := range values {
		if v == nil {
			continue
		}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&b, verb+"\n", v)
		}
		if e, ok := v.(error); ok {
			b.WriteString(e.Error())
			if p, ok := errors.AsType[*envcfg.Error](e); ok {
				v = p.Problems
				for _, problem := range p.Problems {
					fmt.Fprintf(&b, "%v %+v %#v", problem, problem, errors.Unwrap(problem))
				}
			}
		}
		if j, err := json.Marshal(v); err == nil {
			b.Write(j)
		}
		if x, err := xml.Marshal(v); err == nil {
			b.Write(x)
		}
		logger.Info("x", "v", v)
		text.Info("x", "v", v)
		if r, ok := v.(*envcfg.Report); ok {
			b.WriteString(r.String())
			for _, f := range r.Lint() {
				fmt.Fprintf(&b, "%v %+v", f, f)
			}
			for _, accept := range []string{"", "text/html"} {
				w := httptest.NewRecorder()
				req := httptest.NewRequest(http.MethodGet, "/", nil)
				req.Header.Set("Accept", accept)
				r.ServeHTTP(w, req)
				b.Write(w.Body.Bytes())
			}
		}
	}
	return b.String()
}

func TestSecret(t *testing.T) {
	t.Parallel()
	var zero envcfg.Secret
	require.True(t, zero.IsZero())
	require.Empty(t, zero.Reveal())
	require.Empty(t, zero.String())
	require.True(t, envcfg.NewSecret("").IsZero())
	s := envcfg.NewSecret("hunter2")
	require.Equal(t, "hunter2", s.Reveal())
	require.Equal(t, "[redacted]", s.String())
	var back struct{ S envcfg.Secret }
	require.NoError(t, json.Unmarshal([]byte(`{"S":"x"}`), &back))
	require.Equal(t, "x", back.S.Reveal())
}

// A secret that was put into the wrong variable is not shown there either.
func TestSwappedValues(t *testing.T) {
	t.Parallel()
	type config struct {
		Port     int           `env:"DB_PORT"`
		Password envcfg.Secret `env:"DB_PASSWORD"`
	}
	_, report, err := explain[config](envcfg.Options{Environ: []string{"DB_PORT=hunter2", "DB_PASSWORD=hunter2"}, Files: []string{}})
	require.ErrorContains(t, err, `DB_PORT: process environment: "[redacted]" is not a whole number`)
	require.NotContains(t, report.String(), "hunter2")
}
