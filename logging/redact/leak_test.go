package redact_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/logging/redact"
)

const planted = "Zq7hunter2xW"

type embedded struct{ Inner bare }

type deep struct {
	embedded
	*listed
	A   any
	B   map[string]any `json:"b,omitempty"`
	C   []bare
	D   map[string]*bare
	E   [2]any
	F   *deep
	Key map[bare]int
	Raw json.RawMessage `json:",omitempty"`
	Doc []byte
}

type opaque struct{ Inner bare }

func (o opaque) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]string{"x": string(o.Inner)})
}

// plants are fields of every kind with a secret in them.
func plants() map[string]zapcore.Field {
	s := planted
	secret, url1 := bare(s), &url.URL{Scheme: "postgres", User: url.UserPassword("app", s), Host: "db", Path: "/app"}
	text := "connect with password=" + s + " failed"
	inString := fmt.Sprintf(`{"user":"ann","body":%q}`, fmt.Sprintf(`{"password":%q}`, s))
	cause := fmt.Errorf("connect: %w", errors.New("dsn postgres://app:"+s+"@db/app is wrong"))
	return map[string]zapcore.Field{
		"string": zap.String("password", s), "case": zap.String("ClientSecret", s), "text": zap.String("note", text), "stringp": zap.Stringp("api_key", &s), "json": zap.String("body", inString),
		"bytes": zap.ByteString("password", []byte(s)), "bytes text": zap.ByteString("note", []byte(text)), "binary": zap.Binary("password", []byte(s)), "binary text": zap.Binary("note", []byte(text)), "any bytes": zap.Any("note", []byte(text)),
		"strings": zap.Strings("tokens", []string{"a", s}), "strings text": zap.Strings("notes", []string{"a", text}), "args": zap.Strings("args", []string{"app", "--password", s, "--port", "80"}), "byte strings": zap.ByteStrings("notes", [][]byte{[]byte(text)}),
		"pem":      zap.Strings("lines", []string{"-----BEGIN PRIVATE KEY-----", s, s, "-----END PRIVATE KEY-----"}),
		"stringer": zap.Stringer("password", says(s)), "stringer text": zap.Stringer("note", says(text)), "stringers": zap.Stringers("notes", []says{says(text)}), "url": zap.Stringer("at", url1), "any url": zap.Any("at", url1), "url value": zap.Any("at", *url1),
		"error": zap.Error(errors.New(text)), "chain": zap.Error(cause), "named": zap.NamedError("password", errors.New(s)), "joined": zap.Error(errors.Join(errors.New("x"), cause)), "errors": zap.Errors("causes", []error{errors.New("x"), cause}),
		"verbose": zap.Error(chatty{"short", "long " + text}), "verbose in list": zap.Errors("causes", []error{chatty{"short", "long " + text}}), "group": zap.Error(several{errors.New("x"), chatty{"short", text}}), "any error": zap.Any("cause", cause),
		"object": zap.Object("user", user{Name: "ann", Password: s}), "object in it": zap.Object("user", user{Friend: &user{Friend: &user{Password: s}}}), "inline": zap.Inline(user{Password: s}), "dict": zap.Dict("d", zap.Dict("e", zap.Dict("f", zap.String("password", s), zap.String("note", text)))),
		"objects": zap.Objects("users", []user{{}, {Password: s}}), "object under secret": zap.Dict("credentials", zap.String("user", s), zap.Dict("more", zap.Strings("list", []string{s}))), "any object": zap.Any("u", user{Password: s}), "any fields": zap.Any("u", []zapcore.Field{zap.String("password", s)}),
		"object values": zap.ObjectValues("users", []pointed{{s}}), "array": zap.Array("list", arrayFunc(func(e zapcore.ArrayEncoder) error {
			e.AppendString(text)
			e.AppendByteString([]byte(text))
			_ = e.AppendArray(arrayFunc(func(e zapcore.ArrayEncoder) error { return e.AppendObject(user{Password: s}) }))
			_ = e.AppendObject(talkative(s))
			return e.AppendReflected(map[string]string{"password": s})
		})),
		"everything": zap.Object("o", objectFunc(func(e zapcore.ObjectEncoder) error {
			e.AddBinary("password", []byte(s))
			e.AddBinary("note", []byte(text))
			e.AddByteString("password", []byte(s))
			e.AddString("name", "DB_PASSWORD")
			e.AddString("value", s)
			_ = e.AddArray("tokens", arrayFunc(func(e zapcore.ArrayEncoder) error { e.AppendString(s); return nil }))
			_ = e.AddReflected("password", []any{s, map[string]any{"x": s}})
			_ = e.AddReflected("note", deep{A: secret})
			_ = e.AddObject("it", talkative(s))
			e.OpenNamespace("inner")
			e.AddString("password", s)
			return nil
		})),
		"map": zap.Any("m", map[string]any{"db": map[string]any{"password": s, "hosts": []any{"a", map[string]string{"token": s}}}}), "map text": zap.Any("m", map[string]string{"note": text}), "struct": zap.Any("u", struct{ User, Password string }{"ann", s}), "tag": zap.Any("u", struct {
			P string `json:"password"`
		}{s}),
		"header": zap.Any("header", http.Header{"Authorization": {"Bearer " + s}, "Cookie": {"a=1; b=" + s}, "X-Api-Key": {s}, "Accept": {"*/*"}}), "values": zap.Any("query", url.Values{"access_token": {s}}), "pairs": zap.Any("env", []map[string]string{{"name": "DB_PASSWORD", "value": s}}),
		"self": zap.Any("x", self(`{"a":{"password":"`+s+`"}}`)), "escaped": zap.Any("x", self(`{"p\u0061ssword":"`+s+`"}`)), "json in map": zap.Any("m", map[string]string{"body": inString}), "keys": zap.Any("m", map[string]int{"password=" + s: 1}),
		"type": zap.Any("x", secret), "type pointer": zap.Any("x", &secret), "type struct": zap.Any("x", deep{embedded: embedded{secret}}), "type listed": zap.Any("x", &listed{s}), "type embedded": zap.Any("x", deep{listed: &listed{s}}), "type any": zap.Any("x", deep{A: &secret}), "type map": zap.Any("x", deep{B: map[string]any{"q": secret}}),
		"type list": zap.Any("x", deep{C: []bare{secret}}), "type pointers": zap.Any("x", deep{D: map[string]*bare{"q": &secret}}), "type array": zap.Any("x", deep{E: [2]any{1, secret}}), "type deep": zap.Any("x", []any{map[int]any{7: &deep{F: &deep{F: &deep{A: []any{secret}}}}}}), "type key": zap.Any("x", deep{Key: map[bare]int{secret: 1}}),
		"raw": zap.Any("x", deep{Raw: json.RawMessage(`{"password":"` + s + `"}`)}), "doc": zap.Any("x", deep{Doc: []byte(text)}), "opaque": zap.Any("x", opaque{secret}), "talkative": zap.Any("x", talkative(s)), "talkative string": zap.Stringer("x", talkative(s)), "talkative list": zap.Stringers("x", []talkative{talkative(s)}), "talkative errors": zap.Errors("x", []error{errors.New("x"), talkative(s)}), "talkative error": zap.Error(talkative(s)), "talkative inside": zap.Any("x", []any{talkative(s)}), "talkative field": zap.Any("x", struct{ T talkative }{talkative(s)}),
		"slog": zap.Any("x", slogged{s}), "slog attr": zap.Any("x", slog.String("password", s)), "slog value": zap.Any("x", slog.AnyValue(slogged{s})), "list under key": zap.Any("password", []string{s}), "reflect": zap.Reflect("secret", struct{ A, B string }{s, s}), "key": zap.String("password="+s, "x"), "custom": zap.String("IBAN", s), "pattern": zap.String("note", "card 4711-"+s), "custom in text": zap.String("note", "iban="+s),
		"namespace": zap.Dict("n", zap.Namespace("inner"), zap.String("password", s)), "broken": zap.Any("x", map[string]any{"password": s, "c": make(chan int)}), "stack": zap.String("stacktrace", "goroutine 1\nmain.connect(password="+s+")\n\t/app/main.go:1"),
	}
}

