package pool_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/pool"
)

func TestSecretIsNeverPrinted(t *testing.T) {
	t.Parallel()
	const value = "s3cr%t/pass:word@"
	secret := pool.NewSecret(value)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T|%v"} {
		args := []any{secret}
		if verb == "%T|%v" {
			args = []any{secret, secret}
		}
		require.NotContains(t, fmt.Sprintf(verb, args...), value, verb)
		require.NotContains(t, fmt.Sprintf(verb, struct{ S any }{secret}), value, verb)
		require.NotContains(t, fmt.Sprintf(verb, struct{ s pool.Secret }{secret}), value, "%s of an unexported field", verb)
	}
	require.NotContains(t, fmt.Sprintf("%x", secret), fmt.Sprintf("%x", value))

	var failure failureText // of a test that compares configurations
	assert.Equal(&failure, pool.Config{Password: secret}, pool.Config{Password: pool.NewSecret("x" + value)})
	require.NotEmpty(t, failure)
	require.NotContains(t, failure, value)

	encoded, err := json.Marshal(map[string]any{"p": secret, "c": pool.Config{Password: secret, URL: secret}})
	require.NoError(t, err)
	require.NotContains(t, string(encoded), "s3cr")

	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", secret, "config", pool.Config{Password: secret})
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "secret", secret, "config", pool.Config{Password: secret})
	require.NotContains(t, log.String(), "s3cr")
	require.Contains(t, log.String(), "[redacted]")
}

// failureText is what a test would show.
type failureText string

func (f *failureText) Errorf(format string, args ...any) {
	*f += failureText(fmt.Sprintf(format, args...))
}

func TestSecretEmptyShowsThatItIsEmpty(t *testing.T) {
	t.Parallel()
	require.Empty(t, pool.NewSecret("").String())
	require.True(t, pool.NewSecret("").IsZero())
	require.Empty(t, pool.Secret{}.Reveal())
}

func TestSecretIsReadFromText(t *testing.T) {
	t.Parallel()
	var cfg pool.Config
	require.NoError(t, json.Unmarshal([]byte(`{"Password":"from JSON"}`), &cfg))
	require.Equal(t, "from JSON", cfg.Password.Reveal())
	require.False(t, cfg.Password.IsZero())
}
