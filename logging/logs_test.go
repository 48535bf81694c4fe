package logging_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/prodwright/prodwright/logging"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// records parses lines of JSON.
func records(t *testing.T, b *bytes.Buffer) []map[string]any {
	t.Helper()
	var all []map[string]any
	for line := range strings.Lines(b.String()) {
		var r map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &r), "%s", line)
		all = append(all, r)
	}
	return all
}

// sink is one that keeps what it got, and fails when it is told to.
type sink struct {
	level zapcore.Level
	err   error

	mu     sync.Mutex
	got    []string
	synced int
	closed int
}

func (s *sink) Level() zapcore.Level { return s.level }

func (s *sink) Write(r *logging.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.got = append(s.got, string(r.AppendJSON(nil)))
	}
	return s.err
}

func (s *sink) Sync(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.synced++
	return s.err
}

func (s *sink) Close(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed++
	return s.err
}

func TestEachSinkHasItsLevel(t *testing.T) {
	t.Parallel()
	all, errs := &sink{level: zapcore.DebugLevel}, &sink{level: zapcore.ErrorLevel}
	var b bytes.Buffer
	c := onlyConsole(&b)
	c.Console.Level = "WARNING"
	c.Sinks = []logging.Sink{all, errs}
	l := newLogs(t, c)
	log := l.Logger()
	log.Debug("d")
	log.Info("i")
	log.Warn("w")
	log.Error("e")
	require.Len(t, all.got, 4)
	require.Len(t, errs.got, 1)
	require.Len(t, records(t, &b), 2)
	require.Equal(t, logging.Stats{Debug: 1, Info: 1, Warning: 1, Error: 1}, l.Stats())
}

func TestNothingIsMadeOfWhatNoSinkTakes(t *testing.T) {
	t.Parallel()
	c := onlyConsole(new(bytes.Buffer))
	c.Console.Level = "ERROR"
	log := newLogs(t, c).Logger()
	require.Nil(t, log.Check(zapcore.WarnLevel, "w"))
	require.NotNil(t, log.Check(zapcore.ErrorLevel, "e"))
	c.Console.Level = "OFF"
	require.Nil(t, newLogs(t, c).Logger().Check(zapcore.ErrorLevel, "e"))
}

func TestWhatNoSinkTakesGoesToTheFallback(t *testing.T) {
	t.Parallel()
	bad := &sink{err: errors.New("no space left on device")}
	var b bytes.Buffer
	c := logging.Config{Console: logging.Console{Enabled: logging.Disable}, Sinks: []logging.Sink{bad}, Fallback: &b, Caller: logging.Disable}
	c.File.Enabled, c.ErrorFile.Enabled = logging.Disable, logging.Disable
	l, err := logging.New(c)
	require.NoError(t, err)
	for i := range 100 {
		l.Logger().Info("kept", zap.Int("i", i))
	}
	require.Equal(t, 100, strings.Count(b.String(), `"message":"kept"`))
	require.Equal(t, 1, strings.Count(b.String(), "write error: no space left on device"), "one message a second")
	require.Equal(t, uint64(100), l.Stats().Failed)
	require.ErrorIs(t, l.Close(t.Context()), bad.err)
	require.ErrorContains(t, l.Close(t.Context()), "logging: close: ")
	require.Equal(t, 1, bad.closed)
}

func TestOneWorkingSinkIsEnough(t *testing.T) {
	t.Parallel()
	bad, good := &sink{err: errors.New("down")}, &sink{}
	var b bytes.Buffer
	c := onlyConsole(&b)
	c.Console.Enabled = logging.Disable
	c.Sinks = []logging.Sink{bad, good}
	l, err := logging.New(c)
	require.NoError(t, err)
	l.Logger().Info("kept")
	require.Len(t, good.got, 1)
	require.NotContains(t, b.String(), "kept")
	require.Contains(t, b.String(), "write error: down")
	require.Error(t, l.Close(t.Context()))
	require.Equal(t, 1, good.closed, "an error of one does not keep the others open")
}

func TestLevelsAboveErrorAreSynced(t *testing.T) {
	t.Parallel()
	s := &sink{}
	c := onlyConsole(new(bytes.Buffer))
	c.Sinks = []logging.Sink{s}
	l := newLogs(t, c)
	l.Logger().Error("e")
	require.Zero(t, s.synced)
	require.Panics(t, func() { l.Logger().Panic("p") })
	require.Equal(t, 1, s.synced)
	l.Logger().WithOptions(zap.WithFatalHook(zapcore.WriteThenPanic)).DPanic("d")
	require.Equal(t, 2, s.synced)
	require.NoError(t, l.Logger().Sync())
	require.Equal(t, 3, s.synced)
	require.Equal(t, uint64(2), l.Stats().Critical)
}

// bomb panics when it is logged.
type bomb struct{ inner any }

func (b bomb) MarshalLogObject(e zapcore.ObjectEncoder) error {
	e.AddString("begun", "and")
	e.OpenNamespace("not closed")
	panic(b.inner)
}

func (b bomb) String() string { panic(b.inner) }

