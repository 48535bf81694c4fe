package admin_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/internal/secret/secrettest"
	"github.com/prodwright/prodwright/metrics/admin"
)

func TestMaskedTexts(t *testing.T) {
	t.Parallel()
	for _, text := range secrettest.Forms() {
		got := shownAs(t, text)
		for form, answer := range got {
			require.NotContains(t, strings.ToLower(answer), "hunter2", "%s: %s", form, text)
		}
	}
}

// shownAs returns the ways in which a text may come to be shown.
func shownAs(t *testing.T, text string) map[string]string {
	t.Helper()
	handler := func(media string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if media != "" {
				w.Header().Set("Content-Type", media)
			}
			w.Header().Set("X-Told", strings.ReplaceAll(text, "\n", " "))
			_, _ = io.WriteString(w, text)
		})
	}
	h := surface(t, admin.Config{Logger: quiet(), Parts: []admin.Part{
		{Name: "value", Value: func(context.Context) (any, error) {
			return map[string]any{"message": text, "list": []string{text}}, nil
		}},
		{Name: "plain", Handler: handler("")}, {Name: "csv", Handler: handler("text/csv")}, {Name: "yaml", Handler: handler("application/yaml")}, {Name: "broken", Handler: handler("application/json")},
		{Name: "xml", Handler: handler("application/xml")}, {Name: "lines", Handler: handler("application/x-ndjson")},
	}})
	all := map[string]string{}
	for _, page := range []string{"value", "plain", "csv", "yaml", "broken", "xml", "lines"} {
		w := ask(h, http.MethodGet, "/"+page, "")
		if page != "value" && !strings.Contains(text, "\n") { // what stands on lines of its own is not what headers have
			all[page+" header"] = w.Header().Get("X-Told")
		}
		all[page] = w.Body.String()
		all[page+" html"] = ask(h, http.MethodGet, "/"+page, "", "Accept", "text/html").Body.String()
	}
	return all
}

