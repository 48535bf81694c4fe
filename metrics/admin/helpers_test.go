package admin_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics"
	"github.com/prodwright/prodwright/metrics/admin"
	"github.com/prodwright/prodwright/metrics/health"
)

const token = "0123456789abcdef0123456789abcdef"

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func authorized(t *testing.T, allowed ...admin.Access) admin.Authorizer {
	t.Helper()
	a, err := admin.Token(token, allowed...)
	require.NoError(t, err)
	return a
}

// whole is a configuration in which there is everything.
func whole(t *testing.T) admin.Config {
	t.Helper()
	registry := new(metrics.Registry)
	code, route := metrics.Label{Name: "code", Value: "200"}, metrics.Label{Name: "route", Value: "/users/{id}"}
	for i := range 999 {
		registry.Histogram("http_request_duration_seconds", code, route).Observe(float64(i+1) / 5000)
	}
	registry.Histogram("http_request_duration_seconds", metrics.Label{Name: "code", Value: "503"}, route).Observe(1)
	registry.Counter("jobs").Add(7)
	registry.Gauge("system_cpu_usage_ratio").Set(0.32)
	registry.Gauge("system_disk_usage_ratio", metrics.Label{Name: "path", Value: "/"}).Set(0.5)
	registry.Gauge("system_disk_usage_ratio", metrics.Label{Name: "path", Value: "/data"}).Set(0.75)

	probes := &health.Handler{Logger: quiet()}
	require.NoError(t, probes.Add(
		health.Check{Name: "postgres", Func: func(context.Context) error { return nil }},
		health.Check{Name: "cache", Severity: health.Degraded, Func: func(context.Context) error { return errors.New("refused") }},
	))
	tasks := new(admin.Tasks)
	run, err := tasks.Add(admin.Task{Name: "cleanup", About: "Deletes what is old.", Every: time.Hour, Run: func(context.Context) error { return errors.New("the disk is full") }})
	require.NoError(t, err)
	require.EqualError(t, run(t.Context()), "the disk is full")
	_, err = tasks.Add(admin.Task{Name: "reindex", About: "On request.", Run: func(context.Context) error { return nil }})
	require.NoError(t, err)

	exchanges := new(admin.Exchanges)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /users/{id}", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ann")) })
	exchanges.Middleware(mux).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/users/7?page=2", nil))
	return admin.Config{
		Service: "orders", Version: "v1.4.2", Environment: "production", Registry: registry, Health: probes, Tasks: tasks, Exchanges: exchanges,
		Levels: map[string]admin.Leveler{"app": new(slog.LevelVar), "app/db": new(slog.LevelVar)},
		Parts: []admin.Part{
			{Name: "breakers", Value: func(context.Context) (any, error) {
				return []map[string]any{{"name": "payments", "state": "open", "failures": 7}, {"name": "mail", "state": "closed", "failures": 0}}, nil
			}},
			{Name: "config", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				_, _ = io.WriteString(w, `{"settings":[{"name":"DB_PASSWORD","value":"hunter2"},{"name":"PORT","value":"8080"}]}`)
			})},
			{Name: "broken", Title: "Broken", About: "It fails.", Value: func(context.Context) (any, error) { return nil, errors.New("password=hunter2 is wrong") }},
			{Name: "heap", Title: "Heap", About: "Dumped.", Access: admin.Dump, Value: func(context.Context) (any, error) { return 1, nil }},
		},
		Authorize: authorized(t), Logger: quiet(),
	}
}

func surface(t *testing.T, c admin.Config) *admin.Handler {
	t.Helper()
	h, err := admin.New(c)
	require.NoError(t, err)
	return h
}

// ask is one request, with the token when auth says so.
func ask(h http.Handler, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func bearer() []string { return []string{"Authorization", "Bearer " + token} }
