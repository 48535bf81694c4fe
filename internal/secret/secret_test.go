package secret_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/internal/secret"
)

// The glance at a name misses none.
func TestSecrecyMissesNothing(t *testing.T) {
	t.Parallel()
	parts := []string{
		"pass", "password", "passwd", "passphrase", "passwort", "secret", "api", "access", "private", "encryption", "signing", "account", "shared", "key", "KEY", "Key", "credential", "authorization", "connection", "string", "database", "url", "session", "id", "require", "set", "cookie",
		"密码", "令牌", "pwd", "passw", "pin", "otp", "dsn", "hmac", "token", "auth", "sid", "jwt", "bearer", "signature", "salt", "bypass", "pw", "value", "b64", "1", "_", "-", ".", " ", "count", "ttl", "user", "S", "ecret", "to", "ken", "é", "K", "ſ",
	}
	found := 0
	for seed := range uint64(100_000) {
		r := rand.New(rand.NewPCG(seed, 2))
		var b strings.Builder
		for range 1 + r.IntN(4) {
			b.WriteString(parts[r.IntN(len(parts))])
		}
		name := b.String()
		require.Equal(t, secret.SecrecyOf(name), secret.Secrecy(name), name)
		if secret.Secrecy(name) != secret.Harmless {
			found++
		}
	}
	require.Greater(t, found, 10_000)
}

func TestSecrecy(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]secret.Strength{
		"password": secret.Strong, "DB_PASSWORD": secret.Strong, "clientSecret": secret.Strong, "x-api-key": secret.Strong, "smtpPass": secret.Strong, "MYSQL_PWD": secret.Strong, "Authorization": secret.Strong, "databaseURL": secret.Strong, "密码": secret.Strong, "password_1": secret.Strong, "secret_value": secret.Strong,
		"token": secret.Weak, "key": secret.Weak, "auth": secret.Weak, "pass": secret.Weak, "tokens": secret.Weak, "tls_key": secret.Weak, "session": secret.Weak,
		"": secret.Harmless, "user": secret.Harmless, "token_count": secret.Harmless, "cache_key": secret.Harmless, "monkey": secret.Harmless, "bypass": secret.Harmless, "password_policy": secret.Harmless, "secretary": secret.Harmless, "author": secret.Harmless, strings.Repeat("password", 20): secret.Harmless,
	} {
		require.Equal(t, want, secret.Secrecy(name), name)
	}
	require.Zero(t, masker().Secrecy("user"))
	judged := secret.Masker{Mask: "$1•", Judge: func(name string) secret.Strength {
		if name == "iban" || name == "key" {
			return secret.Strong
		}
		return secret.Harmless
	}}
	require.True(t, judged.MayHold("iban=DE02"))
	require.Equal(t, "iban=$1• password=x1", judged.Text("iban=DE02 password=x1"))
	require.JSONEq(t, `{"key":"$1•"}`, judged.Lines(`{"key":"users:7"}`))
	require.Equal(t, "redis://:$1•@cache", judged.Text("redis://:x1@cache"))
}

// JSON in which nothing is masked stays as it is written.
func TestLines(t *testing.T) {
	t.Parallel()
	m := masker()
	for s, want := range map[string]string{
		`{"a": 1,  "b": "x"}`: `{"a": 1,  "b": "x"}`, `{"a": 1, "password": "x1"}`: `{"a":1,"password":"[redacted]"}`,
		"before\n{\"a\": 1}\n{\"pin\": 72727}\nafter password=x1": "before\n{\"a\": 1}\n{\"pin\":\"[redacted]\"}\nafter password=[redacted]",
		`["app","--password","x1"]`:                               `["app","--password","[redacted]"]`, `{"name":"DB_PASSWORD","value":"x1"}`: `{"name":"DB_PASSWORD","value":"[redacted]"}`, `{"password":true,"pin":null}`: `{"password":true,"pin":null}`,
		`{"secret":{"x1aB3dE6":["a",1,"valid"],"n":1,"size":2}}`: `{"secret":{"[redacted]":["[redacted]","[redacted]","valid"],"n":"[redacted]","size":2}}`, `{"password=x1":1}`: `{"password=[redacted]":"[redacted]"}`, `{"p":{"key":"users:7"}}`: `{"p":{"key":"users:7"}}`,
	} {
		require.True(t, m.MayHold(s) || s == want, s)
		require.Equal(t, want, m.Lines(s))
	}
	m.NamesOnly = true
	require.JSONEq(t, `{"note":"password=x1","password":"[redacted]"}`, m.Lines(`{"note":"password=x1","password":"x1"}`))
	require.False(t, m.MayHold("password=x1"))
	m.Bools = true
	require.JSONEq(t, `{"password":"[redacted]","ok":true}`, m.Lines(`{"password":true,"ok":true}`))
}
