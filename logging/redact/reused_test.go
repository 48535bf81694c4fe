package redact_test

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/logging/redact"
)

// Servers that use their buffers again hand out strings that change. What was harmless at a place must not make what comes
// to stand there later harmless, be it a message or a name.
func TestBuffersThatAreUsedAgain(t *testing.T) {
	t.Parallel()
	r, err := redact.New(redact.Config{})
	require.NoError(t, err)
	harmless, secret := "GET /path?colour=bright-red1", "GET /path?password=hunter222"
	require.Len(t, secret, len(harmless))
	buffer := []byte(harmless)
	s := unsafe.String(&buffer[0], len(buffer))
	for range 3 {
		require.Equal(t, harmless, r.Message(s))
	}
	copy(buffer, secret)
	for range 3 {
		require.NotContains(t, r.Message(s), "hunter222")
	}
	name := []byte("pastword")
	key := unsafe.String(&name[0], len(name))
	shown := func() any {
		enc := zapcore.NewMapObjectEncoder()
		b := r.Redact([]zap.Field{zap.String(key, "hunter222")})
		defer b.Free()
		for _, f := range b.Fields {
			f.AddTo(enc)
		}
		return enc.Fields[string(name)]
	}
	for range 3 {
		require.Equal(t, "hunter222", shown())
	}
	copy(name, "password")
	for range 3 {
		require.Equal(t, redact.Mask, shown())
	}
}
