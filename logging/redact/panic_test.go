package redact_test

import (
	"errors"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/logging/redact"
)

// wild is a value all of whose methods panic.
type wild struct{ with any }

func (w wild) String() string                                 { panic(w.with) }
func (w wild) MarshalJSON() ([]byte, error)                   { panic(w.with) }
func (w wild) MarshalLogObject(e zapcore.ObjectEncoder) error { e.AddInt("n", 1); panic(w.with) }
func (w wild) MarshalLogArray(e zapcore.ArrayEncoder) error   { e.AppendInt(1); panic(w.with) }

type wildError struct{ wild }

func (w wildError) Error() string { panic(w.with) }

type wildSecret struct{ wild }

func (w wildSecret) Reveal() string { panic(w.with) }

type failing struct{}

func (failing) MarshalLogObject(zapcore.ObjectEncoder) error { return errors.New("password=x1") }
func (failing) MarshalLogArray(zapcore.ArrayEncoder) error   { return errors.New("password=x1") }
func (failing) MarshalJSON() ([]byte, error)                 { return nil, errors.New("password=x1") }

// What panics or fails does no harm, and tells no secret by it.
func TestPanicsAndFailures(t *testing.T) {
	t.Parallel()
	r := newRedactor(t, redact.Config{})
	w := wild{"password=x1"}
	var noURL *url.URL
	var noUser *user
	var noError *wildError
	for _, c := range []struct {
		f    zapcore.Field
		want string
	}{
		{zap.Stringer("x", w), `{"xError":"PANIC=password=[redacted]"}`},
		{zap.Object("x", w), `{"x":{"n":1},"xError":"PANIC=password=[redacted]"}`},
		{zap.Array("x", w), `{"x":[1],"xError":"PANIC=password=[redacted]"}`},
		{zap.Inline(w), `{"n":1,"Error":"PANIC=password=[redacted]"}`},
		{zap.Objects("x", []wild{w}), `{"x":[{"n":1}],"xError":"PANIC=password=[redacted]"}`},
		{zap.Reflect("x", w), `{"xError":"PANIC=password=[redacted]"}`},
		{zap.Error(wildError{w}), `{"errorError":"PANIC=password=[redacted]"}`},
		{zap.Any("x", wildSecret{w}), `{"x":"[redacted]"}`},
		{zap.Stringer("x", noURL), `{"x":"<nil>"}`},
		{zap.NamedError("x", noError), `{"x":"<nil>"}`},
		{zap.Object("x", failing{}), `{"x":{},"xError":"password=[redacted]"}`},
		{zap.Array("x", failing{}), `{"x":[],"xError":"password=[redacted]"}`},
		{zap.Reflect("x", failing{}), `{"xError":"json: error calling MarshalJSON for type redact_test.failing: password=[redacted]"}`},
		{zap.Dict("o", zap.Reflect("x", failing{})), `{"o":{"xError":"json: error calling MarshalJSON for type redact_test.failing: password=[redacted]"}}`},
	} {
		require.JSONEq(t, c.want, encodedBy(t, r, []zapcore.Field{c.f}))
		b := r.Redact([]zapcore.Field{c.f})
		require.JSONEq(t, c.want, bareJSON(t, b.Fields))
		b.Free()
	}
	require.Contains(t, encodedBy(t, r, []zapcore.Field{zap.Object("x", noUser)}), "PANIC=value method")
}

// Fields that are not made by zap do no more harm than zap itself lets them.
func TestOddFields(t *testing.T) {
	t.Parallel()
	r := newRedactor(t, redact.Config{})
	for kind := range zapcore.InlineMarshalerType + 1 {
		require.NotPanics(t, func() {
			b := r.Redact([]zapcore.Field{{Key: "password", Type: kind}, {Key: "x", Type: kind}, {Type: kind, Interface: 7}})
			b.Free()
		}, kind)
	}
}
