package admin_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics/admin"
	"github.com/prodwright/prodwright/metrics/health"
)

// planter makes values that hold secrets in the places where they are known to turn up.
type planter struct {
	*rand.Rand

	secrets []string
}

const alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

// secret makes one that occurs nowhere else. extra are further characters that it may hold.
func (p *planter) secret(extra string) string {
	b := []byte("Zq")
	for range 8 + p.IntN(24) {
		all := alphabet + extra
		b = append(b, all[p.IntN(len(all))])
	}
	b = append(b, "xW"...)
	p.secrets = append(p.secrets, string(b))
	return string(b)
}

func pick[T any](p *planter, list ...T) T { return list[p.IntN(len(list))] }

func (p *planter) name() string {
	word := pick(p, "password", "Password", "DB_PASSWORD", "db.passwd", "client_secret", "clientSecret", "Secret-Key", "SECRET_KEY", "accessToken", "refresh_token",
		"JWT_SECRET", "apiKey", "api_key", "x-api-key", "AWS_SECRET_ACCESS_KEY", "private_key", "encryption_key", "credentials", "Authorization", "Cookie", "set-cookie",
		"dsn", "DSN", "session_id", "passphrase", "pwd", "DB_PASS", "smtpPass", "MYSQL_PWD", "STRIPE_KEY", "tlsKey", "REDIS_AUTH", "pgpass", "bearer_token", "AccountKey", "PGPASSWORD")
	return word
}

// text is a text with a secret in it, as errors and settings have.
func (p *planter) text() string {
	s := func() string { return p.secret("") }
	switch p.IntN(26) {
	case 0:
		return "connect to postgres://app:" + p.secret("!$%^*()-_=+[]{};,.|~") + "@db.internal:5432/app?sslmode=require: refused"
	case 1:
		return fmt.Sprintf("cannot parse `host=db user=app %s=%s dbname=app`: failed", pick(p, "password", "passwd", "pwd"), s())
	case 2:
		return fmt.Sprintf(`request failed: Authorization: %s %s`, pick(p, "Bearer", "bearer", "Basic"), s())
	case 3:
		return "token eyJ" + s() + "." + s() + "." + s() + " is expired"
	case 4:
		return "-----BEGIN " + pick(p, "", "RSA ", "EC ", "OPENSSH ") + "PRIVATE KEY-----\n" + s() + "\n" + s() + "\n-----END PRIVATE KEY-----"
	case 5:
		return "GET https://api.example.com/v1?" + p.name() + "=" + s() + "&page=2: 500"
	case 6:
		return fmt.Sprintf(`{"user":"ann","%s":"%s"}`, p.name(), s())
	case 7:
		return fmt.Sprintf(`%s="%s" is too short`, p.name(), p.secret(" !&;,"))
	case 8:
		return fmt.Sprintf("%s: %s", p.name(), s())
	case 9:
		return "started with --" + pick(p, "password", "api-key", "client-secret", "token") + " " + s() + " --port 80"
	case 10:
		return "redis://:" + s() + "@cache:6379/0"
	case 11:
		return "ghp_" + s()
	case 12:
		return pick(p, "xoxb-", "sk_live_", "glpat-", "whsec_") + s()
	case 13:
		return fmt.Sprintf("%s='%s'", p.name(), p.secret(" "))
	case 14:
		return "amqp://user:" + p.secret("/#?") + "@mq/vhost is unreachable"
	case 15:
		return "app:" + p.secret("!$%^&*()=+") + "@tcp(db:3306)/app?parseTime=true: refused"
	case 16:
		return fmt.Sprintf("body was %q", fmt.Sprintf(`{"user":"ann","%s":"%s"}`, p.name(), s()))
	case 17:
		return fmt.Sprintf("db:\n  %s: |\n    %s\n    %s\n  port: 80", pick(p, "password", "secret", "private_key"), s(), s())
	case 18:
		return fmt.Sprintf("%s=%s is wrong", p.name(), p.secret("&;,)]!"))
	case 19:
		return fmt.Sprintf("%+v", struct {
			Host, Password string
			Tokens         []string
		}{"db", s(), []string{s(), s()}})
	case 20:
		return fmt.Sprintf("%v", http.Header{"Authorization": {"Bearer " + s()}, "Cookie": {"a=1; session=" + s()}, "Accept": {"*/*"}})
	case 21:
		return "Authorization: " + pick(p, "Token", "ApiKey", "AWS4 Signature=", `Digest response="x", nonce=`) + " " + s()
	case 22:
		return "<" + "password>" + p.secret("&;") + "</password>"
	case 23:
		return "https://host/x?" + pick(p, "sig", "code", "X-Amz-Signature", "access_token") + "=" + s() + "&page=1"
	case 24:
		return "line one\n" + fmt.Sprintf(`{"level":"error","%s":"%s"}`, p.name(), s()) + "\nline three"
	default:
		return fmt.Sprintf("%s => %s", p.name(), s())
	}
}

