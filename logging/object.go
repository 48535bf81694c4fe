package logging

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"go.uber.org/zap/zapcore"
)

// object writes the members of an object of JSON, or the elements of an array, one after the other. It is a
// zapcore.ObjectEncoder and a zapcore.ArrayEncoder.
//
// Durations are seconds, times are as in the record, binaries are base64, what is not a number is the text NaN, +Inf or -Inf.
type object struct {
	buf    []byte
	opened int // objects that are to be closed
}

// reset makes the object empty, with a copy of members.
func (o *object) reset(members []byte) {
	o.buf, o.opened = append(o.buf[:0], members...), 0
}

// next appends the comma before an element, unless it is the first.
func (o *object) next() {
	if n := len(o.buf); n > 0 {
		switch o.buf[n-1] {
		case '{', '[', ':', ',':
		default:
			o.buf = append(o.buf, ',')
		}
	}
}

func (o *object) key(name string) {
	o.next()
	o.buf = appendString(o.buf, name)
	o.buf = append(o.buf, ':')
}

// close closes what was opened.
func (o *object) close() {
	for ; o.opened > 0; o.opened-- {
		o.buf = append(o.buf, '}')
	}
}

// OpenNamespace puts all that follows into an object of its own.
func (o *object) OpenNamespace(name string) {
	o.key(name)
	o.buf = append(o.buf, '{')
	o.opened++
}

// AddObject adds what m writes, as an object.
func (o *object) AddObject(name string, m zapcore.ObjectMarshaler) error {
	o.key(name)
	return o.nested(m)
}

// AppendObject appends what m writes, as an object.
func (o *object) AppendObject(m zapcore.ObjectMarshaler) error {
	o.next()
	return o.nested(m)
}

func (o *object) nested(m zapcore.ObjectMarshaler) error {
	before := o.opened
	o.opened = 0
	o.buf = append(o.buf, '{')
	err := m.MarshalLogObject(o)
	o.close()
	o.buf = append(o.buf, '}')
	o.opened = before
	return err
}

// AddArray adds what m writes, as an array.
func (o *object) AddArray(name string, m zapcore.ArrayMarshaler) error {
	o.key(name)
	return o.array(m)
}

// AppendArray appends what m writes, as an array.
func (o *object) AppendArray(m zapcore.ArrayMarshaler) error {
	o.next()
	return o.array(m)
}

func (o *object) array(m zapcore.ArrayMarshaler) error {
	o.buf = append(o.buf, '[')
	err := m.MarshalLogArray(o)
	o.buf = append(o.buf, ']')
	return err
}

// AddReflected adds a value as encoding/json writes it.
func (o *object) AddReflected(name string, value any) error {
	text, err := marshal(value)
	if err != nil {
		return err
	}
	o.key(name)
	o.buf = append(o.buf, text...)
	return nil
}

// AppendReflected appends a value as encoding/json writes it.
func (o *object) AppendReflected(value any) error {
	text, err := marshal(value)
	if err != nil {
		return err
	}
	o.next()
	o.buf = append(o.buf, text...)
	return nil
}

// writer collects what is written to it.
type writer []byte

func (w *writer) Write(p []byte) (int, error) {
	*w = append(*w, p...)
	return len(p), nil
}

// marshal returns a value as JSON on one line that is valid UTF-8.
func marshal(value any) ([]byte, error) {
	if value == nil {
		return []byte("null"), nil
	}
	var w writer
	e := json.NewEncoder(&w)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return nil, err
	}
	text := w[:len(w)-1] // without the newline
	if utf8.Valid(text) {
		return text, nil
	}
	return []byte(string([]rune(string(text)))), nil // what marshals itself may be anything
}

// AddBinary adds bytes as base64.
func (o *object) AddBinary(name string, value []byte) {
	o.key(name)
	o.buf = append(o.buf, '"')
	o.buf = base64.StdEncoding.AppendEncode(o.buf, value)
	o.buf = append(o.buf, '"')
}

// AddByteString adds a text.
func (o *object) AddByteString(name string, value []byte) { o.key(name); o.bytes(value) }

// AppendByteString appends a text.
func (o *object) AppendByteString(value []byte) { o.next(); o.bytes(value) }

func (o *object) bytes(value []byte) { o.buf = appendString(o.buf, view(value)) }

