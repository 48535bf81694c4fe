package httplog_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/logging"
	"github.com/prodwright/prodwright/logging/httplog"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve answers one request through the middleware and returns the response and the records.
func serve(t *testing.T, cfg httplog.Config, h http.HandlerFunc, change func(*http.Request)) (*httptest.ResponseRecorder, []map[string]any) {
	t.Helper()
	var b bytes.Buffer
	logs := newLogs(t, &b)
	m, err := httplog.New(logs.Named("http"), cfg)
	require.NoError(t, err)
	mux := http.NewServeMux()
	mux.HandleFunc("/users/{id}", func(w http.ResponseWriter, r *http.Request) {
		logs.Named("app").Info("inside", logging.Ctx(r.Context()))
		h(w, r)
	})
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/users/4711?token=s3cret", nil)
	r.RemoteAddr = "192.0.2.1:4711"
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	func() {
		defer func() { _ = recover() }()
		m.Handler(mux).ServeHTTP(w, r)
	}()
	var all []map[string]any
	for line := range strings.Lines(b.String()) {
		require.NotContains(t, line, "s3cret")
		var record map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &record))
		all = append(all, record)
	}
	return w, all
}

func newLogs(t *testing.T, w io.Writer) *logging.Logs {
	t.Helper()
	logs, err := logging.New(logging.Config{
		Console: logging.Console{Structured: true, Writer: w},
		File:    logging.File{Enabled: logging.Disable}, ErrorFile: logging.ErrorFile{Enabled: logging.Disable},
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, logs.Close(context.Background())) })
	return logs
}

func extra(t *testing.T, record map[string]any) map[string]any {
	t.Helper()
	e, ok := record["extra_data"].(map[string]any)
	require.True(t, ok)
	return e
}

func TestEachRequestIsLoggedOnce(t *testing.T) {
	t.Parallel()
	added := false
	w, got := serve(t, httplog.Config{User: func(*http.Request) string { return "7" }}, func(w http.ResponseWriter, r *http.Request) {
		added = httplog.Add(r.Context(), zap.String("plan", "free"))
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, "hello")
	}, func(r *http.Request) {
		r.Header.Set("User-Agent", "test/1")
		r.Header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	})
	require.True(t, added)
	require.Len(t, got, 2)
	for _, r := range got {
		require.Equal(t, w.Header().Get("X-Request-ID"), r["request_id"])
		require.Len(t, r["request_id"], 32)
		require.Equal(t, "192.0.2.1", r["ip_address"])
		require.Equal(t, "7", r["user_id"])
		require.Equal(t, "0af7651916cd43dd8448eb211c80319c", r["trace_id"])
		require.Equal(t, "b7ad6b7169203331", r["span_id"])
	}
	e := extra(t, got[1])
	require.Positive(t, e["took"])
	delete(e, "took")
	require.Equal(t, map[string]any{"plan": "free", "method": "GET", "path": "/users/4711", "route": "/users/{id}", "status": 201.0, "bytes": 5.0, "user_agent": "test/1"}, e)
	require.Equal(t, "request", got[1]["message"])
	require.Equal(t, "http", got[1]["logger"])
	require.NotContains(t, got[1], "module")
	require.False(t, httplog.Add(t.Context()))
}

func TestLevels(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, tc := range []struct {
			cfg    httplog.Config
			status int
			level  string
		}{
			{httplog.Config{}, 200, "INFO"}, {httplog.Config{}, 404, "INFO"}, {httplog.Config{}, 500, "ERROR"}, {httplog.Config{}, 503, "ERROR"},
			{httplog.Config{Slow: time.Second}, 200, "WARNING"}, {httplog.Config{Slow: time.Second}, 500, "ERROR"}, {httplog.Config{Slow: 2 * time.Second}, 200, "INFO"},
			{httplog.Config{Level: func(*http.Request, int, time.Duration) zapcore.Level { return zapcore.WarnLevel }}, 500, "WARNING"},
		} {
			_, got := serve(t, tc.cfg, func(w http.ResponseWriter, _ *http.Request) {
				time.Sleep(time.Second)
				w.WriteHeader(tc.status)
			}, nil)
			require.Equal(t, tc.level, got[1]["level"])
			require.InDelta(t, 1, extra(t, got[1])["took"], 0)
			require.NotContains(t, got[1], "exception", "the stack of the middleware says nothing")
		}
	})
}

