package httplog

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/internal/exchange"
	"github.com/prodwright/prodwright/logging"
)

// Middleware logs requests. It is safe for concurrent use.
type Middleware struct {
	cfg Config
	log *zap.Logger
}

// New returns a middleware that logs to log. Its errors are those of [Config.Validate].
func New(log *zap.Logger, cfg Config) (*Middleware, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("httplog: invalid configuration:\n%w", err)
	}
	// The stack of the middleware says nothing.
	return &Middleware{cfg: cfg.withDefaults(), log: log.WithOptions(zap.WithCaller(false), zap.AddStacktrace(logging.Off))}, nil
}

// Handler returns a handler that calls next, and logs the request when next returned or panicked.
func (m *Middleware) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := m.requestID(r)
		w.Header().Set(m.cfg.RequestIDHeader, id)
		more := new(collected)
		ctx := context.WithValue(r.Context(), collectedKey{}, more)
		inner := r.WithContext(logging.With(ctx, m.fields(r, id)...))
		response := exchange.Of(w)
		defer func() {
			r.Pattern = inner.Pattern
			cause := recover()
			m.record(inner, response.Exchange(), more, cause)
			if cause != nil {
				panic(cause) // it goes on
			}
		}()
		next.ServeHTTP(response.Writer(), inner)
		response.Finish()
	})
}

// fields are what the records of a request have in common.
func (m *Middleware) fields(r *http.Request, id string) []zap.Field {
	fields := []zap.Field{logging.RequestID(id)}
	if addr := m.cfg.client(r); addr.IsValid() {
		fields = append(fields, logging.IP(addr))
	}
	if trace, span := m.cfg.Trace(r); trace != "" {
		fields = append(fields, logging.TraceID(trace), logging.SpanID(span))
	}
	if m.cfg.User != nil {
		if user := m.cfg.User(r); user != "" {
			fields = append(fields, logging.UserID(user))
		}
	}
	return fields
}

// record logs a request.
func (m *Middleware) record(r *http.Request, e exchange.Exchange, more *collected, cause any) {
	if cause == nil && m.cfg.Skip != nil && m.cfg.Skip(r) {
		return
	}
	level := m.cfg.Level(r, e.Status, e.Took)
	failed := cause != nil && cause != http.ErrAbortHandler //nolint:errorlint // as net/http compares it
	if failed {
		level = zapcore.ErrorLevel
	}
	ce := m.log.Check(level, "request")
	if ce == nil {
		return
	}
	fields := append(more.all(), logging.Ctx(r.Context()),
		zap.String("method", cut(r.Method)), zap.String("path", cut(r.URL.Path)), zap.String("route", r.Pattern), zap.Int("status", e.Status),
		zap.Int64("bytes", e.Size), zap.Duration("took", e.Took), zap.String("user_agent", cut(r.UserAgent())))
	switch {
	case failed:
		fields = append(fields, zap.String("error", fmt.Sprint("panic: ", cause)))
		ce.Stack = string(debug.Stack())
	case e.Panicked:
		fields = append(fields, zap.Bool("aborted", true))
	}
	ce.Write(fields...)
}

// cut limits what a client sent.
func cut(s string) string {
	const most = 1 << 10
	return s[:min(len(s), most)]
}

// collected are fields for the record of a request.
type collected struct {
	mu     sync.Mutex // guards fields
	fields []zap.Field
}

type collectedKey struct{}

// all returns a copy of the fields, with room for those that every request has.
func (c *collected) all() []zap.Field {
	const usual = 10
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Grow(slices.Clone(c.fields), usual)
}

// Add adds fields to the record of the request whose context ctx is, and reports whether there is one. It may be called from
// any goroutine until the handler returns.
func Add(ctx context.Context, fields ...zap.Field) bool {
	c, ok := ctx.Value(collectedKey{}).(*collected)
	if !ok {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fields = append(c.fields, fields...)
	return true
}

// level is the default of [Config].Level.
func level(slow time.Duration) func(*http.Request, int, time.Duration) zapcore.Level {
	return func(_ *http.Request, status int, took time.Duration) zapcore.Level {
		switch {
		case status >= http.StatusInternalServerError:
			return zapcore.ErrorLevel
		case slow > 0 && took >= slow:
			return zapcore.WarnLevel
		}
		return zapcore.InfoLevel
	}
}