type pointed struct{ password string }

func (p *pointed) MarshalLogObject(e zapcore.ObjectEncoder) error {
	e.AddString("password", p.password)
	return nil
}

func planting(t *testing.T) *redact.Redactor {
	t.Helper()
	return newRedactor(t, redact.Config{Keys: []string{"iban"}, Types: []reflect.Type{reflect.TypeFor[listed]()}, Patterns: patterns(`4711-\w+`)})
}

// No secret reaches the cores below, however it is logged.
func TestNoSecretGetsThrough(t *testing.T) {
	t.Parallel()
	r := planting(t)
	for name, f := range plants() {
		ways := map[string]func(l *zap.Logger){
			"call":  func(l *zap.Logger) { l.Info("said", zap.Int("n", 1), f, zap.String("last", "x")) },
			"with":  func(l *zap.Logger) { l.With(f).Info("said") },
			"lazy":  func(l *zap.Logger) { l.WithLazy(f).With(f).Named("a").Info("said", f) },
			"sugar": func(l *zap.Logger) { l.Sugar().With(f).Infow("said", f, "n", 1) },
			"dict":  func(l *zap.Logger) { l.Info("said", zap.Dict("a", zap.Dict("b", zap.Dict("c", f)))) },
			"in ns": func(l *zap.Logger) { l.With(zap.Namespace("ns")).Warn("said", f) },
			"hook": func(l *zap.Logger) {
				l.WithOptions(zap.Hooks(func(zapcore.Entry) error { return nil })).Error("said", f)
			},
			"direct": func(l *zap.Logger) { _ = l.Core().Write(zapcore.Entry{Message: "said"}, []zapcore.Field{f}) },
			"entry": func(l *zap.Logger) {
				e := zapcore.Entry{Message: "said password=" + planted, Stack: "main.f(password=" + planted + ")", LoggerName: "token=" + planted}
				_ = l.Core().Write(e, nil)
				l.Core().Check(e, nil).Write(f)
			},
		}
		for way, log := range ways {
			s := newSinks(r)
			log(zap.New(s.core, zap.AddStacktrace(zapcore.ErrorLevel)))
			all := s.all(t)
			require.Contains(t, all, "said", "%s by %s", name, way)
			clean(t, all, name+" by "+way)
		}
		batch := r.Redact([]zapcore.Field{zap.Int("n", 1), f, f})
		m := zapcore.NewMapObjectEncoder()
		for _, f := range batch.Fields {
			f.AddTo(m)
		}
		batch.Free()
		encoded, err := json.Marshal(m.Fields)
		require.NoError(t, err)
		clean(t, string(encoded), name+" in a batch")
	}
}

