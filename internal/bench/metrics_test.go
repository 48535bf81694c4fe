package bench

import (
	"context"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	victoria "github.com/VictoriaMetrics/metrics"
	hashicorp "github.com/hashicorp/go-metrics"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdk "go.opentelemetry.io/otel/sdk/metric"

	"github.com/prodwright/prodwright/metrics"
)

// times calls f n times.
func times(f func()) func(int) {
	return func(n int) {
		for range n {
			f()
		}
	}
}

func otelMeter(b *testing.B) metric.Meter {
	b.Helper()
	provider := sdk.NewMeterProvider(sdk.WithReader(sdk.NewManualReader()))
	return provider.Meter("bench")
}

func hashicorpMetrics(b *testing.B) *hashicorp.Metrics {
	b.Helper()
	c := hashicorp.DefaultConfig("")
	c.EnableHostname, c.EnableRuntimeMetrics = false, false
	m, err := hashicorp.New(c, hashicorp.NewInmemSink(1e10, 6e10))
	if err != nil {
		b.Fatal(err)
	}
	return m
}

func BenchmarkMetricsInc(b *testing.B) {
	var floor atomic.Uint64
	ours := new(metrics.Registry).Counter("requests")
	prom := prometheus.NewCounter(prometheus.CounterOpts{Name: "requests_total", Help: "x"})
	vm := victoria.NewSet().NewCounter("requests_total")
	otel, _ := otelMeter(b).Int64Counter("requests")
	hc, key := hashicorpMetrics(b), []string{"requests"}
	ctx := context.Background()
	compare(b, 20_000,
		variant{name: "atomic-add", run: func(n int) {
			for range n {
				floor.Add(1)
			}
		}},
		variant{name: "metrics", run: func(n int) {
			for range n {
				ours.Inc()
			}
		}, max: 1.2},
		variant{name: "client_golang", run: func(n int) {
			for range n {
				prom.Inc()
			}
		}},
		variant{name: "victoriametrics", run: func(n int) {
			for range n {
				vm.Inc()
			}
		}},
		variant{name: "otel", run: times(func() { otel.Add(ctx, 1) })},
		variant{name: "hashicorp", run: times(func() { hc.IncrCounter(key, 1) })},
	)
}

type httpLabels struct{ Method, Route, Code string }

// combinations returns the labels of a small service, and the order in which they come: at random.
func combinations() (all []httpLabels, order [4096]uint8) {
	for _, method := range []string{"GET", "POST", "PUT", "DELETE"} {
		for _, route := range []string{"/users", "/users/{id}", "/orders/{id}", "/healthz"} {
			for _, code := range []string{"200", "201", "404", "500"} {
				all = append(all, httpLabels{method, route, code})
			}
		}
	}
	random := rand.New(rand.NewPCG(1, 1))
	for i := range order {
		order[i] = uint8(random.IntN(len(all)))
	}
	return all, order
}

func BenchmarkMetricsLabels(b *testing.B) {
	registry := new(metrics.Registry)
	vec := metrics.NewCounterVec[httpLabels](registry, "requests")
	all, order := combinations()
	other := metrics.NewCounterVec[httpLabels](registry, "other_requests")
	var copies [len(order)]httpLabels // each in memory of its own, as what was received is
	for i := range copies {
		l := &all[order[i]]
		copies[i] = httpLabels{strings.Clone(l.Method), strings.Clone(l.Route), strings.Clone(l.Code)}
	}
	next := 0
	pick := func() *httpLabels {
		next++
		return &all[order[next&4095]]
	}
	prom := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "requests_total", Help: "x"}, []string{"method", "route", "code"})
	vm := victoria.NewSet()
	otel, _ := otelMeter(b).Int64Counter("requests")
	hc, key := hashicorpMetrics(b), []string{"requests"}
	ctx := context.Background()
	compare(b, 2000,
		variant{name: "client_golang-WithLabelValues", run: func(n int) {
			for i := range n {
				l := &all[order[i&4095]]
				prom.WithLabelValues(l.Method, l.Route, l.Code).Inc()
			}
		}},
		variant{name: "metrics-vec", run: func(n int) {
			for i := range n {
				vec.With(all[order[i&4095]]).Inc()
			}
		}, max: 1. / 3},
		variant{name: "metrics-vec-other-memory", run: func(n int) {
			for i := range n {
				other.With(copies[i&4095]).Inc()
			}
		}},
		variant{name: "metrics-Counter", run: times(func() {
			l := pick()
			registry.Counter("requests", metrics.Label{Name: "code", Value: l.Code}, metrics.Label{Name: "method", Value: l.Method}, metrics.Label{Name: "route", Value: l.Route}).Inc()
		})},
		variant{name: "client_golang-With", run: times(func() {
			l := pick()
			prom.With(prometheus.Labels{"method": l.Method, "route": l.Route, "code": l.Code}).Inc()
		})},
		variant{name: "victoriametrics", run: times(func() {
			l := pick()
			vm.GetOrCreateCounter(`requests_total{method="` + l.Method + `",route="` + l.Route + `",code="` + l.Code + `"}`).Inc()
		})},
		variant{name: "otel", run: times(func() {
			l := pick()
			otel.Add(ctx, 1, metric.WithAttributes(attribute.String("method", l.Method), attribute.String("route", l.Route), attribute.String("code", l.Code)))
		})},
		variant{name: "hashicorp", run: times(func() {
			l := pick()
			hc.IncrCounterWithLabels(key, 1, []hashicorp.Label{{Name: "method", Value: l.Method}, {Name: "route", Value: l.Route}, {Name: "code", Value: l.Code}})
		})},
	)
}

