package redact_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/prodwright/prodwright/logging/redact"
)

func newRedactor(tb testing.TB, c redact.Config) *redact.Redactor {
	tb.Helper()
	r, err := redact.New(c)
	require.NoError(tb, err)
	return r
}

// sinks are cores below a Redactor that keep all that they get: as JSON, as text for people, and as it is.
type sinks struct {
	json, console bytes.Buffer
	seen          *observer.ObservedLogs
	core          zapcore.Core
}

func newSinks(r *redact.Redactor) *sinks {
	s := new(sinks)
	c := zap.NewProductionEncoderConfig()
	observed, seen := observer.New(zapcore.DebugLevel)
	s.seen = seen
	s.core = r.Core(zapcore.NewTee(
		zapcore.NewCore(zapcore.NewJSONEncoder(c), zapcore.AddSync(&s.json), zapcore.DebugLevel),
		zapcore.NewCore(zapcore.NewConsoleEncoder(c), zapcore.AddSync(&s.console), zapcore.DebugLevel), observed))
	return s
}

// all is everything that got through. Lines of JSON must be valid.
func (s *sinks) all(t *testing.T) string {
	t.Helper()
	for line := range bytes.Lines(s.json.Bytes()) {
		require.True(t, json.Valid(line), "%s", line)
	}
	all := s.json.String() + s.console.String()
	for _, e := range s.seen.All() {
		for key, value := range e.ContextMap() {
			if raw, ok := value.(json.RawMessage); ok {
				value = string(raw)
			}
			all += fmt.Sprintf("%s=%+v %#v\n", key, value, value)
		}
		for _, f := range e.Context {
			if f.Type == zapcore.StringType || f.Type == zapcore.ErrorType {
				all += fmt.Sprintf("%s %v %+v\n", f.String, f.Interface, f.Interface)
			}
		}
		all += e.Message + e.Stack + e.LoggerName + "\n"
	}
	return all
}

// user is an object that adds itself.
type user struct {
	Name     string
	Password string
	Age      int
	Friend   *user
}

func (u user) MarshalLogObject(e zapcore.ObjectEncoder) error {
	e.AddString("name", u.Name)
	e.AddInt("age", u.Age)
	if u.Password != "" {
		e.AddString("password", u.Password)
	}
	if u.Friend != nil {
		return e.AddObject("friend", *u.Friend)
	}
	return nil
}

type objectFunc = zapcore.ObjectMarshalerFunc

type arrayFunc = zapcore.ArrayMarshalerFunc

// bare is a secret that every encoder would show.
type bare string

func (b bare) Reveal() string { return string(b) }

// listed is one that only the configuration knows.
type listed struct{ Text string }

// talkative is one that shows itself in any way.
type talkative string

func (s talkative) Reveal() string               { return string(s) }
func (s talkative) String() string               { return string(s) }
func (s talkative) MarshalJSON() ([]byte, error) { return json.Marshal(string(s)) }
func (s talkative) MarshalText() ([]byte, error) { return []byte(s), nil }
func (s talkative) Error() string                { return string(s) }
func (s talkative) LogValue() slog.Value         { return slog.StringValue(string(s)) }
func (s talkative) MarshalLogObject(e zapcore.ObjectEncoder) error {
	e.AddString("is", string(s))
	return nil
}

// says is a value that prints itself.
type says string

func (s says) String() string { return string(s) }

// chatty is an error with a long form.
type chatty struct{ short, long string }

func (c chatty) Error() string { return c.short }

func (c chatty) Format(to fmt.State, verb rune) {
	if verb == 'v' && to.Flag('+') {
		fmt.Fprint(to, c.long)
		return
	}
	fmt.Fprint(to, c.short)
}

// several is an error of errors.
type several []error

func (s several) Error() string   { return errors.Join(s...).Error() }
func (s several) Errors() []error { return s }

// self is a value that makes its own JSON.
type self string

func (s self) MarshalJSON() ([]byte, error) { return []byte(s), nil }

// slogged is one that tells slog what it is.
type slogged struct{ Hidden string }

func (s slogged) LogValue() slog.Value {
	return slog.GroupValue(slog.String("user", "ann"), slog.Group("db", slog.String("password", s.Hidden)))
}

func patterns(all ...string) []*regexp.Regexp {
	var compiled []*regexp.Regexp
	for _, p := range all {
		compiled = append(compiled, regexp.MustCompile(p))
	}
	return compiled
}
