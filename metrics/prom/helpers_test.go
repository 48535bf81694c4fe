package prom_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics"
)

// everyKind returns a registry with metrics of every kind, with and without labels, and with those about itself.
func everyKind(t *testing.T) *metrics.Registry {
	t.Helper()
	r, err := metrics.New(metrics.Config{MaxSeries: 3, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	r.Describe("request_duration_seconds", metrics.KindHistogram, metrics.Description{Help: "How long \"requests\" took,\nin \\all.", Unit: "seconds"})
	for i := range 5 {
		label := metrics.Label{Name: "route", Value: fmt.Sprintf("/a\\b\"c\n%d", i)}
		r.Counter("requests", label).Add(float64(i) + 0.5)
		r.Histogram("request_duration_seconds", label).Observe(float64(i) / 10)
		r.Gauge("queue.length", label).Set(-float64(i))
	}
	r.Counter("restarts").Inc()
	r.Gauge("size_bytes", metrics.Label{Name: "b", Value: "1"}, metrics.Label{Name: "a", Value: "2"}).Set(3)
	r.Histogram("upload_bytes").Observe(1 << 20)
	r.Histogram("idle_seconds")
	r.Counter("worked.seconds").Add(0.25)
	r.Describe("worked.seconds", metrics.KindCounter, metrics.Description{Unit: "seconds"})
	return r
}

// gather returns all families by name, without an error.
func gather(t *testing.T, g prometheus.Gatherer) map[string]*dto.MetricFamily {
	t.Helper()
	list, err := g.Gather()
	require.NoError(t, err)
	families := make(map[string]*dto.MetricFamily, len(list))
	for _, f := range list {
		families[f.GetName()] = f
	}
	return families
}

// typeName returns the name of a type, without its package.
func typeName(v any) string {
	name := fmt.Sprintf("%T", v)
	return name[strings.LastIndexByte(name, 46)+1:]
}

// scrape asks a handler of promhttp, as it is by default, for one of its formats.
func scrape(t *testing.T, g prometheus.Gatherer, accept string, o promhttp.HandlerOpts) (status int, contentType, body string) {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody)
	if accept != "" {
		request.Header.Set("Accept", accept)
	}
	w := httptest.NewRecorder()
	promhttp.HandlerFor(g, o).ServeHTTP(w, request)
	text, err := io.ReadAll(w.Body)
	require.NoError(t, err)
	return w.Code, w.Header().Get("Content-Type"), string(text)
}
