package redact_test

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"runtime/debug"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/logging/redact"
)

// harmless are texts that must stay as they are, because people have to read them.
func harmless() []string {
	return []string{
		"key=primary", "token bucket", "password changed", "password is required", "the token is expired", "invalid token: signature mismatch", "basic authentication failed", "Bearer authentication failed", "Token refresh took 12ms", "api key rotated",
		"secret sauce", "session started", "session expired after 30m", "cookie jar is empty", "keys=12 hits=7", "tokens=1523000 in 2s", "token_count=12", "password_policy=none", "password_min_length=8", "secret_name=db", "auth=ok", "auth: ok", "token: expired", "max_tokens=4096 temperature=0.7", "passengers: 7", "compass=north",
		"bypass=true", "monkey=ann", "keyboard: qwerty", "author=ann", "authority=ca.example.com", "sort_key=name", "cache_key=users:7:profile", "primary_key=id", "partition key=12", "public_key=ssh-ed25519", "user=ann status=active", "pin_count=3", "dsn is missing", "otp sent to ann",
		"SELECT id, name FROM users WHERE id = $1 AND state = 'open'", "UPDATE users SET password_changed_at = now() WHERE id = $1", "select * from tokens where token_id = 7", `column "password" of relation "users" does not exist`, `duplicate key value violates unique constraint "users_email_key"`, "INSERT INTO keys (name, kind) VALUES ($1, $2)", "Key (id)=(7) already exists.",
		"ERROR: password authentication failed for user \"app\" (SQLSTATE 28P01)", "pq: password authentication failed for user app", "dial tcp 127.0.0.1:5432: connect: connection refused", "Get \"http://auth:8080/healthz\": dial tcp 10.0.0.1:80: refused", "dial tcp app-secrets:8200: refused", "read tcp [::1]:51334->[::1]:5432: i/o timeout",
		"https://example.com:8443/a?page=2&limit=10#x", "postgres://app@db/app", "http://localhost:8080/path", "https://example.com/~ann: see ann@example.com", "GET /oauth/token: 500", "POST /users/42/password 204 12ms", "s3://bucket/keys/2026/01/02.json", "amqp://mq:5672/vhost", "wss://example.com/session", "mailto:ann@example.com",
		"550e8400-e29b-41d4-a716-446655440000", "878508bfa2c1d3e4f5061728394a5b6c7d8e9f00", "commit 878508b by ann", "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "image registry/auth:2.14.13", "traceparent 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "ETag: W/\"5e8c-17a9d2\"", "go1.26.0 linux/amd64", "2026-01-02T03:04:05.000006Z",
		"main.go:12: undefined: token", "pkg/auth/token.go:120 +0x1d4", "panic: runtime error: index out of range [3] with length 3", "goroutine 1 [running]:\nmain.auth(0xc000012345, {0x1, 0x2})\n\t/app/internal/session/key.go:42 +0x1d\ncreated by main.main in goroutine 1\n\t/app/main.go:12 +0x5c\n",
		"user ann logged in from 10.0.0.7:51334", "payment 7f3a of order 1842 was captured", "10:30:00", "a  b   c", "name\tvalue", "-v --port 80 --host db", "tar -xzf a.tar.gz", "curl -sS https://example.com", "usage: app [--config file] [--token-file path]", "map[a:1 b:2]", "{Name:ann Age:41}", "[1 2 3]", `{"a": 1, "b": [true, null]}`, `{"user": "ann",   "age": 41}`, "<b>bold</b>", "x := y", "a::b", "é日本語：ann", "用户登录成功：ann",
		"email=ann@example.com", "could not get credentials: connection refused", "securecookie: the value is not valid", "token valid until 2026-01-02", "retry 3/5 in 200ms", "", " ", "\n", "risk-management-policies-of-the-house", "npm_package", "gh_token missing", "sk-learn", "eyes", "AKIA is a prefix",
	}
}

// What is no secret stays as it is: texts by themselves, in strings, in errors, in objects and in values.
func TestHarmlessStays(t *testing.T) {
	t.Parallel()
	r := newRedactor(t, redact.Config{})
	for _, s := range append(harmless(), string(debug.Stack())) {
		require.Equal(t, s, r.Text(s))
		fields := []zapcore.Field{zap.String("note", s), zap.Error(errors.New(s)), zap.ByteString("bytes", []byte(s)), zap.Binary("binary", []byte(s))}
		b := r.Redact(fields)
		require.Same(t, &fields[0], &b.Fields[0], "it is the same slice")
		b.Free()
		fields = []zapcore.Field{zap.Strings("list", []string{s}), zap.Dict("o", zap.String("note", s)), zap.Any("m", map[string]any{"note": s, "list": []string{s}})}
		require.JSONEq(t, bareJSON(t, fields), encodedBy(t, r, fields), s)
	}
}

// bareJSON returns fields as zap encodes them.
func bareJSON(t *testing.T, fields []zapcore.Field) string {
	t.Helper()
	b, err := zapcore.NewJSONEncoder(zapcore.EncoderConfig{EncodeDuration: zapcore.NanosDurationEncoder, EncodeTime: zapcore.EpochTimeEncoder}).EncodeEntry(zapcore.Entry{}, fields)
	require.NoError(t, err)
	return b.String()
}

