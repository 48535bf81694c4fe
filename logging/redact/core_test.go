package redact_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/prodwright/prodwright/logging/redact"
)

// Each core below decides for itself what it takes.
func TestCoresDecide(t *testing.T) {
	t.Parallel()
	low, lowSeen := observer.New(zapcore.DebugLevel)
	high, highSeen := observer.New(zapcore.ErrorLevel)
	rare, rareSeen := observer.New(zapcore.DebugLevel)
	inner := zapcore.NewTee(low, high, zapcore.NewSamplerWithOptions(rare, time.Hour, 1, 0))
	c := newRedactor(t, redact.Config{}).Core(inner)
	require.Equal(t, zapcore.DebugLevel, zapcore.LevelOf(c))
	require.True(t, c.Enabled(zapcore.DebugLevel))
	l := zap.New(c)
	for range 5 {
		l.With(zap.Int("n", 1)).Info("said")
	}
	l.Error("failed")
	require.Equal(t, 6, lowSeen.Len())
	require.Equal(t, 1, highSeen.Len())
	require.Equal(t, 2, rareSeen.Len(), "one of each message")
}

func TestNobodyTakesIt(t *testing.T) {
	t.Parallel()
	inner, _ := observer.New(zapcore.ErrorLevel)
	c := newRedactor(t, redact.Config{}).Core(inner)
	require.Equal(t, zapcore.ErrorLevel, zapcore.LevelOf(c))
	require.Nil(t, c.Check(zapcore.Entry{Level: zapcore.InfoLevel}, nil))
	require.NoError(t, c.Sync())
}

// A core beside the one that hides secrets gets everything, as before.
func TestOtherCoresAreLeftAlone(t *testing.T) {
	t.Parallel()
	inner, innerSeen := observer.New(zapcore.DebugLevel)
	beside, besideSeen := observer.New(zapcore.DebugLevel)
	zap.New(zapcore.NewTee(newRedactor(t, redact.Config{}).Core(inner), beside)).Info("password=x1", zap.String("password", "x1"))
	require.Equal(t, "password=x1", besideSeen.All()[0].Message)
	require.Equal(t, "x1", besideSeen.All()[0].ContextMap()["password"])
	require.Equal(t, "password=[redacted]", innerSeen.All()[0].Message)
	require.Equal(t, "[redacted]", innerSeen.All()[0].ContextMap()["password"])
}

type broken struct{ zapcore.LevelEnabler }

func (b broken) With([]zapcore.Field) zapcore.Core { return b }
func (b broken) Check(e zapcore.Entry, c *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	return c.AddCore(e, b)
}
func (broken) Write(zapcore.Entry, []zapcore.Field) error { return errors.New("the disk is full") }
func (broken) Sync() error                                { return errors.New("no sync") }

// Errors of cores are reported where zap reports them.
func TestErrorsOfCores(t *testing.T) {
	t.Parallel()
	c := newRedactor(t, redact.Config{}).Core(broken{zapcore.DebugLevel})
	require.EqualError(t, c.Sync(), "no sync")
	var reported written
	zap.New(c, zap.ErrorOutput(&reported)).Info("said")
	require.Contains(t, string(reported), "write error: the disk is full\n")
	require.EqualError(t, c.Write(zapcore.Entry{}, nil), "the disk is full")
}

type written []byte

func (w *written) Write(b []byte) (int, error) { *w = append(*w, b...); return len(b), nil }
func (*written) Sync() error                   { return nil }

func TestOff(t *testing.T) {
	t.Parallel()
	r := newRedactor(t, redact.Config{Off: true, Patterns: patterns("x")})
	inner, _ := observer.New(zapcore.DebugLevel)
	require.Same(t, inner, r.Core(inner))
	fields := []zapcore.Field{zap.String("password", "x1")}
	require.Same(t, &fields[0], &r.Redact(fields).Fields[0])
	require.Equal(t, "password=x1", r.Text("password=x1"))
	require.Equal(t, "password=x1", r.Message("password=x1"))
}

func TestKeysOnly(t *testing.T) {
	t.Parallel()
	r := newRedactor(t, redact.Config{KeysOnly: true, Patterns: patterns("x1")})
	require.Equal(t, "password=x1", r.Text("password=x1"))
	require.JSONEq(t, `{"note":"password=x1","password":"[redacted]","m":{"password":"[redacted]","note":"password=x1"},"e":"password=x1","t":"[redacted]"}`, encodedBy(t, r, []zapcore.Field{
		zap.String("note", "password=x1"), zap.String("password", "x1"), zap.Any("m", map[string]string{"password": "x1", "note": "password=x1"}), zap.NamedError("e", errors.New("password=x1")), zap.Any("t", bare("x1")),
	}))
}

// An error without its secret is still the error.
func TestErrorsStayThemselves(t *testing.T) {
	t.Parallel()
	cause := chatty{"password=x1", "long password=x1"}
	r := newRedactor(t, redact.Config{})
	for err, isGroup := range map[error]bool{fmt.Errorf("a: %w", cause): false, cause: false, &several{cause}: true, errors.Join(cause, errors.New("x")): false} {
		b := r.Redact([]zapcore.Field{zap.Error(err)})
		shown := b.Fields[0].Interface.(error)
		require.NotContains(t, shown.Error()+fmt.Sprintf("%v %+v %s %q", shown, shown, shown, shown), "x1")
		if !isGroup {
			require.ErrorIs(t, shown, cause)
			var found chatty
			require.ErrorAs(t, shown, &found)
		}
		for e := shown; e != nil; e = errors.Unwrap(e) {
			require.NotContains(t, e.Error(), "x1")
		}
	}
}
