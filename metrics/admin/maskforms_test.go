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
		// Quotes without an end, doubled, and behind backslashes.
		"10:00 password=\"abc…\n10:01 password=\"hunter2\" ok", "wrong password 'abc…\nALTER USER x PASSWORD 'hunter2'", "--password \"abc…\nrun --password \"hunter2\"", `x password="C:\\" token="hunter2secret9"`,
		"password: 'it''s-hunter2'", "password   =   hunter2", "password\t=\thunter2", "password\t:\thunter2", "secret: 'tis a\npassword=hunter2",
		// Places of others.
		"https://hooks.slack.com/services/T0/B0/hunter2", "https://discord.com/api/webhooks/1/hunter2", "https://open.feishu.cn/open-apis/bot/v2/hook/hunter2-x", "https://api.telegram.org/bot1:hunter2/send",
		"passwords:\n- hunter2\nport: 80", "token: |\n  hunter2", "tokens:\n  - hunter2", "password: !vault |\n  hunter2\n", "password: &anchor hunter2", "password: !!str hunter2", "password: # comment\n  hunter2",
		"CREATE USER x IDENTIFIED WITH mysql_native_password BY 'hunter2'", `IDENTIFIED BY "hunter2"`, "PASSWORD E'hunter2'", "PASSWORD $$hunter2$$", "SET PASSWORD FOR x = 'hunter2'", `Password: (string) (len=7) "hunter2"`,
		`Password:[]byte("hunter2")`, "Password:[]uint8{0x1, hunter2}", "client-key-data: hunter2", "curl --user app:hunter2 x", "curl -uapp:hunter2 x", "mysql -u app -phunter2 db", "<password><![CDATA[hunter2]]></password>",
		"tokenValue=hunter2", "token_value: hunter2", "password_1=hunter2", "passwords[0]=hunter2", "bindpw=hunter2", "userPassword:: hunter2", "**Password:** hunter2", "password\x1b[0m=\x1b[31mhunter2", "password：hunter2", "密码=hunter2", "数据库密码：hunter2",
		"SG.abcdefghunter2", "ya29.abcdefghunter2", "hf_abcdefghunter2", "shpat_abcdefghunter2", "glrt-abcdefghunter2", "db password: hunter2", "login with password: hunter2 failed",
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