// value is any JSON value with secrets somewhere in it.
func (p *planter) value(depth int) any {
	if depth == 0 {
		return pick[any](p, p.text(), "plain", 7, true, nil, 1.5)
	}
	switch p.IntN(7) {
	case 5:
		return []any{"app", "--" + pick(p, "password", "api-key", "auth-token"), p.secret(" "), "--port", "80"}
	case 6:
		return map[string]any{pick(p, "key", "Name", "option"): p.name(), pick(p, "value", "Value", "defaultValue", "current"): p.secret(" ")}
	case 0:
		return map[string]any{p.name(): p.secret(" !:/?#&=@"), "a": p.value(depth - 1)}
	case 1:
		return map[string]any{p.name(): []any{p.secret(""), map[string]any{"deep": p.secret("")}}, p.text(): 1}
	case 2:
		return []any{p.value(depth - 1), p.value(depth - 1)}
	case 3:
		return []any{map[string]any{pick(p, "name", "header", "variable"): p.name(), "value": p.secret(" ")}}
	default:
		return map[string]any{"b": p.value(depth - 1), "error": errors.New(p.text()).Error()}
	}
}

// No secret is in any answer, whatever page, whoever asks.
func TestSecretsAreNeverShown(t *testing.T) {
	t.Parallel()
	plantSecrets(t, 0, 80)
}

// The same with a hundred times as many.
func TestCampaignSecretsAreNeverShown(t *testing.T) {
	if os.Getenv("PRODWRIGHT_CAMPAIGN") == "" {
		t.Skip("set PRODWRIGHT_CAMPAIGN, as make campaign does")
	}
	plantSecrets(t, 1000, 9000)
}

func plantSecrets(t *testing.T, from, to uint64) {
	t.Helper()
	planted := 0
	for seed := from; seed < to; seed++ {
		p := &planter{Rand: rand.New(rand.NewPCG(seed, 5))}
		value, failure, trouble, text, document := p.value(4), p.text(), p.text(), p.text()+"\n"+p.text(), p.value(3)
		probes := &health.Handler{Logger: quiet(), ShowErrors: func(*http.Request) bool { return true }}
		checked := p.text()
		require.NoError(t, probes.Add(health.Check{Name: "x", Severity: health.Degraded, Func: func(context.Context) error { return errors.New(checked) }}))
		tasks := new(admin.Tasks)
		broken := p.text()
		run, err := tasks.Add(admin.Task{Name: "t", Run: func(context.Context) error { return errors.New(broken) }})
		require.NoError(t, err)
		require.Error(t, run(t.Context()))
		c := admin.Config{Health: probes, Tasks: tasks, Exchanges: new(admin.Exchanges), Authorize: authorized(t), Logger: quiet(), Parts: []admin.Part{
			{Name: "value", Value: func(context.Context) (any, error) { return value, nil }},
			{Name: "error", Value: func(context.Context) (any, error) { return nil, errors.New(failure) }},
			{Name: "panic", Value: func(context.Context) (any, error) { panic(trouble) }},
			{Name: "text", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) })},
			{Name: "http-error", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, text, http.StatusTeapot) })},
			{Name: "json", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/problem+json")
				_ = json.NewEncoder(w).Encode(document)
			})},
		}}
		seen := httptest.NewRequest(http.MethodGet, "/reset/"+p.secret("")+"/?"+p.name()+"="+p.secret("")+"&"+p.secret("")+"=1", nil)
		seen.Header.Set("Authorization", "Bearer "+p.secret(""))
		seen.Header.Set("Cookie", "session="+p.secret(""))
		seen.Header.Set("X-Api-Key", p.secret(""))
		seen.Header.Set("User-Agent", "agent password="+p.secret(""))
		c.Exchanges.Middleware(http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), seen)
		h := surface(t, c)
		for _, page := range []string{"/", "/status", "/value", "/error", "/panic", "/text", "/http-error", "/json", "/health/", "/health/readyz?verbose", "/health/readyz/x", "/tasks", "/tasks/t", "/exchanges", "/info"} {
			for _, accept := range []string{"*/*", "text/html", "text/plain"} {
				body := ask(h, http.MethodGet, page, "", append(bearer(), "Accept", accept)...).Body.String()
				for _, secret := range p.secrets {
					for _, part := range []string{secret, secret[:6], secret[len(secret)-6:]} {
						require.NotContains(t, body, part, "%s, seed %d", page, seed)
					}
				}
			}
		}
		planted += len(p.secrets)
	}
	t.Log(planted, "secrets planted")
}

