package redact

import (
	"log/slog"
	"reflect"

	"go.uber.org/zap/zapcore"
)

// field hides what is to be hidden in a field and reports whether it is another one now.
func (r *Redactor) field(f *zapcore.Field, how mode, v *verdict, b *Batch, pooled bool) (changed bool) {
	if f.Interface != nil && !isPlain(f.Type) && f.Type != zapcore.InlineMarshalerType {
		if is, empty := r.isSecret(f.Interface); is {
			setText(f, blank(empty))
			return true
		}
	}
	switch f.Type {
	case zapcore.StringType:
		text := r.text(f.String, how)
		changed = text != f.String
		f.String = text
	case zapcore.ByteStringType, zapcore.BinaryType:
		bytes, _ := f.Interface.([]byte)
		if bytes, changed = r.bytes(bytes, how); changed {
			f.Type, f.Interface = zapcore.ByteStringType, bytes
		}
	case zapcore.StringerType:
		switch v := f.Interface.(type) {
		case slog.Value:
			f.Type, f.Interface = zapcore.ReflectType, valueOf(v)
		case slog.Attr:
			f.Type, f.Interface = zapcore.ReflectType, map[string]any{v.Key: valueOf(v.Value)}
		default:
			r.stringer(f, how)
			return true
		}
		r.reflect(f, how)
		return true
	case zapcore.ErrorType:
		return r.error(f, how)
	case zapcore.ReflectType:
		return r.reflect(f, how)
	case zapcore.ObjectMarshalerType, zapcore.InlineMarshalerType:
		if of, ok := f.Interface.(zapcore.ObjectMarshaler); ok {
			f.Interface = b.memory(r, pooled).object(r, of, how)
			return true
		}
	case zapcore.ArrayMarshalerType:
		if of, ok := f.Interface.(zapcore.ArrayMarshaler); ok && (!how.isNone() || !isNumbers(of)) {
			f.Interface = b.memory(r, pooled).array(r, of, how)
			return true
		}
	case zapcore.NamespaceType, zapcore.SkipType, zapcore.DurationType, zapcore.TimeType, zapcore.TimeFullType:
		// No name makes a secret of a time, and that of a namespace only groups what follows.
	default:
		if changed = how.hidesNumber(v); changed {
			setText(f, Mask)
		}
	}
	return changed
}

// setText makes a field one of a text.
func setText(f *zapcore.Field, s string) {
	*f = zapcore.Field{Key: f.Key, Type: zapcore.StringType, String: s}
}

// setFailure makes a field the one that tells why there is no value, as zap does.
func (r *Redactor) setFailure(f *zapcore.Field, reason string) {
	*f = zapcore.Field{Key: f.Key + "Error", Type: zapcore.StringType, String: r.Text(reason)}
}

// blank returns what is shown of a secret: that there is none can be seen.
func blank(empty bool) string {
	if empty {
		return ""
	}
	return Mask
}

// isNumbers says whether an array is one of zap's of numbers, times or switches.
func isNumbers(of zapcore.ArrayMarshaler) bool {
	t := reflect.TypeOf(of)
	if t == nil || t.Kind() != reflect.Slice || t.PkgPath() != "go.uber.org/zap" {
		return false
	}
	e := t.Elem()
	return reflect.Bool <= e.Kind() && e.Kind() <= reflect.Complex128 || e.PkgPath() == "time"
}

// stringer makes the text of a field from its value. It is asked once, here, and what it panics with is looked through.
func (r *Redactor) stringer(f *zapcore.Field, how mode) {
	text, failure := guarded(f.Interface, func() string { return f.Interface.(interface{ String() string }).String() })
	if failure != "" {
		r.setFailure(f, failure)
		return
	}
	setText(f, r.text(text, how))
}

// reflect encodes the value of a field as JSON without secrets. What was looked through is what is handed on, so nobody finds
// by other ways what the encoding leaves out, and nobody has to encode it again.
func (r *Redactor) reflect(f *zapcore.Field, how mode) (changed bool) {
	if v, ok := f.Interface.(slog.LogValuer); ok {
		f.Interface = valueOf(slog.AnyValue(v))
		changed = true
	}
	encoded, err := r.encode(f.Interface, how)
	switch {
	case err != nil:
		r.setFailure(f, err.Error())
		return true
	case encoded != nil:
		f.Interface = encoded
		return true
	}
	return changed
}

// valueOf returns a value of slog as one that can be encoded as JSON.
func valueOf(v slog.Value) any {
	v = v.Resolve()
	if v.Kind() != slog.KindGroup {
		return v.Any()
	}
	group := make(map[string]any, len(v.Group()))
	for _, a := range v.Group() {
		group[a.Key] = valueOf(a.Value)
	}
	return group
}

// isSecret says whether a value is a secret by its type, and whether there is nothing in it.
func (r *Redactor) isSecret(v any) (is, empty bool) {
	if s, ok := v.(revealer); ok {
		text, failure := guarded(v, s.Reveal)
		return true, text == "" && failure == "" || text == "<nil>"
	}
	if len(r.types) == 0 {
		return false, false
	}
	t := reflect.TypeOf(v)
	if !r.types[named(t)] {
		return false, false
	}
	return true, reflect.ValueOf(v).IsZero()
}

// revealer is what a type is that its author made for secrets.
type revealer interface{ Reveal() string }
