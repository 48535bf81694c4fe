package logging_test

import (
	"bytes"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/logging"
)

func TestParseLevel(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]zapcore.Level{
		"debug": zapcore.DebugLevel, "INFO": zapcore.InfoLevel, "warn": zapcore.WarnLevel, "error": zapcore.ErrorLevel,
		"CRITICAL": zapcore.DPanicLevel, "dpanic": zapcore.DPanicLevel, "panic": zapcore.PanicLevel, "fatal": zapcore.FatalLevel, "off": logging.Off,
	} {
		got, err := logging.ParseLevel(name)
		require.NoError(t, err, name)
		require.Equal(t, want, got, name)
		if want <= zapcore.DPanicLevel || want == logging.Off {
			back, err := logging.ParseLevel(logging.LevelName(want))
			require.NoError(t, err)
			require.Equal(t, want, back)
		}
	}
	got, err := logging.ParseLevel(" Warning\t")
	require.NoError(t, err)
	require.Equal(t, zapcore.WarnLevel, got)
	_, err = logging.ParseLevel("loud")
	require.EqualError(t, err, `logging: level "loud" is none of DEBUG, INFO, WARNING, ERROR, CRITICAL and OFF`)
}

func TestLevelsByName(t *testing.T) {
	t.Parallel()
	c := onlyConsole(new(bytes.Buffer))
	c.Level = "WARNING"
	c.Levels = map[string]string{"app": "INFO", "app.db": "DEBUG", "noise": "OFF"}
	l := newLogs(t, c)
	for name, want := range map[string]zapcore.Level{
		"": zapcore.WarnLevel, "other": zapcore.WarnLevel, "app": zapcore.InfoLevel, "app.http": zapcore.InfoLevel, "application": zapcore.WarnLevel,
		"app.db": zapcore.DebugLevel, "app.db.tx.deep": zapcore.DebugLevel, "app.dbx": zapcore.InfoLevel, "noise": logging.Off, "noise.x": logging.Off, ".": zapcore.WarnLevel,
	} {
		for range 3 { // the third time it is known
			require.Equal(t, want, l.Levels().Level(name), name)
		}
		require.Equal(t, want <= zapcore.InfoLevel, l.Named(name).Check(zapcore.InfoLevel, "m") != nil, name)
		require.Equal(t, want <= zapcore.InfoLevel, l.Handler(name).Enabled(t.Context(), slog.LevelInfo), name)
	}
	require.Nil(t, l.Named("noise").Check(zapcore.ErrorLevel, "m"))
	require.False(t, l.Logger().Core().Enabled(zapcore.DebugLevel-1))
	require.True(t, l.Logger().Core().Enabled(zapcore.DebugLevel), "some logger logs it")
}

func TestLevelsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLogs(t, onlyConsole(new(bytes.Buffer))).Levels()
		require.NoError(t, l.Set("app", zapcore.ErrorLevel, time.Minute))
		require.NoError(t, l.Set("", zapcore.InfoLevel, 2*time.Minute))
		time.Sleep(30 * time.Second)
		require.NoError(t, l.Set("app", zapcore.WarnLevel, time.Minute)) // the first end no longer counts
		time.Sleep(30*time.Second + time.Millisecond)
		synctest.Wait()
		require.Equal(t, zapcore.WarnLevel, l.Level("app"))
		time.Sleep(30 * time.Second)
		synctest.Wait()
		require.Equal(t, zapcore.InfoLevel, l.Level("app"))
		time.Sleep(30 * time.Second)
		synctest.Wait()
		require.Equal(t, zapcore.DebugLevel, l.Level("app"))

		require.NoError(t, l.Set("app", zapcore.ErrorLevel, time.Minute))
		l.Reset("app")
		require.NoError(t, l.Set("app", zapcore.ErrorLevel, 0))
		time.Sleep(time.Hour)
		synctest.Wait()
		require.Equal(t, zapcore.ErrorLevel, l.Level("app"), "without an end")
		require.ErrorContains(t, l.Set("app", zapcore.ErrorLevel, -1), "use a positive time")
		require.ErrorContains(t, l.Set("app", 99, 0), "beyond all")
	})
}

