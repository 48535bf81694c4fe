package redact_test

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/logging/redact"
)

// Names that programs make up fill no memory and are judged rightly, as are those that come after them.
func TestNamesWithoutEnd(t *testing.T) {
	r := newRedactor(t, redact.Config{Keys: []string{"iban", "Straße"}, Safe: []string{"Session_Color", "token"}})
	size := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := size()
	for i := range 100_000 {
		for name, hidden := range map[string]bool{fmt.Sprintf("user_%d", i): false, fmt.Sprintf("password_%d", i): true} {
			b := r.Redact([]zapcore.Field{zap.String(name, "x1y2")})
			require.Equal(t, hidden, b.Fields[0].String == redact.Mask, name)
			b.Free()
		}
	}
	require.Less(t, size(), before+1<<20)
	for name, hidden := range map[string]bool{
		"iban": true, "IBAN": true, "straße": true, "STRASSE": false, "session_color": false, "SESSION_COLOR": false, "token": false, "tokens": true, "ibans": false, "password": true, "DB_PASSWORD": true, "clientSecret": true, "X-Api-Key": true,
		"password_hash_algorithm": false, "user": false, "": false, strings.Repeat("a", 65): false, strings.Repeat("a_", 40) + "password": true, strings.Repeat("long", 50) + "password": false, "密码": true,
	} {
		b := r.Redact([]zapcore.Field{zap.String(name, "x1y2")})
		require.Equal(t, hidden, b.Fields[0].String == redact.Mask, name)
		b.Free()
	}
	require.Equal(t, "token=x1y2 iban=[redacted] tokens=[redacted]", r.Text("token=x1y2 iban=DE02 tokens=x1y2"))
	runtime.KeepAlive(r)
}

// The same Redactor serves any number of loggers at once.
func TestManyLoggers(t *testing.T) {
	t.Parallel()
	r := planting(t)
	fields := make([]zapcore.Field, 0, 128)
	for _, f := range plants() {
		fields = append(fields, f)
	}
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			s := newSinks(r)
			l := zap.New(s.core)
			for i := range 20 {
				f := fields[(g*31+i)%len(fields)]
				l.With(f).Info("said", f, zap.Int(fmt.Sprint("n", i), i))
				b := r.Redact([]zapcore.Field{f, f})
				m := zapcore.NewMapObjectEncoder()
				for _, f := range b.Fields {
					f.AddTo(m)
				}
				b.Free()
			}
			clean(t, s.all(t), "many")
		})
	}
	wg.Wait()
}
