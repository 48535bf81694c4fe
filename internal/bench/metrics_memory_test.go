package bench

import (
	"runtime"
	"strconv"
	"testing"

	victoria "github.com/VictoriaMetrics/metrics"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/prodwright/prodwright/metrics"
)

// BenchmarkMetricsMemory reports the bytes that a series takes, with three labels; a histogram was observed 1 000 times. The
// past, which the peers do not keep, is not in it.
func BenchmarkMetricsMemory(b *testing.B) {
	const series = 900
	values := latencies()
	label := func(i int) (string, string, string) { return "GET", "/route/" + strconv.Itoa(i), "200" }
	names := []string{"method", "route", "code"}
	registry, err := metrics.New(metrics.Config{MaxHistory: -1})
	if err != nil {
		b.Fatal(err)
	}
	type labels struct{ Method, Route, Code string }
	vm := victoria.NewSet()
	promCounters := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "c_total", Help: "x"}, names)
	promClassic := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "h", Help: "x"}, names)
	promNative := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "n", Help: "x", NativeHistogramBucketFactor: 1.1}, names)
	counters, histograms := metrics.NewCounterVec[labels](registry, "c"), metrics.NewHistogramVec[labels](registry, "h")
	vmName := func(name, method, route, code string) string {
		return name + `{method="` + method + `",route="` + route + `",code="` + code + `"}`
	}
	for _, v := range []struct {
		name string
		make func(method, route, code string) func(float64)
	}{
		{"counter-client_golang", func(m, r, c string) func(float64) { return promCounters.WithLabelValues(m, r, c).Add }},
		{"counter-victoriametrics", func(m, r, c string) func(float64) {
			counter := vm.GetOrCreateCounter(vmName("c", m, r, c))
			return func(float64) { counter.Inc() }
		}},
		{"counter-metrics", func(m, r, c string) func(float64) { return counters.With(labels{m, r, c}).Add }},
		{"histogram-client_golang-classic", func(m, r, c string) func(float64) { return promClassic.WithLabelValues(m, r, c).Observe }},
		{"histogram-client_golang-native", func(m, r, c string) func(float64) { return promNative.WithLabelValues(m, r, c).Observe }},
		{"histogram-victoriametrics", func(m, r, c string) func(float64) { return vm.GetOrCreateHistogram(vmName("h", m, r, c)).Update }},
		{"histogram-metrics", func(m, r, c string) func(float64) { return histograms.With(labels{m, r, c}).Observe }},
	} {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		for i := range series {
			record := v.make(label(i))
			for j := range 1000 {
				record(values[j])
			}
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.Run(v.name, func(b *testing.B) {
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/series, "B/series")
		})
	}
	runtime.KeepAlive(vm)
}