func TestSkippedRequestsHaveTheirFields(t *testing.T) {
	t.Parallel()
	skip := httplog.Config{Skip: func(r *http.Request) bool { return r.Pattern == "/users/{id}" }}
	_, got := serve(t, skip, func(http.ResponseWriter, *http.Request) {}, nil)
	require.Len(t, got, 1)
	require.NotEmpty(t, got[0]["request_id"])
	_, got = serve(t, skip, func(http.ResponseWriter, *http.Request) { panic("but not panics") }, nil)
	require.Len(t, got, 2)
}

func TestPanicsAreLoggedAndGoOn(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	m, err := httplog.New(newLogs(t, &b).Logger(), httplog.Config{})
	require.NoError(t, err)
	h := m.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/abort":
			panic(http.ErrAbortHandler)
		case "/exit":
			runtime.Goexit()
		}
		panic(fmt.Errorf("boom"))
	}))
	for path, want := range map[string]any{"/boom": fmt.Errorf("boom"), "/abort": http.ErrAbortHandler, "/exit": nil} {
		b.Reset()
		end := make(chan any)
		go func() {
			defer func() { end <- recover() }()
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		}()
		require.Equal(t, want, <-end)
		var r map[string]any
		require.NoError(t, json.Unmarshal(b.Bytes(), &r), path)
		if path == "/boom" {
			require.Equal(t, "ERROR", r["level"])
			require.Regexp(t, `^panic: boom\ngoroutine(.|\n)*TestPanicsAreLoggedAndGoOn`, r["exception"])
			continue
		}
		require.Equal(t, "INFO", r["level"])
		require.Equal(t, true, extra(t, r)["aborted"])
		require.NotContains(t, r, "exception")
	}
}

func TestRequestIDs(t *testing.T) {
	t.Parallel()
	for id, kept := range map[string]bool{
		"req-456": true, "0af76519-16cd:43dd/84+A=.x_": true, strings.Repeat("x", 100): true,
		"": false, strings.Repeat("x", 101): false, "with space": false, "line\nbreak": false, `"quoted"`: false, "ünïcode": false, "\x1b[31m": false,
	} {
		w, got := serve(t, httplog.Config{RequestIDHeader: "X-Correlation-ID"}, func(http.ResponseWriter, *http.Request) {}, func(r *http.Request) {
			r.Header["X-Correlation-Id"] = []string{id}
		})
		require.Equal(t, kept, got[1]["request_id"] == id, "%q", id)
		require.Equal(t, got[1]["request_id"], w.Header().Get("X-Correlation-ID"))
		require.Equal(t, got[0]["request_id"], got[1]["request_id"])
	}
}

func TestTraceparent(t *testing.T) {
	t.Parallel()
	const trace, span = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
	for header, ok := range map[string]bool{
		"00-" + trace + "-" + span + "-01":                    true,
		"01-" + trace + "-" + span + "-01-more":               true,
		"00-" + trace + "-" + span + "-01-more":               false,
		"01-" + trace + "-" + span + "-01more":                false,
		"ff-" + trace + "-" + span + "-01":                    false,
		"0g-" + trace + "-" + span + "-01":                    false,
		"00-" + trace + "-" + span + "-0":                     false,
		"00-" + trace + "-" + span + "-0x":                    false,
		"00_" + trace + "-" + span + "-01":                    false,
		"00-" + strings.ToUpper(trace) + "-" + span + "-01":   false,
		"00-" + strings.Repeat("0", 32) + "-" + span + "-01":  false,
		"00-" + trace + "-" + strings.Repeat("0", 16) + "-01": false,
		"": false,
	} {
		_, got := serve(t, httplog.Config{}, func(http.ResponseWriter, *http.Request) {}, func(r *http.Request) { r.Header.Set("Traceparent", header) })
		require.Equal(t, ok, got[1]["trace_id"] == trace && got[1]["span_id"] == span, header)
		require.Equal(t, ok, got[1]["trace_id"] != nil, header)
	}
	_, got := serve(t, httplog.Config{Trace: func(*http.Request) (string, string) { return "t", "s" }}, func(http.ResponseWriter, *http.Request) {}, nil)
	require.Equal(t, "t", got[0]["trace_id"])
}