// What is none stays as it is.
func TestWhatIsShown(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"connection refused", "GET /users/7?page=2: 404", "http://localhost:8080/path", "postgres://app@db/app", "the token is expired", "password is required",
		"key=value", "2 of 3 replicas", "user: ann", "10:30:00", "mail to ann@example.com", "https://example.com/a:b/c@d", "passengers: 7", "https://example.com/~ann: see ann@example.com",
		"basic auth", "tests passed: 12",
	} {
		h := surface(t, admin.Config{Logger: quiet(), Parts: []admin.Part{{Name: "x", Value: func(context.Context) (any, error) {
			return map[string]any{"text": text, "name": text, "monkey": text, "bypass": true, "has_password": true, "token": nil, "password": ""}, nil
		}}}})
		var got map[string]any
		require.NoError(t, json.Unmarshal(ask(h, http.MethodGet, "/x", "").Body.Bytes(), &got))
		require.Equal(t, map[string]any{"text": text, "name": text, "monkey": text, "bypass": true, "has_password": true, "token": nil, "password": ""}, got)
	}
}

func TestMask(t *testing.T) {
	t.Parallel()
	c := admin.Config{Logger: quiet(), Mask: func(s string) string { return strings.ReplaceAll(s, "ann", "somebody") }, Parts: []admin.Part{
		{Name: "x", Value: func(context.Context) (any, error) { return []string{"ann", "bob", "password=x1 of ann"}, nil }},
	}}
	require.JSONEq(t, `["somebody", "bob", "password=•••• of somebody"]`, ask(surface(t, c), http.MethodGet, "/x", "").Body.String())
}

// What was masked still is the same document: order, numbers and texts survive.
func FuzzAnswers(f *testing.F) {
	for _, seed := range []string{`{"b":1,"a":[1.50,"x",null,true,{}],"c":{"d":[]}}`, `[]`, `"x"`, `12345678901234567890`, `{"a":1}{`, `nonsense`, `{"<b>":"</pre>&"}`, "\"\\u2028\\ud800\"", `{"a":{"a":{"a":[[[[]]]]}}}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		c := admin.Config{Logger: quiet(), Parts: []admin.Part{{Name: "x", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, body)
		})}}}
		h := surface(t, c)
		html := ask(h, http.MethodGet, "/x", "", "Accept", "text/html").Body.String()
		if body != "" {
			wellFormed(t, "/x", html)
		}
		got := ask(h, http.MethodGet, "/x", "").Body.String()
		if !json.Valid([]byte(body)) || !utf8.ValidString(body) || strings.ContainsAny(body, `:=\`) || strings.Contains(body, "ey") {
			return // a text, or one that may be masked
		}
		if !strings.Contains(got, "••") {
			require.JSONEq(t, body, got)
		}
	})
}
