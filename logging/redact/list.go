package redact

import (
	"strings"
	"time"

	"go.uber.org/zap/zapcore"
)

// list hides secrets in what a marshaler appends, and hands the rest on.
type list struct {
	to     zapcore.ArrayEncoder
	r      *Redactor
	how    mode
	option bool // what was appended last is like --password
	inKey  bool // the lines before have begun a private key
}

var _ zapcore.ArrayEncoder = (*list)(nil)

// AppendString appends a text without secrets: one after --password is one, too, and so are the lines of a private key.
func (l *list) AppendString(value string) {
	how := l.how
	if l.option || l.inKey {
		how = surely()
	}
	l.option = l.r.masker.IsOption(value)
	if strings.HasPrefix(value, "-----") {
		l.inKey = strings.HasPrefix(value, "-----BEGIN ") && strings.Contains(value, "PRIVATE KEY") && !strings.Contains(value, "\n")
	}
	l.to.AppendString(l.r.text(value, how))
}

// AppendByteString appends a text without secrets.
func (l *list) AppendByteString(value []byte) {
	value, _ = l.r.bytes(value, l.how)
	l.to.AppendByteString(value)
}

// AppendArray appends a list without secrets.
func (l *list) AppendArray(of zapcore.ArrayMarshaler) error {
	if is, empty := l.r.isSecret(of); is {
		l.to.AppendString(blank(empty))
		return nil
	}
	return l.r.addArray(of, l.how, l.to.AppendArray)
}

// AppendObject appends an object without secrets.
func (l *list) AppendObject(of zapcore.ObjectMarshaler) error {
	if is, empty := l.r.isSecret(of); is {
		l.to.AppendString(blank(empty))
		return nil
	}
	return l.r.addObject(of, l.how, l.to.AppendObject)
}

// AppendReflected appends a value without secrets.
func (l *list) AppendReflected(value any) error {
	if is, empty := l.r.isSecret(value); is {
		l.to.AppendString(blank(empty))
		return nil
	}
	encoded, err := l.r.encode(value, l.how)
	if err != nil {
		return err
	}
	if encoded != nil {
		value = encoded
	}
	return l.to.AppendReflected(value)
}

// AppendDuration appends a duration.
func (l *list) AppendDuration(value time.Duration) { l.to.AppendDuration(value) }

// AppendTime appends a time.
func (l *list) AppendTime(value time.Time) { l.to.AppendTime(value) }

// hides says whether numbers are hidden, and appends the mask if they are.
func (l *list) hides() bool {
	if l.how.surely {
		l.to.AppendString(Mask)
	}
	return l.how.surely
}
