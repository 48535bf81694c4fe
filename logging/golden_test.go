package logging_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/prodwright/prodwright/logging"
)

var update = flag.Bool("update", false, "write the golden files")

// clock always shows the same time.
type clock struct{}

func (clock) Now() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 6789, time.FixedZone("", 3600)) }

func (clock) NewTicker(d time.Duration) *time.Ticker { return time.NewTicker(d) }

// golden compares with a file of testdata, or writes it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, got, 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))
}

// stackError is an error that prints where it was made.
type stackError struct{ error }

func (e stackError) Format(s fmt.State, _ rune) {
	_, _ = s.Write([]byte(e.Error()))
	if s.Flag('+') {
		_, _ = s.Write([]byte("\nmain.open\n\t/src/main.go:7"))
	}
}

// everything logs what the line formats have to show.
func everything(log *zap.Logger) {
	log = log.WithOptions(zap.WithClock(clock{}))
	ctx := logging.With(context.Background(), logging.UserID("4711"), logging.RequestID("req-456"), logging.IP(netip.MustParseAddr("::ffff:203.0.113.9")),
		logging.TraceID("0af7651916cd43dd8448eb211c80319c"), logging.SpanID("b7ad6b7169203331"), zap.String("tenant", "acme"))
	app := log.Named("app")
	app.Info("started")
	app.Debug("Ünïcode and \x1b[31mcolours\x07 in one line\nor two", zap.String("quoted", `"\`), zap.ByteString("torn", []byte("a\xffb")))
	app.Named("users").Warn("quota nearly reached", logging.Ctx(ctx), zap.Int("used", 95), zap.Float64("ratio", 0.95))
	app.With(logging.Ctx(ctx)).Info("kinds", zap.Bool("bool", true), zap.Duration("duration", 1500*time.Millisecond), zap.Time("time", clock{}.Now()),
		zap.Binary("binary", []byte{0, 1, 2}), zap.Complex128("complex", 1-2i), zap.Uint64("uint", 1<<63), zap.Strings("strings", []string{"a", "b"}), zap.Stringers("stringers", []netip.Addr{{}}),
		zap.Any("map", map[string]any{"k": []int{1, 2}, "html": "<a&b>"}), zap.Dict("dict", zap.String("inner", "x"), zap.Int("n", 1)), zap.Any("nil", nil), zap.Reflect("bad", func() {}))
	app.With(zap.Namespace("http"), zap.String("method", "GET")).Info("in a namespace", logging.Ctx(ctx), zap.Int("status", 200), zap.Namespace("deeper"), zap.String("user_id", "not promoted"))
	app.Error("query failed", logging.Ctx(ctx), zap.Error(errors.New("connection refused")), zap.NamedError("cause", errors.New("second error")), logging.Fingerprint("db-down"), zap.Dict("extra_data", zap.String("error_code", "E001"), zap.String("user_action", "login")))
	app.Error("open failed", zap.Error(stackError{errors.New("no such file")}))
	app.DPanic("disk on fire")
}

// Stacks have places of the source, which changes.
var (
	stackInJSON = regexp.MustCompile(`github\.com/prodwright/prodwright/logging_test\.[^"]*`)
	stackInText = regexp.MustCompile(`    github\.com/prodwright/prodwright/logging_test\..*\n(?:    .*\n)*`)
)

func TestGoldenJSON(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	c := onlyConsole(&b)
	c.Release = "v1.2.3"
	c.Caller = logging.Disable
	everything(newLogs(t, c).Logger())
	golden(t, "lines.json", stackInJSON.ReplaceAll(b.Bytes(), []byte("STACK")))
}

func TestGoldenText(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	c := onlyConsole(&b)
	c.Console.Structured = false
	everything(newLogs(t, c).Logger())
	golden(t, "lines.txt", stackInText.ReplaceAll(b.Bytes(), []byte("    STACK\n")))
}

func TestCaller(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	l := newLogs(t, onlyConsole(&b))
	l.Named("app").Info("with a caller")
	require.Regexp(t, `"module":"logging/golden_test.go","function":"github.com/prodwright/prodwright/logging_test.TestCaller","line":\d+}`, b.String())
	b.Reset()
	l.Slog("app").Info("with a caller")
	require.Regexp(t, `"module":"logging/golden_test.go","function":"github.com/prodwright/prodwright/logging_test.TestCaller","line":\d+}`, b.String())
	b.Reset()
	l.Slog("app").Error("with a stack")
	require.Regexp(t, `"exception":"github.com/prodwright/prodwright/logging_test.TestCaller\\n\\t[^"]*golden_test.go:\d+\\ntesting.tRunner`, b.String())
	b.Reset()
	l.Logger().Error("with a stack")
	require.Regexp(t, `"exception":"github.com/prodwright/prodwright/logging_test.TestCaller\\n\\t[^"]*golden_test.go:\d+\\ntesting.tRunner`, b.String())
}
