package redact

import (
	"errors"
	"fmt"

	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/internal/secret"
)

// hidden is an error whose text has no secrets. It is still the error that it hides to [errors.Is] and [errors.As], but it does
// not hand that out: who walks down a chain to print it must not find the secret there.
type hidden struct {
	text  string
	cause error
	of    *Redactor
}

func (e *hidden) Error() string { return e.text }

func (e *hidden) Is(target error) bool { return errors.Is(e.cause, target) }

func (e *hidden) As(target any) bool { return errors.As(e.cause, target) }

// verbose is one that has more to say when it is printed with %+v.
type verbose struct{ *hidden }

// Format prints what the error prints, without secrets.
func (e verbose) Format(to fmt.State, verb rune) {
	text, failed := guarded(e.cause, func() string { return fmt.Sprintf(fmt.FormatString(to, verb), e.cause) })
	if failed != "" {
		text = failed
	}
	_, _ = to.Write([]byte(e.of.Text(text)))
}

// group is one that consists of others.
type group struct{ verbose }

type grouped interface{ Errors() []error }

// Errors returns the others, without secrets.
func (e group) Errors() []error {
	var all []error
	for _, err := range e.cause.(grouped).Errors() {
		if err != nil {
			all = append(all, e.of.hide(err, mode{}))
		}
	}
	return all
}

// error hides what is in the text of an error. Its verbose form is looked through when somebody asks for it.
func (r *Redactor) error(f *zapcore.Field, how mode) (changed bool) {
	err, ok := f.Interface.(error)
	if !ok {
		return false
	}
	if how.strength == secret.Weak {
		how = mode{} // an error about a token
	}
	text, failed := guarded(err, err.Error)
	switch {
	case failed != "":
		r.setFailure(f, failed)
		return true
	case how.isNone() && !r.mayHold(text) && isShort(err):
		return false
	}
	if how.surely {
		setText(f, r.text(text, how))
		return true
	}
	shown := r.text(text, how)
	if shown == text && isShort(err) {
		return false
	}
	f.Interface = r.hide(err, how)
	return true
}

// isShort says whether an error has no verbose form.
func isShort(err error) bool {
	if _, ok := err.(fmt.Formatter); ok {
		return false
	}
	_, ok := err.(grouped)
	return !ok
}

// hide returns an error without secrets.
func (r *Redactor) hide(err error, how mode) error {
	text, failed := guarded(err, err.Error)
	if failed != "" {
		text = failed
	}
	h := &hidden{text: r.text(text, how), cause: err, of: r}
	switch err.(type) { //nolint:errorlint // what is printed is the error itself, not what it wraps
	case grouped:
		return group{verbose{h}}
	case fmt.Formatter:
		return verbose{h}
	}
	if h.text == text {
		return err
	}
	return h
}
