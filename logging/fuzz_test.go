package logging_test

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/logging"
)

// FuzzRecord checks that whatever is in a record, its line is one line of JSON that says what the record does.
func FuzzRecord(f *testing.F) {
	f.Add("app", "message", "error", "stack", "user", "extra", int64(0))
	f.Add("a\x00b", "\xff\xfe\u2028", "\"\\\n\r\t", "\x1b[31m", "\ud7ff\U0010ffff", "\x7f\u0085\u202e", int64(math.MaxInt64))
	f.Fuzz(func(t *testing.T, logger, message, errText, stack, user, extra string, at int64) {
		r := logging.Record{
			Time: time.UnixMicro(at), Level: zapcore.Level(at % 6), Logger: logger, Message: message, Error: errText, Stack: stack, UserID: user,
			Extra: []byte(`"x":` + quoted(t, extra)),
		}
		line := r.AppendJSON([]byte("before"))
		require.True(t, bytes.HasPrefix(line, []byte("before{")))
		require.NotContains(t, string(line), "\n")
		require.True(t, utf8.Valid(line))
		var got map[string]any
		require.NoError(t, json.Unmarshal(line[len("before"):], &got), "%s", line)
		for name, want := range map[string]string{"logger": logger, "message": message, "exception": r.Exception(), "user_id": user} {
			if want == "" && name != "message" {
				require.NotContains(t, got, name)
				continue
			}
			require.Equal(t, strings.ToValidUTF8(replaced(want), ""), got[name])
		}
		require.Equal(t, map[string]any{"x": replaced(extra)}, got["extra_data"])
		if year := r.Time.UTC().Year(); year >= 0 && year <= 9999 {
			back, err := logging.ParseRecord(line[len("before"):])
			require.NoError(t, err)
			require.Equal(t, string(line), "before"+string(back.AppendJSON(nil)), "what is read is written the same")
		}
		text := string(r.AppendText(nil))
		require.True(t, utf8.ValidString(text))
		first, _, _ := strings.Cut(text, "\n")
		require.Equal(t, -1, strings.IndexFunc(strings.TrimLeft(text, "\n"), func(c rune) bool {
			return c < ' ' && c != '\n' && c != '\t' || 0x7f <= c && c < 0xa0 || '\u202a' <= c && c <= '\u202e'
		}), "%q", text)
		if errText == "" && stack == "" {
			require.Equal(t, first, text, "one line")
		}
	})
}

// replaced replaces each byte that is no text, as all of Go does.
func replaced(s string) string { return string([]rune(s)) }

func quoted(t *testing.T, s string) string {
	t.Helper()
	var b bytes.Buffer
	l := newLogs(t, onlyConsole(&b))
	l.Logger().Info("m", zap.String("x", s))
	_, after, _ := strings.Cut(b.String(), `"extra_data":{"x":`)
	return strings.TrimSuffix(after, "}}\n")
}

// FuzzFields compares the JSON of fields with that of zap.
func FuzzFields(f *testing.F) {
	f.Add("k", "v", int64(-1), 1.5, []byte("b"))
	f.Add("", "\x00\xff", int64(math.MinInt64), math.Inf(1), []byte{0xff, '"'})
	f.Add("user_id ", "\u2028", int64(1), math.NaN(), []byte(nil))
	f.Fuzz(func(t *testing.T, key, text string, n int64, x float64, b []byte) {
		if slices.Contains([]string{"", "error", "user_id", "request_id", "ip_address", "trace_id", "span_id", "fingerprint", "extra_data"}, key) {
			key = "k"
		}
		z := x
		if math.IsNaN(x) {
			z = 0 // zap leaves the sign out
		}
		fields := []zap.Field{
			zap.String(key, text), zap.Int64("n", n), zap.Uint64("u", uint64(n)), zap.Float64("x", x), zap.Float32("x32", float32(x)), zap.Binary("bin", b), zap.ByteString("bytes", b),
			zap.Bool("bool", n > 0), zap.Int8("i8", int8(n)), zap.Uintptr("ptr", uintptr(n)), zap.Complex128("c", complex(z, -z)), zap.Complex64("c64", complex64(complex(-z, z))),
			zap.Strings("list", []string{text, key}), zap.Float64s("floats", []float64{x, 0}), zap.Durations("durations", []time.Duration{time.Duration(n)}), zap.Duration("d", time.Duration(n)), zap.Any("any", map[string]any{key: text, "n": n}),
			zap.Dict("dict", zap.String(key, text), zap.Namespace("open"), zap.Int64("n", n)), zap.Objects("objects", []obj{{key, n}, {text, -n}}), zap.Bools("bools", nil),
			zap.NamedError("err", io.EOF), zap.Namespace(key), zap.Inline(obj{text, n}), zap.Reflect("nil", nil),
		}
		cfg := zapcore.EncoderConfig{EncodeDuration: nearest, EncodeTime: zapcore.EpochTimeEncoder, NewReflectedEncoder: func(w io.Writer) zapcore.ReflectedEncoder {
			e := json.NewEncoder(w)
			e.SetEscapeHTML(false)
			return e
		}}
		theirs, err := zapcore.NewJSONEncoder(cfg).EncodeEntry(zapcore.Entry{}, fields)
		require.NoError(t, err)
		var buf bytes.Buffer
		newLogs(t, onlyConsole(&buf)).Logger().WithOptions(zap.WithCaller(false)).Info("m", fields...)
		var ours struct {
			Extra json.RawMessage `json:"extra_data"`
		}
		require.NoError(t, json.Unmarshal(buf.Bytes(), &ours), "%s", buf.Bytes())
		require.JSONEq(t, theirs.String(), string(ours.Extra))
	})
}

// nearest encodes a duration as the number nearest to its seconds; the method Seconds rounds twice.
func nearest(d time.Duration, to zapcore.PrimitiveArrayEncoder) {
	seconds, _ := big.NewRat(int64(d), int64(time.Second)).Float64()
	to.AppendFloat64(seconds)
}

// obj is logged as an object.
type obj struct {
	s string
	n int64
}

func (o obj) MarshalLogObject(e zapcore.ObjectEncoder) error {
	e.AddString("s", o.s)
	return e.AddArray("a", zapcore.ArrayMarshalerFunc(func(a zapcore.ArrayEncoder) error {
		a.AppendInt64(o.n)
		a.AppendString(o.s)
		a.AppendBool(true)
		return a.AppendReflected([]string{o.s})
	}))
}
