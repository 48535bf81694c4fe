package redact

import (
	"unsafe"

	"github.com/prodwright/prodwright/internal/secret"
)

// mode says how what stands under a name is hidden. The zero value hides only what looks like a secret.
type mode struct {
	strength secret.Strength
	surely   bool // numbers and switches are hidden, too
	isKey    bool // the name is key: texts are hidden if they are random
}

// isNone says whether names hide nothing.
func (m mode) isNone() bool { return m.strength == secret.Harmless }

// surely returns the mode under names such as password.
func surely() mode { return mode{strength: secret.Strong, surely: true} }

// below returns the mode of what stands under a name inside of what has the mode m.
func (m mode) below(v *verdict) mode {
	if v.strength >= m.strength && v.strength != secret.Harmless {
		return v.mode
	}
	return m
}

// hidesNumber says whether a number under a name is hidden. One that only counts, such as max_age, never is.
func (m mode) hidesNumber(v *verdict) bool {
	return m.surely && (v.surely || !secret.HasHarmlessEnd(v.name))
}

// text returns a text without secrets.
func (r *Redactor) text(s string, how mode) string {
	if !how.isNone() && (!how.isKey || !secret.IsKey("key", s)) && r.masker.Hides(s, how.strength == secret.Strong) {
		return Mask
	}
	return r.Text(s)
}

// bytes returns bytes that are text, without secrets, and whether there were any.
func (r *Redactor) bytes(b []byte, how mode) (_ []byte, changed bool) {
	if how.isNone() && !r.mayHold(asText(b)) {
		return b, false
	}
	s := string(b)
	hidden := r.text(s, how)
	if hidden == s {
		return b, false
	}
	return []byte(hidden), true
}

// asText returns bytes as a text that must not be kept.
func asText(b []byte) string {
	return unsafe.String(unsafe.SliceData(b), len(b)) //nolint:gosec // nobody writes to them while it is looked at
}
