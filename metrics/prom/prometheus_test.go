package prom_test

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics"
	"github.com/prodwright/prodwright/metrics/prom"
)

const (
	protobuf    = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
	openMetrics = "application/openmetrics-text; version=1.0.0; charset=utf-8"
)

// Nothing that is exported is against the conventions.
func TestPromtoolAccepts(t *testing.T) {
	t.Parallel()
	needs(t, "promtool")
	reg := prometheus.NewRegistry()
	require.NoError(t, prom.Register(reg, everyKind(t)))
	status, contentType, body := scrape(t, reg, "", promhttp.HandlerOpts{})
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, contentType, "text/plain")
	cmd := exec.CommandContext(t.Context(), "promtool", "check", "metrics")
	cmd.Stdin = strings.NewReader(body)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Empty(t, string(out))
	require.Contains(t, body, `upload_bytes_bucket{le="+Inf"} 1`)
}

func TestOpenMetrics(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	require.NoError(t, prom.Register(reg, everyKind(t)))
	status, contentType, body := scrape(t, reg, openMetrics, promhttp.HandlerOpts{EnableOpenMetrics: true, EnableOpenMetricsTextCreatedSamples: true})
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, contentType, "application/openmetrics-text")
	require.True(t, strings.HasSuffix(body, "\n# EOF\n"))
	require.Contains(t, body, "\n# TYPE restarts counter\nrestarts_total 1.0\nrestarts_created ")
	require.Contains(t, body, "\nidle_seconds_created ")
	require.Contains(t, body, "\nupload_bytes_bucket{le=\"+Inf\"} 1\n")
}

// A real server reads all three formats that promhttp negotiates, and has the same values.
func TestPrometheusScrapes(t *testing.T) {
	t.Parallel()
	needs(t, "prometheus")
	reg := prometheus.NewRegistry()
	require.NoError(t, prom.Register(reg, everyKind(t)))
	handler := promhttp.HandlerFor(reg, promhttp.HandlerOpts{EnableOpenMetrics: true})
	var asked, answered sync.Map
	server := func(name, accept string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked.Store(name, r.Header.Get("Accept"))
			if accept != "" {
				r.Header.Set("Accept", accept)
			}
			handler.ServeHTTP(w, r)
			answered.Store(name, w.Header().Get("Content-Type"))
		}))
		t.Cleanup(s.Close)
		return s.URL
	}
	p := startPrometheus(t, "200ms", map[string]string{"native": server("native", ""), "open": server("open", openMetrics), "plain": server("plain", "text/plain")})
	for job, contentType := range map[string]string{"native": "application/vnd.google.protobuf", "open": "application/openmetrics-text", "plain": "text/plain"} {
		for expression, want := range map[string]float64{
			`up{job=%q}`: 1, `restarts_total{job=%q}`: 1, `requests_total{job=%q,route="/a\\b\"c\n2"}`: 2.5,
			`requests_total{job=%q,otel_metric_overflow="true"}`: 8, `queue_length{job=%q,route="/a\\b\"c\n1"}`: -1,
		} {
			require.InDelta(t, want, p.eventually(t, fmt.Sprintf(expression, job)), 0, expression)
		}
		got, _ := answered.Load(job)
		require.Contains(t, got, contentType)
	}
	accept, _ := asked.Load("native")
	require.Contains(t, accept, "application/vnd.google.protobuf", "it asks for native histograms by itself")
	for _, job := range []string{"open", "plain"} {
		for expression, want := range map[string]float64{
			`upload_bytes_bucket{job=%q,le="1.048576e+06"}`: 1, `upload_bytes_bucket{job=%q,le="+Inf"}`: 1, `upload_bytes_count{job=%q}`: 1,
			`upload_bytes_sum{job=%q}`: 1 << 20, `idle_seconds_count{job=%q}`: 0,
		} {
			require.InDelta(t, want, p.eventually(t, fmt.Sprintf(expression, job)), 0, expression)
		}
	}
	for expression, want := range map[string]float64{
		`histogram_count(upload_bytes{job="native"})`: 1, `histogram_sum(upload_bytes{job="native"})`: 1 << 20,
		`histogram_count(idle_seconds{job="native"})`:                                         0, // native also without values
		`histogram_count(request_duration_seconds{job="native",otel_metric_overflow="true"})`: 2,
	} {
		require.InDelta(t, want, p.eventually(t, expression), 0, expression)
	}
	value := p.eventually(t, `histogram_quantile(0.5, upload_bytes{job="native"})`)
	require.InEpsilon(t, 1<<20, value, math.Exp2(1./16)-1, "within the bucket")
	_, ok := p.query(t, `upload_bytes_count{job="native"}`, time.Time{})
	require.False(t, ok, "it takes one form")
}