// clean fails if a text has the secret, plain or in base64.
func clean(t *testing.T, text, name string) {
	t.Helper()
	for _, part := range []string{planted, planted[:6], planted[6:], "aHVudGVy", "h1bnRlc", "odW50ZX"} {
		require.NotContains(t, text, part, name)
	}
}

func TestMessages(t *testing.T) {
	t.Parallel()
	s := newSinks(newRedactor(t, redact.Config{}))
	l := zap.New(s.core)
	l.Named("password=" + planted).Info("connect to redis://:" + planted + "@cache:6379/0")
	l.Sugar().Infof("login with %s=%s", "password", planted)
	l.Sugar().Infow("odd", "password", planted, "dangling", "token="+planted+"1aB")
	l.Sugar().Infow("no key", errors.New("password="+planted)) //nolint:loggercheck // on purpose
	l.Sugar().Infow("keys", 7, planted, "user", "ann")
	all := s.all(t)
	require.NotContains(t, strings.ReplaceAll(all, `"value":"`+planted, ""), "password="+planted)
	require.Contains(t, all, "redis://:[redacted]@cache:6379/0")
}

// What there is stays readable.
func TestWhatIsHidden(t *testing.T) {
	t.Parallel()
	r := planting(t)
	var none *bare
	var empty bare
	for _, c := range []struct {
		f    zapcore.Field
		want string
	}{
		{zap.String("password", ""), `{"password":""}`},
		{zap.Reflect("password", nil), `{"password":null}`},
		{zap.Any("x", none), `{"x":""}`},
		{zap.Any("x", empty), `{"x":""}`},
		{zap.Any("x", listed{}), `{"x":""}`},
		{zap.Any("x", struct{ A, B bare }{"", "b"}), `{"x":{"A":"","B":"[redacted]"}}`},
		{zap.String("token", "expired"), `{"token":"expired"}`},
		{zap.Int("pin", 1234), `{"pin":"[redacted]"}`},
		{zap.Bool("password", true), `{"password":"[redacted]"}`},
		{zap.Any("x", map[string]any{"pin": 1234, "on": true, "password": true}), `{"x":{"on":true,"password":"[redacted]","pin":"[redacted]"}}`},
		{zap.Int("tokens", 1234), `{"tokens":1234}`},
		{zap.Int("smtp_pass", 12), `{"smtp_pass":12}`},
		{zap.Duration("session", 5), `{"session":5}`},
		{zap.Dict("cookie", zap.Int("max_age", 3600), zap.Int("n", 1), zap.String("s", "x")), `{"cookie":{"max_age":3600,"n":"[redacted]","s":"[redacted]"}}`},
		{zap.Any("list", []string{"--token", "abc", "x"}), `{"list":["--token","[redacted]","x"]}`},
		{zap.Ints("pins", []int{1, 2}), `{"pins":[1,2]}`},
		{zap.Ints("pin", []int{1, 2}), `{"pin":["[redacted]","[redacted]"]}`},
		{zap.String("key", "users:7"), `{"key":"users:7"}`},
		{zap.String("key", "aB3dE6gH9jK2"), `{"key":"[redacted]"}`},
		{zap.Strings("keys", []string{"users:7", "aB3dE6gH9jK2"}), `{"keys":["users:7","[redacted]"]}`},
		{zap.Any("keys", []any{"users:7", "aB3dE6gH9jK2", 7}), `{"keys":["users:7","[redacted]",7]}`},
		{zap.Dict("o", zap.String("key", "dbPassword1"), zap.String("value", "x1")), `{"o":{"key":"dbPassword1","value":"[redacted]"}}`},
		{zap.Dict("keys", zap.String("token", "abcd"), zap.String("user", "ann")), `{"keys":{"token":"[redacted]","user":"ann"}}`},
		{zap.NamedError("token", errors.New("signature mismatch")), `{"token":"signature mismatch"}`},
		{zap.String("dsn", "postgres://app@db/app"), `{"dsn":"[redacted]"}`},
		{zap.String("at", "postgres://app:x1y2@db/app"), `{"at":"postgres://app:[redacted]@db/app"}`},
		{zap.String("body", `{"a": 1,  "password": "x1", "b": [2.50]}`), `{"body":"{\"a\":1,\"password\":\"[redacted]\",\"b\":[2.50]}"}`},
		{zap.String("body", `{"a": 1,  "b": [2.50]}`), `{"body":"{\"a\": 1,  \"b\": [2.50]}"}`},
		{zap.Any("x", self(`{"z":1,"a":12345678901234567890}`)), `{"x":{"z":1,"a":12345678901234567890}}`},
		{zap.Any("x", self(`{"html":"<b>&","password":"x1"}`)), `{"x":{"html":"\u003cb\u003e\u0026","password":"[redacted]"}}`},
		{zap.Stringer("x", (*url.URL)(nil)), `{"x":"<nil>"}`},
		{zap.String("session_color", "blue"), `{"session_color":"blue"}`},
		{zap.Int("iban", 7), `{"iban":"[redacted]"}`},
		{zap.Any("x", 7), `{"x":7}`},
		{zap.Any("x", map[string]any{"c": make(chan int)}), `{"xError":"json: unsupported type: chan int"}`},
	} {
		for _, pooled := range []bool{true, false} {
			fields := []zapcore.Field{c.f}
			if pooled {
				fields = r.Redact(fields).Fields
			}
			require.JSONEq(t, c.want, encodedBy(t, r, fields))
		}
	}
}

// encodedBy returns fields as zap encodes them below a Redactor.
func encodedBy(t *testing.T, r *redact.Redactor, fields []zapcore.Field) string {
	t.Helper()
	var out strings.Builder
	core := r.Core(zapcore.NewCore(zapcore.NewJSONEncoder(zapcore.EncoderConfig{EncodeDuration: zapcore.NanosDurationEncoder, EncodeTime: zapcore.EpochTimeEncoder}), zapcore.AddSync(&out), zapcore.DebugLevel))
	require.NoError(t, core.Write(zapcore.Entry{}, fields))
	return out.String()
}
