package redact

import (
	"time"

	"go.uber.org/zap/zapcore"
)

// encoder hides secrets in what a marshaler adds, and hands the rest on.
type encoder struct {
	to    zapcore.ObjectEncoder
	r     *Redactor
	how   mode // of all that has no name of its own for it
	named bool // a text before has named a secret
}

var _ zapcore.ObjectEncoder = (*encoder)(nil)

// AddArray adds a list without secrets.
func (e *encoder) AddArray(key string, of zapcore.ArrayMarshaler) error {
	v := e.r.verdict(key)
	if is, empty := e.r.isSecret(of); is {
		e.to.AddString(v.shown, blank(empty))
		return nil
	}
	return e.r.addArray(of, e.how.below(v), func(a zapcore.ArrayMarshaler) error { return e.to.AddArray(v.shown, a) })
}

// AddObject adds an object without secrets.
func (e *encoder) AddObject(key string, of zapcore.ObjectMarshaler) error {
	v := e.r.verdict(key)
	if is, empty := e.r.isSecret(of); is {
		e.to.AddString(v.shown, blank(empty))
		return nil
	}
	return e.r.addObject(of, e.how.below(v), func(o zapcore.ObjectMarshaler) error { return e.to.AddObject(v.shown, o) })
}

// AddReflected adds a value without secrets.
func (e *encoder) AddReflected(key string, value any) error {
	v := e.r.verdict(key)
	if is, empty := e.r.isSecret(value); is {
		e.to.AddString(v.shown, blank(empty))
		return nil
	}
	encoded, err := e.r.encode(value, e.how.below(v))
	if err != nil {
		return err
	}
	if encoded != nil {
		value = encoded
	}
	return e.to.AddReflected(v.shown, value)
}

// AddString adds a text without secrets.
func (e *encoder) AddString(key, value string) {
	v := e.r.verdict(key)
	how := e.how.below(v)
	switch {
	case v.naming && e.r.masker.NamesSecret(value):
		e.named, how = true, e.how
	case v.valuing && e.named:
		how = surely()
	}
	e.to.AddString(v.shown, e.r.text(value, how))
}

// AddByteString adds a text without secrets.
func (e *encoder) AddByteString(key string, value []byte) {
	v := e.r.verdict(key)
	value, _ = e.r.bytes(value, e.how.below(v))
	e.to.AddByteString(v.shown, value)
}

// AddBinary adds bytes, unless they are a text with a secret in it; then it is one without.
func (e *encoder) AddBinary(key string, value []byte) {
	v := e.r.verdict(key)
	value, changed := e.r.bytes(value, e.how.below(v))
	if changed {
		e.to.AddByteString(v.shown, value)
		return
	}
	e.to.AddBinary(v.shown, value)
}

// AddDuration adds a duration. No name makes a secret of one.
func (e *encoder) AddDuration(key string, value time.Duration) {
	e.to.AddDuration(e.r.verdict(key).shown, value)
}

// AddTime adds a time. No name makes a secret of one.
func (e *encoder) AddTime(key string, value time.Time) { e.to.AddTime(e.r.verdict(key).shown, value) }

// OpenNamespace opens a namespace. Its name only groups what follows.
func (e *encoder) OpenNamespace(key string) { e.to.OpenNamespace(e.r.verdict(key).shown) }

// hides says whether a number under a name is hidden, and adds the mask if it is.
func (e *encoder) hides(key string) (shown string, hidden bool) {
	v := e.r.verdict(key)
	if hidden = e.how.below(v).hidesNumber(v); hidden {
		e.to.AddString(v.shown, Mask)
	}
	return v.shown, hidden
}
