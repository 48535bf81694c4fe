package logging

import (
	"fmt"
	"strconv"
	"strings"

	"go.uber.org/zap/zapcore"
)

// Names of the fields that have a place of their own in a [Record], when they are not in a namespace. A field of zap.Error
// has the name of an error.
const (
	keyError       = "error"
	keyUserID      = "user_id"
	keyRequestID   = "request_id"
	keyIP          = "ip_address"
	keyTraceID     = "trace_id"
	keySpanID      = "span_id"
	keyFingerprint = "fingerprint"
	keyExtra       = "extra_data" // whose members are among all other fields
)

// builder makes a record of fields. Those that have no place of their own are written as JSON: to root, or to open, which
// begins with the first namespace. So what belongs to the context of a request finds its place although a namespace is open.
type builder struct {
	rec        Record
	root, open object
}

// set makes the builder the copy of another one.
func (b *builder) set(from *builder) {
	rec := from.rec
	rec.line, rec.text = b.rec.line[:0], b.rec.text[:0] // whose memory is kept
	b.rec = rec
	b.root.reset(from.root.buf)
	b.open.reset(from.open.buf)
	b.open.opened = from.open.opened
}

// add adds fields. One that panics is replaced by what it panicked with.
func (b *builder) add(fields []zapcore.Field) {
	for done := 0; done < len(fields); {
		done += b.addUntilPanic(fields[done:])
	}
}

func (b *builder) addUntilPanic(fields []zapcore.Field) (done int) {
	into, size := &b.root, 0
	opened := 0
	defer func() {
		if done == len(fields) {
			return
		}
		cause := recover()
		into.buf, into.opened = into.buf[:size], opened
		into.AddString(fields[done].Key, "panic: "+textOf(cause))
		done++
	}()
	for i := range fields {
		done = i
		f := &fields[i]
		if f.Type == zapcore.NamespaceType || b.open.opened > 0 {
			into = &b.open
		}
		size, opened = len(into.buf), into.opened
		if b.open.opened > 0 || !b.promote(f) {
			f.AddTo(into)
		}
	}
	return len(fields)
}

// merge adds what was made of the fields of a context. They are never in a namespace.
func (b *builder) merge(p *builder) {
	r, more := &b.rec, &p.rec
	fill(&r.Error, more.Error)
	fill(&r.Stack, more.Stack)
	fill(&r.UserID, more.UserID)
	fill(&r.RequestID, more.RequestID)
	fill(&r.IP, more.IP)
	fill(&r.TraceID, more.TraceID)
	fill(&r.SpanID, more.SpanID)
	fill(&r.Fingerprint, more.Fingerprint)
	for _, members := range [...][]byte{p.root.buf, p.open.buf} {
		if len(members) > 0 {
			b.root.next()
			b.root.buf = append(b.root.buf, members...)
		}
	}
}

// fill sets a text that is empty.
func fill(to *string, text string) {
	if *to == "" {
		*to = text
	}
}

// textOf returns what was panicked with, as far as that can be told.
func textOf(cause any) (text string) {
	defer func() {
		if recover() != nil {
			text = "of a value that panics when it is printed"
		}
	}()
	return fmt.Sprint(cause)
}

// promote gives a field its place in the record, if it has one that is still free, and reports whether it did.
func (b *builder) promote(f *zapcore.Field) bool {
	r := &b.rec
	switch len(f.Key) { // most fields have no place
	case len(keyError), len(keyUserID), len(keyTraceID), len(keyRequestID), len(keyFingerprint):
	default:
		return false
	}
	switch f.Key {
	case keyError:
		return b.promoteError(f)
	case keyUserID:
		return promoteText(&r.UserID, f)
	case keyRequestID:
		return promoteText(&r.RequestID, f)
	case keyIP:
		return promoteText(&r.IP, f)
	case keyTraceID:
		return promoteText(&r.TraceID, f)
	case keySpanID:
		return promoteText(&r.SpanID, f)
	case keyFingerprint:
		return promoteText(&r.Fingerprint, f)
	case keyExtra:
		return b.promoteExtra(f)
	}
	return false
}

// promoteText takes a text or a number.
func promoteText(to *string, f *zapcore.Field) bool {
	if *to != "" {
		return false
	}
	switch f.Type {
	case zapcore.StringType:
		*to = f.String
	case zapcore.StringerType:
		s, ok := f.Interface.(fmt.Stringer)
		if !ok {
			return false
		}
		*to = s.String()
	case zapcore.Int64Type, zapcore.Int32Type, zapcore.Int16Type, zapcore.Int8Type:
		*to = strconv.FormatInt(f.Integer, 10)
	case zapcore.Uint64Type, zapcore.Uint32Type, zapcore.Uint16Type, zapcore.Uint8Type:
		*to = strconv.FormatUint(uint64(f.Integer), 10) //nolint:gosec // as zap keeps it
	default:
		return false
	}
	return true
}

// promoteError takes an error, and as the stack what it prints of itself with %+v if that is more, as errors with stack
// traces do.
func (b *builder) promoteError(f *zapcore.Field) bool {
	if b.rec.Error != "" {
		return false
	}
	switch f.Type {
	case zapcore.StringType:
		b.rec.Error = f.String
		return true
	case zapcore.ErrorType:
	default:
		return false
	}
	err, ok := f.Interface.(error)
	if !ok {
		return false
	}
	text := err.Error()
	b.rec.Error = text
	if _, ok := err.(fmt.Formatter); ok {
		if verbose := fmt.Sprintf("%+v", err); verbose != text {
			b.rec.Stack = strings.TrimLeft(strings.TrimPrefix(verbose, text), "\n")
		}
	}
	return true
}

// promoteExtra takes the members of an object out of it.
func (b *builder) promoteExtra(f *zapcore.Field) bool {
	switch f.Type {
	case zapcore.ObjectMarshalerType:
		if m, ok := f.Interface.(zapcore.ObjectMarshaler); ok {
			if err := m.MarshalLogObject(&b.root); err != nil {
				b.root.AddString(keyExtra+"Error", err.Error())
			}
			b.root.close()
			return true
		}
	case zapcore.ReflectType:
		if text, err := marshal(f.Interface); err == nil && len(text) > len("{}") && text[0] == '{' {
			b.root.next()
			b.root.buf = append(b.root.buf, text[1:len(text)-1]...)
			return true
		}
	}
	return false
}

// finish completes the record of an entry.
func (b *builder) finish(ent *zapcore.Entry) {
	r := &b.rec
	r.Time, r.Level, r.Logger, r.Message = ent.Time, ent.Level, ent.LoggerName, ent.Message
	if ent.Caller.Defined {
		r.Module, r.Function, r.Line = shortFile(ent.Caller.File), ent.Caller.Function, ent.Caller.Line
	}
	if r.Stack == "" {
		r.Stack = ent.Stack
	}
	if b.open.opened > 0 {
		b.open.close()
		b.root.next()
		b.root.buf = append(b.root.buf, b.open.buf...)
	}
	r.Extra = b.root.buf
}

// shortFile returns the name of a file with its directory.
func shortFile(file string) string {
	slashes := 0
	for i := len(file) - 1; i >= 0; i-- {
		if file[i] == '/' {
			if slashes++; slashes == 2 {
				return file[i+1:]
			}
		}
	}
	return file
}
