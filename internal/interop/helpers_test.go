package interop_test

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics"
	"github.com/prodwright/prodwright/metrics/pgxmon"
	"github.com/prodwright/prodwright/metrics/sysmon"
)

// ours returns a registry with what the packages of this repository measure, and some of a service's own.
func ours(t *testing.T) *metrics.Registry {
	t.Helper()
	r, err := metrics.New(metrics.Config{MaxSeries: 20, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)

	sampler, err := sysmon.New(r, sysmon.Config{})
	require.NoError(t, err)
	for range 2 {
		_, err = sampler.Sample(t.Context())
		require.NoError(t, err)
	}

	var mux http.ServeMux
	mux.HandleFunc("GET /users/{id}", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "x") })
	for _, path := range []string{"/users/1", "/nobody"} {
		metrics.HTTP(r, &mux).ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
	}

	tracer, err := pgxmon.New(r, pgxmon.Config{})
	require.NoError(t, err)
	config, err := pgxpool.ParseConfig("postgres://user@127.0.0.1:1/none") // nobody is there
	require.NoError(t, err)
	config.ConnConfig.Tracer = tracer
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	defer pool.Close()
	require.Error(t, pool.Ping(t.Context()))
	pools, err := pgxmon.NewPoolSampler(r, "primary", pool.Stat, pgxmon.PoolConfig{})
	require.NoError(t, err)
	_, ok := pools.Sample()
	require.True(t, ok)

	random := rand.New(rand.NewPCG(11, 12))
	for i := range 30 { // more than there may be
		r.Counter("jobs", metrics.Label{Name: "queue", Value: fmt.Sprintf("q\"\n\\%d", i)}).Add(float64(i) / 4)
	}
	for range 1000 {
		r.Histogram("wait_seconds").Observe(0.02 * math.Exp(random.NormFloat64()))
	}
	r.Histogram("upload_bytes").Observe(0)
	r.Histogram("unused_seconds")
	r.Gauge("fill_ratio").Set(0.5)
	r.Gauge("queue_length", metrics.Label{Name: "le-ft", Value: "x"}).Set(-3)
	r.Describe("bare", metrics.KindGauge, metrics.Description{Unit: "seconds"})
	r.Gauge("bare").Set(1)
	r.Describe("waiting", metrics.KindCounter, metrics.Description{Unit: "requests"})
	r.Counter("waiting").Inc()
	r.Gauge("a:colon").Set(1)
	return r
}

// names returns the names of all metrics of a registry that have a value.
func names(r *metrics.Registry) (list []string) {
	for _, f := range r.Gather(context.Background()) {
		if len(f.Samples) > 0 {
			list = append(list, f.Name)
		}
	}
	return list
}