func TestFieldsThatPanicAreReplaced(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	c := onlyConsole(&b)
	c.Redact.Off = true
	log := newLogs(t, c).Logger().WithOptions(zap.WithCaller(false))
	log.Info("m", zap.Int("before", 1), zap.Object("bomb", bomb{"boom"}), zap.Inline(bomb{bomb{bomb{bomb{"itself"}}}}), zap.Int("after", 2))
	log.With(zap.Object("bomb", bomb{"boom"}), zap.Namespace("ns"), zap.Object("bomb", bomb{io.EOF})).Info("m", zap.Int("after", 2))
	got := records(t, &b)
	require.Equal(t, map[string]any{"before": 1.0, "bomb": "panic: boom", "": "panic: of a value that panics when it is printed", "after": 2.0}, got[0]["extra_data"])
	require.Equal(t, map[string]any{"bomb": "panic: boom", "ns": map[string]any{"bomb": "panic: EOF", "after": 2.0}}, got[1]["extra_data"])

	b.Reset() // the redactor, which is before, must not panic either
	newLogs(t, onlyConsole(&b)).Logger().Info("m", zap.Object("bomb", bomb{"boom"}), zap.Inline(bomb{bomb{bomb{bomb{"itself"}}}}), zap.Stringer("bomb", bomb{"boom"}), zap.Int("after", 2))
	require.Contains(t, b.String(), `"after":2`)
}

func TestPromotedFields(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	log := newLogs(t, onlyConsole(&b)).Logger().WithOptions(zap.WithCaller(false))
	log.Info("m", zap.Int("user_id", 7), zap.Uint8("user_id", 8), zap.Stringer("request_id", &b2{}), zap.Bool("trace_id", true), zap.Error(nil), zap.String("error", "text"), zap.Error(io.EOF))
	log.With(logging.UserID("1"), zap.Namespace("ns")).Info("m", logging.UserID("2"))
	got := records(t, &b)
	require.Equal(t, "7", got[0]["user_id"])
	require.Equal(t, "b2", got[0]["request_id"])
	require.Equal(t, "text", got[0]["exception"])
	require.Equal(t, map[string]any{"user_id": 8.0, "trace_id": true, "error": "EOF"}, got[0]["extra_data"])
	require.Equal(t, "1", got[1]["user_id"])
	require.Equal(t, map[string]any{"ns": map[string]any{"user_id": "2"}}, got[1]["extra_data"])
}

type b2 struct{}

func (*b2) String() string { return "b2" }

func TestForeignCoresGetTheFieldsOfContexts(t *testing.T) {
	t.Parallel()
	foreign, seen := observer.New(zapcore.WarnLevel)
	c := onlyConsole(new(bytes.Buffer))
	c.Cores = []zapcore.Core{foreign}
	c.Levels = map[string]string{"quiet": "ERROR"}
	l := newLogs(t, c)
	ctx := logging.With(t.Context(), logging.UserID("4711"))
	l.Logger().Info("below its level")
	l.Named("quiet").Warn("below that of the logger")
	l.Named("app").With(zap.Int("n", 1)).Warn("seen", logging.Ctx(ctx))
	require.Equal(t, 1, seen.Len())
	require.Equal(t, map[string]any{"user_id": "4711", "n": int64(1)}, seen.All()[0].ContextMap())
}

func TestConcurrentLogging(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	l := newLogs(t, onlyConsole(&b))
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			ctx := logging.With(t.Context(), logging.RequestID(fmt.Sprint("request-", g)))
			log := l.Named("app").With(zap.Int("g", g))
			for i := range 200 {
				log.Info("m", zap.Int("i", i), logging.Ctx(ctx), zap.String("pad", strings.Repeat("x", i)))
				_ = l.Levels().Set("app", zapcore.DebugLevel, 0)
			}
		})
	}
	wg.Wait()
	next := map[any]float64{}
	for _, r := range records(t, &b) {
		extra, ok := r["extra_data"].(map[string]any)
		require.True(t, ok)
		require.Equal(t, fmt.Sprint("request-", extra["g"]), r["request_id"])
		require.InDelta(t, next[extra["g"]], extra["i"], 0)
		require.Len(t, extra["pad"], int(next[extra["g"]]))
		next[extra["g"]]++
	}
	require.Len(t, next, 8)
}

func TestLateRecordsAreNotLost(t *testing.T) {
	t.Parallel()
	var file, fallback bytes.Buffer
	c := onlyConsole(&file)
	c.Console.Enabled = logging.Disable
	c.Sinks = []logging.Sink{logging.Lines(&closable{Writer: &file}, zapcore.DebugLevel, false)}
	c.Fallback = &fallback
	l := newLogs(t, c)
	l.Logger().Info("in time")
	require.NoError(t, l.Close(t.Context()))
	require.NoError(t, l.Close(t.Context()))
	l.Logger().Info("late")
	require.Contains(t, file.String(), "in time")
	require.Contains(t, fallback.String(), `"message":"late"`)
}

// closable is a writer that refuses when it is closed.
type closable struct {
	io.Writer

	closed bool
}

func (c *closable) Close() error { c.closed = true; return nil }

func (c *closable) Write(p []byte) (int, error) {
	if c.closed {
		return 0, io.ErrClosedPipe
	}
	return c.Writer.Write(p)
}
