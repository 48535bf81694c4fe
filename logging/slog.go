package logging

import (
	"context"
	"log/slog"
	"runtime"
	"slices"
	"strconv"
	"sync"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// handler is a slog.Handler over the core of logs.
type handler struct {
	logs   *Logs
	core   zapcore.Core
	name   string
	groups []string // that were opened and have no attribute yet
}

// Enabled reports whether the logger of the handler's name logs the level to any sink.
func (h *handler) Enabled(_ context.Context, level slog.Level) bool {
	l := zapLevel(level)
	return h.core.Enabled(l) && h.logs.levels.Enabled(h.name, l)
}

// Handle logs the record with the fields of the context. Errors of sinks go where those of zap go.
func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	ce := h.core.Check(zapcore.Entry{Time: r.Time, Level: zapLevel(r.Level), LoggerName: h.name, Message: r.Message}, nil)
	if ce == nil {
		return nil
	}
	ce.ErrorOutput = h.logs.fallback
	if h.logs.caller && r.PC != 0 {
		frame, _ := runtime.CallersFrames([]uintptr{r.PC}).Next()
		ce.Caller = zapcore.EntryCaller{Defined: true, PC: frame.PC, File: frame.File, Line: frame.Line, Function: frame.Function}
	}
	if ce.Level >= zapcore.ErrorLevel {
		ce.Stack = stackFrom(r.PC)
	}
	space := h.logs.fields()
	defer space.free()
	fields := append(space.fields, Ctx(ctx)) //nolint:gocritic // it is given back at the end
	for _, g := range h.groups {
		fields = append(fields, zap.Namespace(g))
	}
	begin := len(fields)
	r.Attrs(func(a slog.Attr) bool {
		fields = appendAttr(fields, a)
		return true
	})
	if len(fields) == begin {
		fields = fields[:1] // a group without anything in it is not written
	}
	ce.Write(fields...)
	space.fields = fields
	return nil
}

// fieldSpace is room for the fields of a record of slog.
type fieldSpace struct {
	of     *sync.Pool // nil when it is not to be used again
	fields []zapcore.Field
}

// fields returns room for fields. That of foreign cores, which may keep them, is not used again.
func (l *Logs) fields() *fieldSpace {
	if l.foreign {
		return new(fieldSpace)
	}
	space := l.spaces.Get().(*fieldSpace) //nolint:forcetypeassert // nothing else is in it
	space.of = &l.spaces
	return space
}

func (s *fieldSpace) free() {
	const most = 64
	if s.of == nil || cap(s.fields) > most {
		return
	}
	clear(s.fields[:cap(s.fields)])
	s.fields = s.fields[:0]
	s.of.Put(s)
}

// WithAttrs returns a handler whose records have more attributes.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	var fields []zapcore.Field
	for _, g := range h.groups {
		fields = append(fields, zap.Namespace(g))
	}
	begin := len(fields)
	for _, a := range attrs {
		fields = appendAttr(fields, a)
	}
	if len(fields) == begin {
		return h
	}
	return &handler{logs: h.logs, core: h.core.With(fields), name: h.name}
}

// WithGroup returns a handler whose further attributes are in a group.
func (h *handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return &handler{logs: h.logs, core: h.core, name: h.name, groups: append(slices.Clone(h.groups), name)}
}

// appendAttr appends an attribute as a field. Empty ones are left out, and a group without a name is what is in it.
func appendAttr(fields []zapcore.Field, a slog.Attr) []zapcore.Field {
	v := a.Value.Resolve()
	if a.Key == "" && v.Kind() == slog.KindAny && v.Any() == nil {
		return fields
	}
	switch v.Kind() {
	case slog.KindString:
		return append(fields, zap.String(a.Key, v.String()))
	case slog.KindInt64:
		return append(fields, zap.Int64(a.Key, v.Int64()))
	case slog.KindUint64:
		return append(fields, zap.Uint64(a.Key, v.Uint64()))
	case slog.KindFloat64:
		return append(fields, zap.Float64(a.Key, v.Float64()))
	case slog.KindBool:
		return append(fields, zap.Bool(a.Key, v.Bool()))
	case slog.KindDuration:
		return append(fields, zap.Duration(a.Key, v.Duration()))
	case slog.KindTime:
		return append(fields, zap.Time(a.Key, v.Time()))
	case slog.KindGroup:
		return appendGroup(fields, a.Key, v.Group())
	}
	switch x := v.Any().(type) {
	case error:
		return append(fields, zap.NamedError(a.Key, x))
	case *slog.Source:
		return append(fields, zap.String(a.Key, x.File+":"+strconv.Itoa(x.Line)))
	}
	return append(fields, zap.Any(a.Key, v.Any()))
}

func appendGroup(fields []zapcore.Field, name string, attrs []slog.Attr) []zapcore.Field {
	if name != "" {
		if members := appendAttrs(nil, attrs); len(members) > 0 {
			fields = append(fields, zap.Dict(name, members...))
		}
		return fields
	}
	return appendAttrs(fields, attrs)
}

func appendAttrs(fields []zapcore.Field, attrs []slog.Attr) []zapcore.Field {
	for _, a := range attrs {
		fields = appendAttr(fields, a)
	}
	return fields
}

// stackFrom returns the stack from the caller pc on, as zap writes it.
func stackFrom(pc uintptr) string {
	const most = 64
	var pcs [most]uintptr
	stack := pcs[:runtime.Callers(2, pcs[:])]
	if i := slices.Index(stack, pc); i > 0 {
		stack = stack[i:]
	}
	var text []byte
	frames := runtime.CallersFrames(stack)
	for {
		frame, more := frames.Next()
		if len(text) > 0 {
			text = append(text, '\n')
		}
		text = append(text, frame.Function...)
		text = append(text, "\n\t"...)
		text = append(text, frame.File...)
		text = append(text, ':')
		text = strconv.AppendInt(text, int64(frame.Line), 10)
		if !more {
			return string(text)
		}
	}
}