// AddString adds a text.
func (o *object) AddString(name, value string) { o.key(name); o.buf = appendString(o.buf, value) }

// AppendString appends a text.
func (o *object) AppendString(value string) { o.next(); o.buf = appendString(o.buf, value) }

// AddBool adds true or false.
func (o *object) AddBool(name string, value bool) {
	o.key(name)
	o.buf = strconv.AppendBool(o.buf, value)
}

// AppendBool appends true or false.
func (o *object) AppendBool(value bool) { o.next(); o.buf = strconv.AppendBool(o.buf, value) }

// AddComplex128 adds a number as a text, as in "1+2i".
func (o *object) AddComplex128(name string, value complex128) { o.key(name); o.complex(value, 64) }

// AddComplex64 adds a number as a text, as in "1+2i".
func (o *object) AddComplex64(name string, value complex64) {
	o.key(name)
	o.complex(complex128(value), 32)
}

// AppendComplex128 appends a number as a text.
func (o *object) AppendComplex128(value complex128) { o.next(); o.complex(value, 64) }

// AppendComplex64 appends a number as a text.
func (o *object) AppendComplex64(value complex64) { o.next(); o.complex(complex128(value), 32) }

func (o *object) complex(value complex128, bits int) {
	o.buf = append(o.buf, '"')
	o.buf = strconv.AppendFloat(o.buf, real(value), 'f', -1, bits)
	if i := imag(value); i >= 0 || math.IsNaN(i) {
		o.buf = append(o.buf, '+')
	}
	o.buf = strconv.AppendFloat(o.buf, imag(value), 'f', -1, bits)
	o.buf = append(o.buf, 'i', '"')
}

// AddFloat64 adds a number.
func (o *object) AddFloat64(name string, value float64) { o.key(name); o.float(value, 64) }

// AddFloat32 adds a number.
func (o *object) AddFloat32(name string, value float32) { o.key(name); o.float(float64(value), 32) }

// AppendFloat64 appends a number.
func (o *object) AppendFloat64(value float64) { o.next(); o.float(value, 64) }

// AppendFloat32 appends a number.
func (o *object) AppendFloat32(value float32) { o.next(); o.float(float64(value), 32) }

func (o *object) float(value float64, bits int) {
	switch {
	case math.IsNaN(value):
		o.buf = append(o.buf, `"NaN"`...)
	case math.IsInf(value, 1):
		o.buf = append(o.buf, `"+Inf"`...)
	case math.IsInf(value, -1):
		o.buf = append(o.buf, `"-Inf"`...)
	default:
		o.buf = strconv.AppendFloat(o.buf, value, 'f', -1, bits)
	}
}

func (o *object) int(value int64) { o.buf = strconv.AppendInt(o.buf, value, 10) }

func (o *object) uint(value uint64) { o.buf = strconv.AppendUint(o.buf, value, 10) }

// AddDuration adds seconds.
func (o *object) AddDuration(name string, value time.Duration) {
	o.key(name)
	o.buf = appendSeconds(o.buf, value)
}

// AppendDuration appends seconds.
func (o *object) AppendDuration(value time.Duration) {
	o.next()
	o.buf = appendSeconds(o.buf, value)
}

// appendSeconds appends a duration in seconds with as many decimals as it has: faster than a float, and exact.
func appendSeconds(dst []byte, d time.Duration) []byte {
	n := uint64(d) //nolint:gosec // of the least one, too, it is the size after the next line
	if d < 0 {
		dst, n = append(dst, '-'), -n
	}
	dst = strconv.AppendUint(dst, n/1e9, 10)
	if n %= 1e9; n == 0 {
		return dst
	}
	dst = append(dst, ".000000000"...)
	for i := len(dst) - 1; n > 0; i-- {
		dst[i] = byte('0' + n%10)
		n /= 10
	}
	end := len(dst)
	for ; dst[end-1] == '0'; end-- {
	}
	return dst[:end]
}

// AddTime adds a time in UTC.
func (o *object) AddTime(name string, value time.Time) { o.key(name); o.time(value) }

// AppendTime appends a time in UTC.
func (o *object) AppendTime(value time.Time) { o.next(); o.time(value) }

func (o *object) time(value time.Time) {
	o.buf = append(o.buf, '"')
	o.buf = appendTime(o.buf, value)
	o.buf = append(o.buf, '"')
}