// latencies are log-normal with a median of 10 ms.
func latencies() []float64 {
	random := rand.New(rand.NewPCG(1, 1))
	list := make([]float64, 4096)
	for i := range list {
		list[i] = 0.01 * math.Exp(random.NormFloat64())
	}
	return list
}

// observers observe a value each.
func observers(b *testing.B) []struct {
	name string
	do   func(float64)
} {
	b.Helper()
	ours := new(metrics.Registry).Histogram("duration_seconds")
	classic := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "duration_seconds", Help: "x"})
	native := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "duration_seconds", Help: "x", NativeHistogramBucketFactor: 1.1})
	vm := victoria.NewSet().NewHistogram("duration_seconds")
	otel, _ := otelMeter(b).Float64Histogram("duration")
	hc, key, ctx := hashicorpMetrics(b), []string{"duration"}, context.Background()
	return []struct {
		name string
		do   func(float64)
	}{
		{"client_golang-classic", classic.Observe},
		{"metrics", ours.Observe},
		{"client_golang-native", native.Observe},
		{"victoriametrics", vm.Update},
		{"otel-explicit", func(v float64) { otel.Record(ctx, v) }},
		{"hashicorp", func(v float64) { hc.AddSample(key, float32(v)) }},
	}
}

func BenchmarkMetricsObserve(b *testing.B) {
	values := latencies()
	var variants []variant
	for i, o := range observers(b) {
		v := variant{name: o.name, run: func(n int) {
			for i := range n {
				o.do(values[i&4095])
			}
		}}
		if i == 1 {
			v.max = 1 / 1.7
		}
		variants = append(variants, v)
	}
	compare(b, 5000, variants...)
}

// BenchmarkMetricsObserveTwo measures one goroutine while another one observes the same histogram.
func BenchmarkMetricsObserveTwo(b *testing.B) {
	if runtime.GOMAXPROCS(0) < 2 {
		b.Skip("needs two processors")
	}
	values := latencies()
	var partner, running atomic.Pointer[func(float64)]
	var done atomic.Int64 // by the partner
	defer partner.Store(new(func(float64)))
	go func() { // ends with the benchmark
		runtime.LockOSThread()
		for i := 0; ; i++ {
			do := partner.Load()
			running.Store(do)
			switch {
			case do == nil:
				runtime.Gosched()
			case *do == nil:
				return
			default:
				const some = 64
				for range some {
					i++
					(*do)(values[i&4095])
				}
				done.Add(some)
			}
		}
	}()
	var variants []variant
	for i, o := range observers(b) {
		var both bool
		v := variant{name: o.name, run: func(times int) {
			partner.Store(&o.do)
			for running.Load() != &o.do {
				runtime.Gosched()
			}
			n, before, cpu, wall := int64(times), done.Load(), cpuTime(), time.Now()
			for i := range times {
				o.do(values[i&4095])
			}
			others := done.Load() - before
			both = others > n/4 && time.Since(wall) < (cpuTime()-cpu)*11/10
			partner.Store(nil)
		}, fair: func() bool { return both }} // two processors did it all the time
		if i == 1 {
			v.max = 1. / 6
		}
		variants = append(variants, v)
	}
	compare(b, 10_000, variants...)
}

func BenchmarkMetricsScrape(b *testing.B) {
	values := latencies()
	registry, prom := new(metrics.Registry), prometheus.NewRegistry()
	counters := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "requests_total", Help: "x"}, []string{"route"})
	gauges := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "in_flight", Help: "x"}, []string{"route"})
	histograms := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "duration_seconds", Help: "x"}, []string{"route"})
	prom.MustRegister(counters, gauges, histograms)
	registry.Describe("duration_seconds", metrics.KindHistogram, metrics.Description{Buckets: prometheus.DefBuckets})
	for i := range 1000 {
		route := "/route/" + strconv.Itoa(i)
		label := metrics.Label{Name: "route", Value: route}
		switch i % 3 {
		case 0:
			counters.WithLabelValues(route).Inc()
			registry.Counter("requests", label).Inc()
		case 1:
			gauges.WithLabelValues(route).Set(values[i])
			registry.Gauge("in_flight", label).Set(values[i])
		default:
			for _, v := range values[:100] {
				histograms.WithLabelValues(route).Observe(v)
				registry.Histogram("duration_seconds", label).Observe(v)
			}
		}
	}
	scrape := func(h http.Handler) func(int) {
		req := httptest.NewRequest(http.MethodGet, "/metrics", nil)
		return times(func() { h.ServeHTTP(&sink{}, req) })
	}
	compare(b, 2,
		variant{name: "client_golang", run: scrape(promhttp.HandlerFor(prom, promhttp.HandlerOpts{DisableCompression: true}))},
		variant{name: "metrics", run: scrape(registry), max: 1},
	)
}

// sink is a http.ResponseWriter that forgets.
type sink struct{ header http.Header }

func (s *sink) Header() http.Header {
	if s.header == nil {
		s.header = make(http.Header)
	}
	return s.header
}
func (s *sink) Write(b []byte) (int, error) { return io.Discard.Write(b) }
func (*sink) WriteHeader(int)               {}