// The same in values.
func TestMaskedValues(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"DB_PASS":"hunter2"}`, `{"smtpPass":"hunter2"}`, `{"MYSQL_PWD":"hunter2"}`, `{"REDIS_AUTH":"hunter2"}`, `{"STRIPE_KEY":"hunter2"}`, `{"tls_key":"hunter2"}`, `{"signature":"hunter2"}`, `{"session":"hunter2"}`,
		`{"key":"DB_PASSWORD","value":"hunter2"}`, `{"Key":"DB_PASSWORD","Value":"hunter2"}`, `{"name":"DB_PASSWORD","value":"x","default":"hunter2"}`, `{"Name":"password","DefValue":"hunter2","Usage":"x"}`,
		`{"name":"DB_PASSWORD","current":"hunter2"}`, `["app","--password","hunter2"]`, `[["password","hunter2"]]`, `["-----BEGIN PRIVATE KEY-----","hunter2","hunter2","-----END PRIVATE KEY-----","x"]`,
		`{"api_keys":{"sk_live_0123456789hunter2":{"a":1}}}`, `{"secret":{"postgres://a:hunter2@db":1}}`, `{"text":"{\"password\":\"hunter2\"}"}`, `{"pin":72727}`, `{"tokens":["hunter2"]}`, `{"Authorization":["Token hunter2"]}`,
		`{"a":[{"b":[{"credentials":{"user":"x","extra":["hunter2"]}}]}]}`, `{"database_url":"hunter2"}`, `{"variable":"DB_PASSWORD","new":"hunter2","old":"hunter2"}`, `{"name":"password","data":"hunter2"}`, `{"k":"password","v":"hunter2"}`, `{"env":{"PGPASSWORD":"hunter2","X":"1"}}`,
	} {
		h := surface(t, admin.Config{Logger: quiet(), Parts: []admin.Part{{Name: "x", Value: func(context.Context) (any, error) { return json.RawMessage(body), nil }}}})
		for _, accept := range []string{"*/*", "text/html"} {
			answer := ask(h, http.MethodGet, "/x", "", "Accept", accept).Body.String()
			require.NotContains(t, answer, "hunter2", body)
			require.NotContains(t, answer, "72727", body)
		}
	}
}

// What operators need to read is not masked.
func TestHarmlessIsShown(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"name":"TOKEN_TTL","value":"10m","default":"5m"}`, `{"name":"PASSWORD_MIN_LENGTH","value":"8"}`, `{"token_type":"bearer","tokens_per_second":12.5,"prompt_tokens":512,"password_min_length":8,"token_ttl_seconds":3600}`,
		`{"pass":12,"fail":1}`, `{"name":"DB_PASSWORD","type":"string","value":"","origin":{"layer":"environment","line":3},"doc":"of the role"}`, `{"auth":"ok","vault":"up","token":"valid","secret_name":"db","password_set":true,"credentials_expired":false}`, `{"secretary":"ann"}`, `["password","is","wrong"]`, `{"error":"the session    abandoned quickly"}`, `{"error":"yaml: tokens=12 password_policy=none\nnext: x"}`, `{"cache_key":"users:7","primary_key":"id","sort_key":"name"}`,
		`{"error":"Get \"http://auth:8080/healthz\": dial tcp 10.0.0.1:80: refused"}`, `{"image":"registry/auth:2.14.13"}`, `{"error":"dial tcp app-secrets:8200: refused"}`, `{"error":"postgres://app:5432/x is down; contact ops@example.com"}`,
		`[{"key":"DB_HOST","value":"db"},{"key":"users/7.json","size":12}]`, `{"cookie":{"max_age":3600}}`, `{"secrets":{"loaded":12}}`, `{"tests_pass":12}`, `{"error":"could not get credentials: connection refused"}`,
		`{"error":"securecookie: the value is not valid"}`, `{"hba":"auth=scram-sha-256"}`, `{"log":"tokens=1523000"}`, `{"sig":"SIGTERM"}`, `{"name":"refresh_token","runs":5,"took":1.5}`, `{"sql":"column \"password\" of relation \"users\" does not exist"}`,
		`{"error":"GET /oauth/token: 500"}`, `{"error":"invalid token: signature mismatch"}`, `{"error":"image digest sha256:0123456789abcdef is unknown"}`, `{"error":"Bearer authentication failed"}`, `{"error":"basic understanding of negotiate protocol"}`,
		`{"error":"password authentication failed for user \"app\" (SQLSTATE 28P01)"}`, `{"error":"dial tcp 127.0.0.1:5432: connect: connection refused"}`, `{"url":"https://example.com:8443/a?page=2&limit=10#x"}`,
		`{"at":"2026-01-02T03:04:05Z","duration":"1m30s","bypass":"x","compass":"north"}`, `{"user":"ann","email":"ann@example.com"}`, `{"query":"select * from tokens where id = $1"}`, `{"error":"the secret is missing"}`,
		`{"rows":[{"name":"token_refresh_total","kind":"counter","rate":2}]}`, `{"public_key":"ssh-ed25519 AAAA"}`, `{"tokens":0}`, `{"x":[["a","b"],["c","d"]]}`, `{"path":"/var/lib/secrets","secret_path":"/run/secrets/db"}`,
	} {
		h := surface(t, admin.Config{Logger: quiet(), Parts: []admin.Part{{Name: "x", Value: func(context.Context) (any, error) { return json.RawMessage(body), nil }}}})
		require.JSONEq(t, body, ask(h, http.MethodGet, "/x", "").Body.String())
	}
}

// The time that masking takes grows as the text does, whatever is in it.
func TestMaskingIsLinear(t *testing.T) {
	t.Parallel()
	for _, unit := range []string{
		"key=[\n", "password:|x ", "password:|\n ", "key=", "=", "[", "]", "password=\"", "password='a\\", "\"password\":\"", "token: ", "password=(", "secret=[{(", "://", "a:b@c", "postgres://a:", "https://a:b", "-", "--password ",
		"<password>", "password  ", "\\\"", "eyJ.", "a.b.c=", "?code=&", "%3D", "：", "{\"a\":", "password #", "password: !a ", "bearer ", "-----BEGIN PRIVATE KEY-----", "password '", "mysql -p", "-u a", "password[0]=", "\x1b[1m", "x", "{", "\n",
	} {
		cost := func(n int) time.Duration {
			text := strings.Repeat(unit, n/len(unit)+1)
			best := time.Duration(1 << 62)
			for range 3 {
				began := time.Now()
				admin.MaskText(text)
				best = min(best, time.Since(began))
			}
			return best
		}
		// Not a limit of time but of growth: four times would be linear, sixteen quadratic.
		small := cost(8 << 10)
		if large := cost(128 << 10); large > 100*small+50*time.Millisecond {
			t.Errorf("%q: %v for 8 kB, %v for 128 kB", unit, small, large)
		}
	}
}