// stamped is a registry whose metrics are those of another time.
type stamped struct {
	prometheus.Gatherer
	time func() time.Time
}

func (s stamped) Gather() ([]*dto.MetricFamily, error) {
	families, err := s.Gatherer.Gather()
	for _, f := range families {
		for _, m := range f.GetMetric() {
			m.TimestampMs = new(s.time().UnixMilli())
		}
	}
	return families, err
}

// What Prometheus computes from native histograms, with a scrape every ten seconds, is what our windows say: counts and rates
// exactly, quantiles within a bucket.
func TestNativeAgreesWithWindows(t *testing.T) {
	t.Parallel()
	needs(t, "prometheus")
	type answer struct {
		at   time.Time
		s, c metrics.Summary
	}
	var answers []answer
	var pages bytes.Buffer // one after the other, as one scrape
	const steps = 100
	begin := time.Now().Add(-steps * 10 * time.Second).Truncate(time.Second)
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		now := func() time.Time { return begin.Add(time.Since(began)) }
		r := new(metrics.Registry)
		go func() { _ = r.Run(t.Context()) }()
		reg := prometheus.NewPedanticRegistry()
		require.NoError(t, prom.Register(reg, r))
		handler := promhttp.HandlerFor(stamped{reg, now}, promhttp.HandlerOpts{})
		h, c := r.Histogram("wait_seconds"), r.Counter("requests")
		random := rand.New(rand.NewPCG(3, 4))
		time.Sleep(time.Millisecond) // after the ticks
		for step := range steps {
			request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody)
			request.Header.Set("Accept", protobuf)
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, request)
			require.Equal(t, http.StatusOK, w.Code, w.Body.String())
			require.Contains(t, w.Header().Get("Content-Type"), "application/vnd.google.protobuf")
			pages.Write(w.Body.Bytes())
			for _, window := range []time.Duration{time.Minute, 5 * time.Minute, 10 * time.Minute} {
				if step%10 == 9 && step*10 >= int(window.Seconds()) {
					s, _ := r.Summary("wait_seconds", window-time.Second)
					counter, _ := r.Summary("requests", window-time.Second)
					answers = append(answers, answer{now(), s, counter})
				}
			}
			for range 400 + step {
				h.Observe(0.02 * math.Exp(random.NormFloat64()))
				c.Add(2)
			}
			time.Sleep(10 * time.Second)
		}
	})
	require.Greater(t, len(answers), 20)

	host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", protobuf)
		_, _ = w.Write(pages.Bytes())
	}))
	defer host.Close()
	p := startPrometheus(t, "5s", map[string]string{"j": host.URL})
	last := answers[len(answers)-1].at
	require.Eventually(t, func() bool {
		count, _ := p.query(t, "count_over_time(requests_total[1h])", last.Add(time.Second))
		return int(count) == steps
	}, 2*time.Minute, 100*time.Millisecond, "not all is read")

	worst := 0.0
	for _, a := range answers {
		window := fmt.Sprintf("[%dms]", a.s.Covered.Milliseconds())                       // the scrape at its begin included, also from Prometheus 3 on
		stretch := a.s.Covered.Seconds() / a.s.Covered.Truncate(10*time.Second).Seconds() // it extrapolates from whole steps
		rate, ok := p.query(t, "rate(requests_total"+window+")", a.at)
		require.True(t, ok)
		require.InEpsilon(t, a.c.Rate*stretch, rate, 1e-9)
		rate, ok = p.query(t, "histogram_count(rate(wait_seconds"+window+"))", a.at)
		require.True(t, ok)
		require.InEpsilon(t, a.s.Rate*stretch, rate, 1e-9)
		count, _ := p.query(t, "histogram_count(increase(wait_seconds"+window+"))", a.at)
		require.InEpsilon(t, float64(a.s.Count)*stretch, count, 1e-9)
		sum, _ := p.query(t, "histogram_sum(increase(wait_seconds"+window+"))", a.at)
		require.InEpsilon(t, a.s.Sum*stretch, sum, 1e-9)
		for q, ours := range map[float64]float64{0.5: a.s.P50, 0.95: a.s.P95, 0.99: a.s.P99} {
			theirs, _ := p.query(t, fmt.Sprintf("histogram_quantile(%v, rate(wait_seconds%s))", q, window), a.at)
			off := max(theirs/ours, ours/theirs) - 1
			worst = max(worst, off)
			require.LessOrEqual(t, off, 0.0221, "quantile %v over %v: Prometheus says %v, we %v", q, a.s.Window, theirs, ours)
		}
	}
	t.Logf("%d windows; the quantiles differ by at most %.2f %%", len(answers), 100*worst)
}
