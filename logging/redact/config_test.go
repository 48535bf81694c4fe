package redact_test

import (
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/logging/redact"
)

func TestConfigIsValidated(t *testing.T) {
	t.Parallel()
	_, err := redact.New(redact.Config{
		Keys: []string{"iban", " "}, Safe: []string{"", "IBAN"}, Patterns: []*regexp.Regexp{nil, regexp.MustCompile("x*"), regexp.MustCompile("x")},
		Types: []reflect.Type{nil, reflect.TypeFor[string](), reflect.TypeFor[*int](), reflect.TypeFor[[]byte](), reflect.TypeFor[listed](), reflect.TypeFor[**listed]()},
	})
	require.EqualError(t, err, strings.TrimSpace(`
logging/redact: Keys[1] is empty; write a name or leave it out
logging/redact: Safe[0] is empty; write a name or leave it out
logging/redact: Safe[1] is "IBAN", which is in Keys, too; leave it out of one
logging/redact: Patterns[0] is nil; leave it out
logging/redact: Patterns[1] is "x*", which finds the empty text everywhere; let it find one character at least
logging/redact: Types[0] is nil; leave it out
logging/redact: Types[1] is string, which is not a type of a package; declare one for secrets
logging/redact: Types[2] is *int, which is not a type of a package; declare one for secrets
logging/redact: Types[3] is []uint8, which is not a type of a package; declare one for secrets`))
	require.NoError(t, redact.Config{}.Validate())
}

// Any text can be looked through, twice is as once, and what has no secret before it is not touched.
func FuzzText(f *testing.F) {
	for _, s := range harmless() {
		f.Add(s)
	}
	for _, s := range []string{"password=x1", "a: Bearer aB3dE6gH9j", `{"password":"x1"}`, "postgres://a:b@c", "-----BEGIN PRIVATE KEY-----\nx", "card 4711", "[redacted]"} {
		f.Add(s)
	}
	r, err := redact.New(redact.Config{Keys: []string{"iban"}, Patterns: patterns(`4711`)})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, s string) {
		shown := r.Text(s)
		if shown == s {
			require.Equal(t, s, r.Message(s))
		}
		fields := []zapcore.Field{zap.String("password", s), zap.String(s, "x"), zap.Any("m", map[string]string{"secret": s, s: s}), zap.Strings("list", []string{s, s}), zap.ByteString("b", []byte(s))}
		b := r.Redact(fields)
		require.NotEmpty(t, bareJSON(t, b.Fields))
		b.Free()
	})
}