// Fields of all kinds come out as zap writes them when they have nothing to hide.
func TestHarmlessFields(t *testing.T) {
	t.Parallel()
	r := newRedactor(t, redact.Config{})
	n, at, took, yes, f := 7, time.Unix(1, 2), time.Second, true, 1.5
	everything := objectFunc(func(e zapcore.ObjectEncoder) error {
		e.AddBool("a", true)
		e.AddComplex128("b", 1i)
		e.AddComplex64("c", 2i)
		e.AddFloat64("d", 1.5)
		e.AddFloat32("e", 2.5)
		e.AddInt("f", 1)
		e.AddInt64("g", 2)
		e.AddInt32("h", 3)
		e.AddInt16("i", 4)
		e.AddInt8("j", 5)
		e.AddUint("k", 6)
		e.AddUint64("l", 7)
		e.AddUint32("m", 8)
		e.AddUint16("n", 9)
		e.AddUint8("o", 10)
		e.AddUintptr("p", 11)
		e.AddDuration("q", took)
		e.AddTime("r", at)
		e.AddBinary("s", []byte{1, 2})
		e.AddByteString("t", []byte("text"))
		_ = e.AddReflected("u", map[string]int{"a": 1})
		_ = e.AddArray("v", arrayFunc(func(e zapcore.ArrayEncoder) error {
			e.AppendBool(true)
			e.AppendComplex128(1i)
			e.AppendComplex64(2i)
			e.AppendFloat64(1.5)
			e.AppendFloat32(2.5)
			e.AppendInt(1)
			e.AppendInt64(2)
			e.AppendInt32(3)
			e.AppendInt16(4)
			e.AppendInt8(5)
			e.AppendUint(6)
			e.AppendUint64(7)
			e.AppendUint32(8)
			e.AppendUint16(9)
			e.AppendUint8(10)
			e.AppendUintptr(11)
			e.AppendDuration(took)
			e.AppendTime(at)
			e.AppendByteString([]byte("text"))
			e.AppendString("text")
			return e.AppendReflected([]any{1, nil, "x"})
		}))
		e.OpenNamespace("w")
		e.AddString("x", "y")
		return nil
	})
	fields := []zapcore.Field{
		zap.Intp("np", &n), zap.Timep("at", &at), zap.Durationp("took", &took), zap.Boolp("yes", &yes), zap.Float64p("f", &f), zap.Stringp("nil", nil), zap.Skip(), zap.Complex128("c", 1i), zap.Uint8("u8", 8), zap.Uintptr("up", 9), zap.Time("far", time.Unix(1<<40, 0)),
		zap.Ints("ints", []int{1, 2}), zap.Durations("durations", []time.Duration{1}), zap.Times("times", []time.Time{at}), zap.Bools("bools", []bool{true}), zap.Strings("strings", []string{"a"}), zap.ByteStrings("bytes", [][]byte{[]byte("a")}), zap.Errors("errors", []error{io.EOF, nil, chatty{"a", "long"}}),
		zap.Error(io.EOF), zap.NamedError("rich", chatty{"short", "long"}), zap.NamedError("many", several{io.EOF, errors.New("x")}), zap.Stringer("url", &url.URL{Scheme: "http", Host: "a"}), zap.Any("header", http.Header{"Accept": {"*/*"}}), zap.Any("struct", struct {
			A int    `json:"a"`
			B string `json:"-"`
			C []byte `json:",omitempty"`
			D any
		}{1, "x", []byte("abc"), map[int]any{7: at}}),
		zap.Object("user", user{Name: "ann", Friend: &user{Name: "bob"}}), zap.Objects("users", []user{{Name: "ann"}}), zap.Dict("d", zap.Namespace("in"), zap.Int("a", 1), zap.Error(io.EOF)), zap.Object("all", everything), zap.Inline(user{Name: "ann"}), zap.Namespace("ns"), zap.Any("m", map[string]any{"html": "<b>&", "n": 1.50}),
	}
	want := bareJSON(t, fields)
	require.Equal(t, want, encodedBy(t, r, fields))
	b := r.Redact(fields)
	require.Equal(t, want, bareJSON(t, b.Fields))
	b.Free()
	require.Nil(t, b.Fields)
}

// Fields that have nothing to hide cost no memory.
func TestHarmlessCostsNoMemory(t *testing.T) {
	r := newRedactor(t, redact.Config{Keys: []string{"iban"}})
	fields := append(usual(), zap.ByteString("bytes", []byte("a text that is longer than what fits on a stack of thirty-two bytes")), zap.Object("user", user{Name: "ann", Friend: &user{Name: "bob"}}), zap.Strings("tags", []string{"a", "b"}), zap.Ints("n", []int{1}))
	run := func() {
		b := r.Redact(fields)
		b.Free()
	}
	run()
	require.Zero(t, testing.AllocsPerRun(100, run))
	fields = append(fields, zap.String("password", "hunter2"), zap.Int("pin", 7))
	require.Zero(t, testing.AllocsPerRun(100, run), "nor do those that names hide")
}