func TestAddressOfTheClient(t *testing.T) {
	t.Parallel()
	proxies := httplog.Config{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::ffff:172.16.0.0/108"), netip.MustParsePrefix("fd00::/8")}}
	for _, tc := range []struct {
		cfg     httplog.Config
		remote  string
		via     []string
		address any
	}{
		{httplog.Config{}, "192.0.2.1:1", []string{"203.0.113.9"}, "192.0.2.1"},
		{proxies, "192.0.2.1:1", []string{"203.0.113.9"}, "192.0.2.1"},
		{proxies, "10.0.0.1:1", []string{"203.0.113.9"}, "203.0.113.9"},
		{proxies, "10.0.0.1:1", []string{"198.51.100.1, 203.0.113.9"}, "203.0.113.9"},
		{proxies, "10.0.0.1:1", []string{"198.51.100.1", "203.0.113.9, 172.16.0.9:80", "10.0.0.2"}, "203.0.113.9"},
		{proxies, "[fd00::1%eth0]:1", []string{"[2001:db8::1]:443"}, "2001:db8::1"},
		{proxies, "10.0.0.1:1", []string{"203.0.113.9, unknown"}, "10.0.0.1"},
		{proxies, "10.0.0.1:1", []string{"203.0.113.9, unknown, 10.0.0.2"}, "10.0.0.2"},
		{proxies, "10.0.0.1:1", nil, "10.0.0.1"},
		{proxies, "10.0.0.1:1", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		{proxies, "[::ffff:10.0.0.1]:1", []string{"203.0.113.9"}, "203.0.113.9"},
		{httplog.Config{}, "@", nil, nil},
	} {
		_, got := serve(t, tc.cfg, func(http.ResponseWriter, *http.Request) {}, func(r *http.Request) {
			r.RemoteAddr = tc.remote
			r.Header["X-Forwarded-For"] = tc.via
		})
		require.Equal(t, tc.address, got[1]["ip_address"], "%v", tc)
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	_, err := httplog.New(zap.NewNop(), httplog.Config{RequestIDHeader: "X Y", Slow: -1, TrustedProxies: []netip.Prefix{{}}})
	require.ErrorContains(t, err, "httplog: invalid configuration:\nRequestIDHeader is \"X Y\"")
	require.ErrorContains(t, err, "Slow is -1ns")
	require.ErrorContains(t, err, "TrustedProxies[0] is no network")
}

func TestOutsideSeesThePattern(t *testing.T) {
	t.Parallel()
	m, err := httplog.New(zap.NewNop(), httplog.Config{})
	require.NoError(t, err)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /a/{b}", func(http.ResponseWriter, *http.Request) {})
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/a/b", nil)
	m.Handler(mux).ServeHTTP(httptest.NewRecorder(), r)
	require.Equal(t, "GET /a/{b}", r.Pattern)
}

func TestWhatClientsSendIsCut(t *testing.T) {
	t.Parallel()
	_, got := serve(t, httplog.Config{}, func(http.ResponseWriter, *http.Request) {}, func(r *http.Request) {
		r.URL.Path += strings.Repeat("x", 5000)
		r.Header.Set("User-Agent", strings.Repeat("y", 5000))
	})
	require.Len(t, extra(t, got[len(got)-1])["path"], 1024)
	require.Len(t, extra(t, got[len(got)-1])["user_agent"], 1024)
}

// withoutTime leaves out what differs from run to run.
type withoutTime struct{ io.Writer }

func (w withoutTime) Write(p []byte) (int, error) {
	line := regexp.MustCompile(`"timestamp":"[^"]*",|,"took":[0-9.]+`).ReplaceAll(p, nil)
	if _, err := w.Writer.Write(line); err != nil {
		return 0, err
	}
	return len(p), nil
}
