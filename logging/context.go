package logging

import (
	"context"
	"net/netip"
	"sync/atomic"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// scope are the fields of a context. They never change.
type scope struct {
	fields   []zapcore.Field
	prepared atomic.Pointer[prepared]
}

// prepared is what the fields of a context gave in one set of logs. All that is opened in it is closed.
type prepared struct {
	by      *Logs
	builder builder
}

// scopeKey is what a context has its scope under.
type scopeKey struct{}

// With returns a context whose records have more fields. A field replaces one of the same name that ctx has already; what
// a request's goroutines see is what their own context has, so nothing leaks from one request to another.
func With(ctx context.Context, fields ...zap.Field) context.Context {
	before, _ := ctx.Value(scopeKey{}).(*scope)
	s := &scope{fields: make([]zapcore.Field, 0, len(fields)+8)}
	if before != nil {
		s.fields = append(s.fields, before.fields...)
	}
	for _, f := range fields {
		s.set(f)
	}
	return context.WithValue(ctx, scopeKey{}, s)
}

// set adds a field, or replaces the one of its name.
func (s *scope) set(f zapcore.Field) {
	if f.Type == zapcore.SkipType {
		return
	}
	for i := range s.fields {
		if s.fields[i].Key == f.Key && f.Type != zapcore.InlineMarshalerType {
			s.fields[i] = f
			return
		}
	}
	s.fields = append(s.fields, f)
}

// MarshalLogObject adds the fields one by one, for cores that are not this package's.
func (s *scope) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	for i := range s.fields {
		s.fields[i].AddTo(enc)
	}
	return nil
}

// Ctx returns the fields of a context as one field, to be given to any call:
//
//	log.Info("user created", logging.Ctx(ctx), zap.String("plan", plan))
//
// It takes no memory. A context without fields gives a field that is skipped.
func Ctx(ctx context.Context) zap.Field {
	s, ok := ctx.Value(scopeKey{}).(*scope)
	if !ok {
		return zap.Skip()
	}
	return zapcore.Field{Type: zapcore.InlineMarshalerType, Interface: s}
}

// For returns a logger whose records have the fields of a context: for code that logs more than once.
func For(ctx context.Context, log *zap.Logger) *zap.Logger {
	f := Ctx(ctx)
	if f.Type == zapcore.SkipType {
		return log
	}
	return log.With(f)
}

// scopeOf returns the fields of a context that a field stands for, or nil.
func scopeOf(f *zapcore.Field) *scope {
	if f.Type != zapcore.InlineMarshalerType {
		return nil
	}
	s, _ := f.Interface.(*scope)
	return s
}

// UserID is the field of the user on whose behalf something is done.
func UserID(id string) zap.Field { return zap.String(keyUserID, id) }

// RequestID is the field of what all records of one request have in common.
func RequestID(id string) zap.Field { return zap.String(keyRequestID, id) }

// IP is the field of the client's address.
func IP(addr netip.Addr) zap.Field { return zap.String(keyIP, addr.Unmap().WithZone("").String()) }

// TraceID is the field of a distributed trace, in hex.
func TraceID(id string) zap.Field { return zap.String(keyTraceID, id) }

// SpanID is the field of the span within a trace, in hex.
func SpanID(id string) zap.Field { return zap.String(keySpanID, id) }

// Fingerprint is the field that puts an error into a group of the caller's choice, whatever its message is.
func Fingerprint(group string) zap.Field { return zap.String(keyFingerprint, group) }
