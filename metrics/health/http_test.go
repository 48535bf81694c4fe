package health_test

import (
	"context"
	"encoding/json"
	"math"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics/health"
)

func probes(t *testing.T) *health.Handler {
	t.Helper()
	h := quiet(t,
		health.Check{Name: "ping", Func: pass, Probes: health.Liveness | health.Readiness},
		health.Check{Name: "db", Func: fail, Dependency: true},
		health.Check{Name: "disk", Func: func(ctx context.Context) error {
			health.Observe(ctx, "free_percent", 15.5)
			return health.Warn("15.5 %% free")
		}},
		health.Check{Name: "cache", Func: fail, Severity: health.Degraded},
	)
	h.Version, h.Service = "1.2.3", "orders"
	return h
}

// The words are those of the Kubernetes API server, so that whoever reads those can read these.
func TestTextAnswers(t *testing.T) {
	t.Parallel()
	h := probes(t)
	open := probes(t)
	open.ShowErrors = func(r *http.Request) bool { return r.Header.Get("X-Inside") == "yes" }
	for target, tc := range map[string]struct {
		handler *health.Handler
		code    int
		body    string
	}{
		"/livez":                   {h, 200, "ok"},
		"/livez?verbose":           {h, 200, "[+]ping ok\nlivez check passed\n"},
		"/readyz":                  {h, 503, "[+]ping ok\n[-]db failed: reason withheld\n[!]disk warning: reason withheld\n[!]cache warning: reason withheld\nreadyz check failed\n"},
		"/healthz/db":              {h, 503, "[-]db failed: reason withheld\nhealthz/db check failed\n"},
		"/readyz/ping":             {h, 200, "ok"},
		"/readyz?exclude=db":       {h, 200, "ok"},
		"/startupz":                {h, 503, "[+]ping ok\n[-]db failed: reason withheld\n[!]disk warning: reason withheld\n[!]cache warning: reason withheld\nstartupz check failed\n"},
		"/livez?verbose&exclude=x": {h, 200, "[+]ping ok\nwarn: some health checks cannot be excluded: no matches for [\"x\"]\nlivez check passed\n"},
		"/health?verbose&exclude=db&exclude=disk&exclude=cache": {h, 200, "[+]ping ok\nhealth check passed\n"},
		"/readyz/db?verbose": {open, 503, "[-]db failed: it is down\nreadyz/db check failed\n"},
	} {
		t.Run(target, func(t *testing.T) {
			t.Parallel()
			code, body, header := get(t, tc.handler, target, "X-Inside", "yes")
			require.Equal(t, tc.code, code)
			require.Equal(t, tc.body, body)
			require.Equal(t, "no-store", header.Get("Cache-Control"))
			if code == http.StatusServiceUnavailable {
				require.Equal(t, "5", header.Get("Retry-After"))
			} else {
				require.Empty(t, header.Get("Retry-After"))
			}
		})
	}
	_, body, _ := get(t, open, "/readyz/db")
	require.NotContains(t, body, "down", "only where it is allowed")
}

func TestJSONAnswers(t *testing.T) {
	t.Parallel()
	h := probes(t)
	for _, target := range []string{"/health", "/ready", "/readyz"} {
		code, body, header := get(t, h, target, "Accept", "application/health+json")
		require.Equal(t, http.StatusServiceUnavailable, code)
		require.Equal(t, "application/health+json", header.Get("Content-Type"))
		var a struct {
			Status    string  `json:"status"`
			Version   string  `json:"version"`
			ServiceID string  `json:"serviceId"`
			Timestamp string  `json:"timestamp"`
			Uptime    float64 `json:"uptime_seconds"`
			Checks    map[string][]struct {
				Status   string         `json:"status"`
				Severity string         `json:"severity"`
				Output   string         `json:"output"`
				Observed map[string]any `json:"observed"`
			} `json:"checks"`
		}
		require.NoError(t, json.Unmarshal([]byte(body), &a))
		require.Equal(t, "fail", a.Status)
		require.Equal(t, "1.2.3", a.Version)
		require.Equal(t, "orders", a.ServiceID)
		require.NotEmpty(t, a.Timestamp)
		require.Equal(t, "pass", a.Checks["ping"][0].Status)
		require.Equal(t, "reason withheld", a.Checks["db"][0].Output)
		require.Equal(t, "warn", a.Checks["disk"][0].Status)
		require.InDelta(t, 15.5, a.Checks["disk"][0].Observed["free_percent"], 0)
		require.Equal(t, "degraded", a.Checks["cache"][0].Severity)
		require.NotContains(t, body, "down")
	}
	code, body, header := get(t, h, "/ready", "Accept", "text/plain")
	require.Equal(t, 503, code)
	require.Contains(t, header.Get("Content-Type"), "text/plain")
	require.Contains(t, body, "ready check failed")
}

func TestUnshowableObservationDoesNotBreakTheAnswer(t *testing.T) {
	t.Parallel()
	h := quiet(t, health.Check{Name: "a", Func: func(ctx context.Context) error {
		health.Observe(ctx, "n", math.NaN())
		return nil
	}})
	code, body, _ := get(t, h, "/health")
	require.Equal(t, http.StatusOK, code)
	require.True(t, json.Valid([]byte(body)), body)
	require.Contains(t, body, "cannot be shown")
	health.Observe(t.Context(), "outside of a check", 1)
}

func TestMethodsAndPaths(t *testing.T) {
	t.Parallel()
	h := probes(t)
	do := func(method, target string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, target, nil))
		return w
	}
	w := do(http.MethodHead, "/readyz")
	require.Equal(t, 503, w.Code)
	require.Empty(t, w.Body.String())
	require.NotEqual(t, "0", w.Header().Get("Content-Length"))
	w = do(http.MethodPost, "/readyz")
	require.Equal(t, 405, w.Code)
	require.Equal(t, "GET, HEAD", w.Header().Get("Allow"))
	require.Equal(t, 404, do(http.MethodGet, "/").Code)
	require.Equal(t, 404, do(http.MethodGet, "/readyz/unknown").Code)
	require.Equal(t, 404, do(http.MethodGet, "/livez/db").Code, "a check of another probe")
	require.Equal(t, 200, do(http.MethodGet, "/livez/").Code)
}
