package redact

import (
	"fmt"
	"reflect"
)

// guarded returns what a method of a value returns. One that panics is a failure, which is told as zap does, but for nil pointers,
// whose text is <nil>.
func guarded(v any, method func() string) (text, failure string) {
	defer func() {
		if p := recover(); p != nil {
			if isNil(v) {
				text, failure = "<nil>", ""
				return
			}
			text, failure = "", panicText(p)
		}
	}()
	return method(), ""
}

// isNil says whether a value is a pointer that leads nowhere.
func isNil(v any) bool {
	p := reflect.ValueOf(v)
	return p.Kind() == reflect.Pointer && p.IsNil()
}

// panicText returns what something panicked with, even if that panics as well.
func panicText(p any) string { return fmt.Sprintf("PANIC=%v", p) }

// recovered makes an error of a panic that is under way. It must be deferred.
func (r *Redactor) recovered(err *error) {
	if p := recover(); p != nil {
		*err = &failure{r.Text(panicText(p))}
	}
}

// failure is an error that is nothing but a text.
type failure struct{ text string }

func (f *failure) Error() string { return f.text }
