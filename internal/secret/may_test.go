package secret_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/internal/secret"
)

func masker() *secret.Masker { return &secret.Masker{Mask: "[redacted]"} }

// pieces are what texts with and without secrets are made of.
func pieces() []string {
	return []string{
		"password", "Password", "PASS", "passwd", "pwd", "api_key", "apiKey", "x-api-key", "token", "Token", "access_token", "tokens", "auth", "Authorization", "Cookie", "session", "session_id", "sid", "jwt",
		"bearer", "Bearer", "Basic", "basic", "apikey", "signature", "salt", "secret", "client_secret", "credentials", "dsn", "database_url", "connection string", "connectionString", "pin", "otp", "hmac", "key", "密码", "令牌",
		"sig", "code", "user", "host", "port", "author", "monkey", "keyboard", "passenger", "compass", "count", "value", "name", "NAME", "type", "age", "login", "machine", "identified by", "IDENTIFIED WITH x BY", "set password", "SET PASSWORD FOR x", "E", "for",
		"=", ":", "：", "%3D", "%3d", "=>", ":=", "::", "://", "@", "@tcp(", "@unix(", "-", "--", "-----BEGIN ", "RSA PRIVATE KEY-----", "-u", "-u ", "--user ", "--user=", "-p", "mysql", "mysql ", "curl ", "<", ">", "</", "<![CDATA[", "]]>",
		" ", "  ", "\t", "\n", "\r\n", "\"", "'", "`", "\\", "\\\"", "*", "[", "]", "[0]", "{", "}", "(", ")", ",", ";", "&", "?", "#", "|", ">-", "/", ".", "_", "$", "$$", "!", "~", "+",
		"hunter2", "Tr0ub4dor", "abc", "123456", "72727", "aB3dE6gH9jK2mN5p", "0123456789abcdef0123", "eyJ", "eyJhbGciOi", "ghp_", "glpat-", "sk_live_", "sk-", "xoxb-", "xapp-", "AKIA", "ASIA", "ABCDEFGHIJKLMNOP", "AGE-SECRET-KEY-1", "AIza", "SG.", "ya29.", "hf_", "npm_", "pypi-", "hvs.", "shpat_", "dop_v1_", "whsec_", "rk_live_", "ATATT", "glrt-", "github_pat_",
		"pAsSwOrD ", "Password '", "SET Password ", "PAssword ", "password '", "Pa", "pA", "aPikey ", "APIkey ", "apikey ", "Apikey ", "bEARER ", "BEARER ", "bASIC ", "BASIC ", "bearer ", "basic ", "Bearer ", "Basic ", "tOKEN ", "TOKEN ", "token ", "Token ", "iDENTIFIED BY 'x'", "IDENTIFIED BY 'x'", "Identified by 'x'", "identified by 'x'",
		"https", "http", "postgres", "redis", "amqp", "example.com", "hooks.slack.com", "/services/", "discord.com/api/webhooks/", "open.feishu.cn/open-apis/bot/v2/hook/", "api.telegram.org/bot",
		"\x1b[0m", "\x1b", "ſ", "K", "\ufeff", "é", "日本", "•", "\u00a0", "\u0085", "\x00", "\xff", "true", "null", "none", "\"password\":", "{\"name\":\"DB_PASSWORD\",\"value\":\"", "[\"--password\",\"", "[\"token\",\"", "\"}", "\"]",
	}
}

// What MayHold says no to is not changed.
func TestMayHoldMissesNothing(t *testing.T) {
	t.Parallel()
	all, m := pieces(), masker()
	masked, held := 0, 0
	for seed := range uint64(50_000) {
		r := rand.New(rand.NewPCG(seed, 1))
		var b strings.Builder
		for range 1 + r.IntN(9) {
			b.WriteString(all[r.IntN(len(all))])
		}
		s := b.String()
		if m.MayHold(s) {
			held++
			continue
		}
		require.Equal(t, s, m.Text(s))
		require.Equal(t, s, m.Lines(s))
		masked++
	}
	require.Greater(t, masked, 5_000, "most are not told at a glance: %d", held)
}

func FuzzMayHold(f *testing.F) {
	for _, s := range pieces() {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		m := masker()
		for _, s := range []string{a, a + b, a + " " + b, a + "=" + b, a + ":" + b, "--" + a + " " + b, a + "  " + b} {
			if !m.MayHold(s) {
				require.Equal(t, s, m.Text(s))
				require.Equal(t, s, m.Lines(s))
			}
			m.Lines(s)
		}
	})
}

// ordinary are texts as logs have them, none of which needs a closer look.
func ordinary() []string {
	return []string{
		"request completed", "mail to ann@example.com was sent", "GET /api/v1/users/42 200 12ms", "user ann logged in from 10.0.0.7:51334 with client app/1.4.2 on linux", "550e8400-e29b-41d4-a716-446655440000",
		"2026-01-02T03:04:05.000006Z", "https://example.com:8443/a?page=2&limit=10#x", "connect to 127.0.0.1:5432: connection refused", "878508bfa2c1",
		"SELECT id, name FROM users WHERE id = $1 AND state = 'open' ORDER BY id LIMIT 20", "payment 7f3a of order 1842 was captured by provider stripe after 2 attempts in 341 ms",
		"worker 3 took job 1842 (image resize) from queue media and gave it back after 3 tries",
	}
}

func TestOrdinaryTextsAreToldAtAGlance(t *testing.T) {
	m := masker()
	for _, s := range ordinary() {
		require.False(t, m.MayHold(s), s)
	}
	require.Zero(t, testing.AllocsPerRun(10, func() {
		for _, s := range ordinary() {
			m.MayHold(s)
		}
	}))
}

func BenchmarkMayHold(b *testing.B) {
	for _, s := range ordinary() {
		b.Run(s[:min(len(s), 12)], func(b *testing.B) {
			b.SetBytes(int64(len(s)))
			m := masker()
			for b.Loop() {
				m.MayHold(s)
			}
		})
	}
}