func TestNamedLevel(t *testing.T) {
	t.Parallel()
	l := newLogs(t, onlyConsole(new(bytes.Buffer))).Levels()
	n := l.Named("app")
	for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError, slog.LevelError + 4, math.MaxInt32} {
		n.Set(level)
		require.Equal(t, level, n.Level())
	}
	n.Set(slog.LevelDebug) // as it is without being set
	require.NoError(t, l.Set("", zapcore.ErrorLevel, 0))
	require.Equal(t, slog.LevelError, n.Level(), "it follows the root again")
}

func TestMemoryOfLevelsIsBounded(t *testing.T) {
	t.Parallel()
	l := newLogs(t, onlyConsole(new(bytes.Buffer)))
	require.NoError(t, l.Levels().Set("app", zapcore.ErrorLevel, 0))
	for i := range 10000 {
		require.Equal(t, zapcore.ErrorLevel, l.Levels().Level("app."+strings.Repeat("x", i%100)+time.Duration(i).String()))
		l.Named(time.Duration(i).String())
	}
	require.Less(t, len(l.Levels().All()), 5000)
}

func TestLevelHandler(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		logs := newLogs(t, onlyConsole(new(bytes.Buffer)))
		logs.Named("app.db")
		do := func(method, kind, body string) (int, string) {
			r := httptest.NewRequestWithContext(t.Context(), method, "/", strings.NewReader(body))
			r.Header.Set("Content-Type", kind)
			w := httptest.NewRecorder()
			logs.Levels().ServeHTTP(w, r)
			return w.Code, strings.TrimSpace(w.Body.String())
		}
		const usual = `[{"name":"","level":"DEBUG"},{"name":"app.db","level":"DEBUG"}]`
		status, body := do(http.MethodGet, "", "")
		require.Equal(t, http.StatusOK, status)
		require.JSONEq(t, usual, body)
		status, body = do(http.MethodPut, "application/json; charset=utf-8", `{"name":"app.db","level":"warn","for":"15m"}`)
		require.Equal(t, http.StatusOK, status)
		require.JSONEq(t, `[{"name":"","level":"DEBUG"},{"name":"app.db","level":"WARNING","usual":"DEBUG","until":"2000-01-01T00:15:00Z"}]`, body)
		time.Sleep(15 * time.Minute)
		synctest.Wait()
		_, body = do(http.MethodHead, "", "")
		require.JSONEq(t, usual, body)
		_, body = do(http.MethodPut, "application/json", `{"name":"new","level":"ERROR"}`)
		require.JSONEq(t, `[{"name":"","level":"DEBUG"},{"name":"app.db","level":"DEBUG"},{"name":"new","level":"ERROR","usual":"DEBUG","until":"2000-01-01T01:15:00Z"}]`, body)
		_, body = do(http.MethodPut, "application/json", `{"name":"new"}`)
		require.JSONEq(t, usual, body)
		_, body = do(http.MethodPut, "application/json", `{"level":"INFO","for":"0s"}`)
		require.JSONEq(t, `[{"name":"","level":"INFO","usual":"DEBUG"},{"name":"app.db","level":"INFO"}]`, body)

		for _, tc := range []struct {
			method, kind, body string
			status             int
			says               string
		}{
			{http.MethodPost, "application/json", "{}", http.StatusMethodNotAllowed, "use GET or PUT"},
			{http.MethodPut, "text/plain", "{}", http.StatusUnsupportedMediaType, "must be application/json"},
			{http.MethodPut, "application/json", "{", http.StatusBadRequest, "the body is not as in"},
			{http.MethodPut, "application/json", `{"nom":"x"}`, http.StatusBadRequest, `unknown field "nom"`},
			{http.MethodPut, "application/json", `{"level":"LOUD"}`, http.StatusBadRequest, "none of DEBUG, INFO"},
			{http.MethodPut, "application/json", `{"level":"INFO","for":"-1s"}`, http.StatusBadRequest, `for is "-1s"`},
			{http.MethodPut, "application/json", `{"level":"INFO","for":"soon"}`, http.StatusBadRequest, `for is "soon"`},
			{http.MethodPut, "application/json", `{"name":"` + strings.Repeat("x", 5000) + `"}`, http.StatusBadRequest, "the body is not as in"},
		} {
			status, body := do(tc.method, tc.kind, tc.body)
			require.Equal(t, tc.status, status, tc.body)
			require.Contains(t, body, tc.says)
		}
	})
}
