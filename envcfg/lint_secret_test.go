package envcfg_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

type lintedSuffixes struct {
	V2          string `env:"JWT_SECRET_V2"`
	Prod        string `env:"DB_PASSWORD_PROD"`
	Admin       string `env:"PASSWORD_ADMIN"`
	ReadOnly    string `env:"API_TOKEN_READONLY"`
	Live        string `env:"KEY_LIVE"`
	Hex         string `env:"JWT_SECRET_KEY_HEX"`
	PEM         string `env:"PRIVATE_KEY_PEM"`
	Base64      string `env:"KEY_BASE64"`
	Base32      string `env:"SECRET_BASE32"`
	JSON        string `env:"GOOGLE_CREDENTIALS_JSON"`
	Fallbacks   string `env:"SECRET_KEY_FALLBACKS"`
	Value       string `env:"SECRET_VALUE"`
	Primary     string `env:"PRIMARY_KEY"`
	Cosmos      string `env:"COSMOS_PRIMARY_KEY"`
	Secondary   string `env:"STORAGE_KEY_SECONDARY"`
	Base        string `env:"SECRET_KEY_BASE_STAGING"`
	PIN         string `env:"CARD_PIN_OLD"`
	Partition   string `env:"PARTITION_KEY_V2"`
	TypeDev     string `env:"TOKEN_TYPE_DEV"`
	KeyPrimary  string `env:"TABLE_PRIMARY_KEY"`
	FallbackOne string `env:"SECRET_KEY_FALLBACK_1"`
}

// Behind the word that makes a secret of a name may stand which of several it is, and how it is written.
func TestLintLooksThroughSuffixes(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"JWT_SECRET_V2", "DB_PASSWORD_PROD", "PASSWORD_ADMIN", "API_TOKEN_READONLY", "KEY_LIVE", "JWT_SECRET_KEY_HEX", "PRIVATE_KEY_PEM", "KEY_BASE64",
		"SECRET_BASE32", "GOOGLE_CREDENTIALS_JSON", "SECRET_KEY_FALLBACKS", "SECRET_VALUE", "PRIMARY_KEY", "COSMOS_PRIMARY_KEY", "STORAGE_KEY_SECONDARY",
		"SECRET_KEY_BASE_STAGING", "SECRET_KEY_FALLBACK_1",
	} {
		for _, text := range []string{"changeme", "<generate one>", "monkey", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"} {
			require.Equal(t, []string{"error: " + name + ": " + foundExample}, lintPairs[lintedSuffixes](t, name+"="+text), text)
		}
		require.Empty(t, lintPairs[lintedSuffixes](t, name+"="+goodKey), name)
	}
	for pair, want := range map[string]string{
		"JWT_SECRET_V2=k7Qm2ZrT9":       "error: JWT_SECRET_V2: " + foundShortKey,
		"PRIMARY_KEY=k7Qm2ZrT9":         "error: PRIMARY_KEY: " + foundShortKey,
		"COSMOS_PRIMARY_KEY=k7Qm2ZrT9":  "error: COSMOS_PRIMARY_KEY: " + foundShortKey,
		"DB_PASSWORD_PROD=k7Qm2Zr":      "warning: DB_PASSWORD_PROD: " + foundShortWord,
		"SECRET_KEY_BASE_STAGING=k7Qm2": "error: SECRET_KEY_BASE_STAGING: " + foundShortKey,
	} {
		require.Equal(t, []string{want}, lintPairs[lintedSuffixes](t, pair), pair)
	}
	require.Empty(t, lintPairs[lintedSuffixes](t, "CARD_PIN_OLD=90517", "PARTITION_KEY_V2=id", "TOKEN_TYPE_DEV=jwt", "TABLE_PRIMARY_KEY=id", "SECRET_KEY_FALLBACKS=[]", "GOOGLE_CREDENTIALS_JSON={}"))
}

type lintedMentions struct {
	Basic    string `env:"BASIC_AUTH"`
	App      string `env:"APP_AUTH"`
	Seed     string `env:"WALLET_SEED"`
	Session  string `env:"SESSION"`
	Cookie   string `env:"SESSION_COOKIE"`
	Sentry   string `env:"SENTRY_DSN"`
	Store    string `env:"SESSION_STORE"`
	Mode     string `env:"AUTH_MODE"`
	Prefix   string `env:"CACHE_KEY_PREFIX"`
	Cache    string `env:"CACHE_KEY"`
	Alphabet string `env:"TOKEN_ALPHABET"`
	Realm    string `env:"AUTH_REALM"`
	Keys     string `env:"KEY_LOCATION"`
}

// What has to do with a secret was filled in, whatever its last word is; guessing goes no further there.
func TestLintFindsPlaceholdersEverywhere(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"BASIC_AUTH", "APP_AUTH", "WALLET_SEED", "SESSION", "SESSION_COOKIE", "SENTRY_DSN", "SESSION_STORE", "AUTH_MODE", "CACHE_KEY_PREFIX", "CACHE_KEY", "TOKEN_ALPHABET",
		"AUTH_REALM", "KEY_LOCATION",
	} {
		for _, text := range []string{"changeme", "your-value-here", "placeholder", "an example", "<value>"} {
			require.Equal(t, []string{"error: " + name + ": " + foundExample}, lintPairs[lintedMentions](t, name+"="+text), text)
		}
	}
	for _, name := range []string{"BASIC_AUTH", "WALLET_SEED", "SESSION", "SENTRY_DSN"} { // which may be secrets
		require.Equal(t, []string{"error: " + name + ": " + foundExample}, lintPairs[lintedMentions](t, name+"=password"))
		require.Empty(t, lintPairs[lintedMentions](t, name+"=redis"), name)
	}
	require.Empty(t, lintPairs[lintedMentions](t, "SESSION=aaaa", "AUTH_MODE=password", "CACHE_KEY_PREFIX=dev-app:", "CACHE_KEY=todo:", "TOKEN_ALPHABET=0123456789abcdefgh", "AUTH_REALM=login.example.com",
		"KEY_LOCATION=/srv/example/keys", "SESSION_STORE=redis"))
}
