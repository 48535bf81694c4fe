// Metrics measures a small service on a real PostgreSQL: its requests, its queries, its pool and what it uses of its
// container. It asks the registry about the last minutes, prints the report of a service, shows that a flood of labels costs
// no memory, and scrapes itself as Prometheus would. It starts a PostgreSQL of its own unless DATABASE_URL names one.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/prodwright/prodwright/examples/internal/demo"
	"github.com/prodwright/prodwright/metrics"
	"github.com/prodwright/prodwright/metrics/pgxmon"
	"github.com/prodwright/prodwright/metrics/sysmon"
	"github.com/prodwright/prodwright/pool"
)

func main() { demo.Main(run) }

func run(ctx context.Context, v *demo.Verdict) error {
	url, stop, err := demo.Database(ctx)
	if err != nil {
		return err
	}
	defer stop()
	registry, err := metrics.New(metrics.Config{MaxSeries: 100})
	if err != nil {
		return err
	}
	tracer, err1 := pgxmon.New(registry, pgxmon.Config{SlowQuery: 100 * time.Millisecond, Logger: slog.Default()})
	system, err2 := sysmon.New(registry, sysmon.Config{})
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	db, err := pool.New(ctx, pool.Config{URL: pool.NewSecret(url), Tracers: []pgx.QueryTracer{tracer}})
	if err != nil {
		return err
	}
	defer func() { _ = db.Close(ctx) }()
	connections, err := pgxmon.NewPoolSampler(registry, "main", db.Raw().Stat, pgxmon.PoolConfig{})
	if err != nil {
		return err
	}

	// A service gives these to its lifecycle.Group.
	background, end := context.WithCancel(ctx)
	var parts sync.WaitGroup
	for _, part := range []func(context.Context) error{registry.Run, system.Run, connections.Run} {
		parts.Go(func() { _ = part(background) })
	}
	defer parts.Wait()
	defer end()

	server := httptest.NewServer(metrics.HTTP(registry, routes(db, registry)))
	defer server.Close()
	visit(ctx, server.URL)
	measured(v, registry, tracer)
	flood(v, registry)
	return scraped(ctx, v, server.URL)
}

func routes(db *pool.Pool, registry *metrics.Registry) *http.ServeMux {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", registry) // a service has this on its internal port
	mux.HandleFunc("GET /wait/{seconds}", func(w http.ResponseWriter, r *http.Request) {
		if _, err := db.Exec(r.Context(), "select pg_sleep($1::text::float8)", r.PathValue("seconds")); err != nil {
			http.Error(w, "try again later", http.StatusServiceUnavailable)
		}
	})
	return mux
}

// visit makes twenty quick requests, a slow one and a wrong one.
func visit(ctx context.Context, base string) {
	paths := []string{"/wait/0.2", "/wait/never"}
	for range 20 {
		paths = append(paths, "/wait/0.001")
	}
	for _, path := range paths {
		_, _ = get(ctx, base+path)
	}
}

func measured(v *demo.Verdict, registry *metrics.Registry, tracer *pgxmon.Tracer) {
	requests, _ := registry.Summary("http_request_duration_seconds", 5*time.Minute, metrics.Label{Name: "route", Value: "/wait/{seconds}"})
	v.Figure("requests", requests.Count)
	v.Figure("p50_seconds", requests.P50)
	v.Figure("max_seconds", requests.Max)
	v.Claimf(requests.Count == 22, "every request is counted, under its route")
	v.Claimf(requests.Max >= 0.2 && requests.P50 < requests.Max, "the slow one is the largest, and not the usual")
	failures, _ := registry.Summary("db_query_errors", 5*time.Minute, metrics.Label{Name: "class", Value: "22"})
	v.Claimf(failures.Increase == 1, "the wrong query is counted by its class of error")
	slow, _ := registry.Summary("db_slow_queries", 5*time.Minute)
	v.Claimf(slow.Increase >= 1, "the slow query is counted")
	slowest := tracer.Slowest(1)
	v.Claimf(len(slowest) == 1 && strings.Contains(slowest[0].SQL, "pg_sleep") && !strings.Contains(slowest[0].SQL, "0.2"), "it is known without its argument")
	fmt.Fprint(os.Stderr, registry.Report(5*time.Minute))
}

// flood makes ten thousand series of one metric, of which a hundred are kept.
func flood(v *demo.Verdict, registry *metrics.Registry) {
	const users = 10_000
	for i := range users {
		registry.Counter("logins", metrics.Label{Name: "user", Value: strconv.Itoa(i)}).Inc()
	}
	all, _ := registry.Summary("logins", time.Minute)
	rest, _ := registry.Summary("logins", time.Minute, metrics.Label{Name: "otel_metric_overflow", Value: "true"})
	v.Figure("login_series", all.Series)
	v.Claimf(all.Increase == users, "no login is lost")
	v.Claimf(all.Series == 101 && rest.Increase == users-100, "the series are limited, and what exceeds them is counted together")
}

func scraped(ctx context.Context, v *demo.Verdict, base string) error {
	text, err := get(ctx, base+"/metrics")
	if err != nil {
		return err
	}
	v.Figure("scraped_lines", strings.Count(text, "\n"))
	for _, name := range []string{"http_requests_in_flight", "db_query_duration_seconds_count", "db_pool_saturation_ratio", "runtime_goroutines"} {
		v.Claimf(strings.Contains(text, "\n"+name), "%s is exported", name)
	}
	return nil
}

func get(ctx context.Context, url string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return string(text), err
}
