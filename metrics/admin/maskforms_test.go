package admin_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics/admin"
)

// The forms in which secrets turn up, each with hunter2 as the secret, in texts.
func TestMaskedTexts(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"DB_PASS=hunter2", "SMTP_PASS: hunter2", "smtpPass=hunter2", "MYSQL_PWD=hunter2", "REDIS_AUTH=hunter2", "STRIPE_KEY=hunter2", "tls_key=hunter2", "AccountKey=hunter2;x=1",
		"key=hunter2", "sessionToken: hunter2", "requirepass=hunter2", "pass=hunter2", "pwd: hunter2",
		"app:hunter2@tcp(db:3306)/app: refused", `body was "{\"password\":\"hunter2\"}"`, `{"credentials":{"value":"hunter2"}}`, `log: {"tokens":["hunter2"]}`,
		"{\"a\":1}\n{\"name\":\"DB_PASSWORD\",\"value\":\"hunter2\"}\nrest", "\ufeff{\"password\":\"hunter2\"}",
		"Authorization: Token hunter2", "Authorization: ApiKey hunter2", `Authorization: Digest username="x", response="hunter2"`, "Authorization: AWS4-HMAC-SHA256 Credential=x, Signature=hunter2",
		"Cookie: theme=dark; session=hunter2", "map[Accept:[*/*] Cookie:[a=1; session=hunter2]]", "map[Authorization:[Token hunter2]]", "Set-Cookie: id=hunter2; Path=/",
		"Bearer hunter2", "sent Basic aHVudGVyMg hunter2=", "DB_PASSWORD=Tr0ub4dor&hunter2", "DB_PASSWORD=a;hunter2", "DB_PASSWORD=a,hunter2", "DB_PASSWORD=a)hunter2",
		"{Host:db Password:hunter2 Port:5432}", `&pool.Config{Password:"hunter2", Port:5432}`, "{Tokens:[aaa hunter2] X:1}", `password=hun\ hunter2 host=db`, `password='it\'s hunter2'`,
		"password: |\n  hunter2\n  hunter2\nport: 80", "db:\n  password: >-\n    hunter2\n  port: 80", "password:\n  value: hunter2\nport: 80", `--password "a hunter2" --x`, "--password hunter2",
		"-password=hunter2", "curl -u ann:hunter2 https://x", "<password>hunter2</password>", `<user password="hunter2"/>`, "password    hunter2", "PASSWORD\thunter2", "machine x login ann password hunter2",
		"alter role app password 'hunter2'", "ALTER ROLE app WITH PASSWORD 'it''s hunter2'", "create user x identified by 'hunter2'", "password%3Dhunter2", "https://s3/x?X-Amz-Signature=hunter2", "https://x/?a=1&sig=hunter2&b=2",
		"https://x/callback?code=hunter2", "postgres://app:hun hunter2@db/app", "postgres://app:hunter2/@db/app", "https://ghp0123456789abcdefhunter2@github.com/x", "https://abcdefghijklmnhunter2:x-oauth-basic@github.com",
		"mongodb+srv://u:hunter2@h/db", "jdbc:postgresql://db/app?user=a&password=hunter2", "password => hunter2", "password := \"hunter2\"", "`password`=`hunter2`", "'password': 'hunter2'", "$env:PASSWORD = 'hunter2'",
		"token=123456hunter2", "AKIAHUNTER2HUNTER234", "AGE-SECRET-KEY-1HUNTER2QQQQQQ", "--password -hunter2", "password: |\n  hunter2\nport: 80",
		"export DB_PASSWORD=hunter2", "ENV API_KEY hunter2=", "The secret: hunter2", "client_secret=hunter2&grant_type=x", "X-Api-Key: hunter2", "apikey hunter2", "private_key: \"hunter2\"",
	} {
		if text == "ENV API_KEY hunter2=" || text == "sent Basic aHVudGVyMg hunter2=" {
			text = strings.TrimSuffix(text, " hunter2=") + "=hunter2"
		}
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
		`{"a":[{"b":[{"credentials":{"user":"x","extra":["hunter2"]}}]}]}`, `{"database_url":"hunter2"}`, `{"env":{"PGPASSWORD":"hunter2","X":"1"}}`,
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
		`{"error":"GET /oauth/token: 500"}`, `{"error":"invalid token: signature mismatch"}`, `{"error":"image digest sha256:0123456789abcdef is unknown"}`, `{"error":"Bearer authentication failed"}`, `{"error":"basic understanding of negotiate protocol"}`,
		`{"error":"password authentication failed for user \"app\" (SQLSTATE 28P01)"}`, `{"error":"dial tcp 127.0.0.1:5432: connect: connection refused"}`, `{"url":"https://example.com:8443/a?page=2&limit=10#x"}`,
		`{"at":"2026-01-02T03:04:05Z","duration":"1m30s","bypass":"x","compass":"north"}`, `{"user":"ann","email":"ann@example.com"}`, `{"query":"select * from tokens where id = $1"}`, `{"error":"the secret is missing"}`,
		`{"rows":[{"name":"token_refresh_total","kind":"counter","rate":2}]}`, `{"public_key":"ssh-ed25519 AAAA"}`, `{"tokens":0}`, `{"x":[["a","b"],["c","d"]]}`, `{"path":"/var/lib/secrets","secret_path":"/run/secrets/db"}`,
	} {
		h := surface(t, admin.Config{Logger: quiet(), Parts: []admin.Part{{Name: "x", Value: func(context.Context) (any, error) { return json.RawMessage(body), nil }}}})
		require.JSONEq(t, body, ask(h, http.MethodGet, "/x", "").Body.String())
	}
}
