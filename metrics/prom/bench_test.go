package prom_test

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics"
	"github.com/prodwright/prodwright/metrics/prom"
)

// A scrape of 1 000 counters and 100 histograms, here and with client_golang's own metrics in both forms.
func BenchmarkGather(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	r := new(metrics.Registry)
	ours, theirs := prometheus.NewRegistry(), prometheus.NewRegistry()
	require.NoError(b, prom.Register(ours, r))
	counters := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "jobs_total", Help: "Jobs."}, []string{"n"})
	histograms := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "wait_seconds", Help: "Waits.", NativeHistogramBucketFactor: 1.0443, Buckets: prometheus.ExponentialBuckets(1./8192, 2, 21),
	}, []string{"n"})
	theirs.MustRegister(counters, histograms)
	for i := range 1000 {
		n := strconv.Itoa(i)
		r.Counter("jobs", metrics.Label{Name: "n", Value: n}).Inc()
		counters.WithLabelValues(n).Inc()
	}
	for i := range 100 {
		n := strconv.Itoa(i)
		h, theirs := r.Histogram("wait_seconds", metrics.Label{Name: "n", Value: n}), histograms.WithLabelValues(n)
		for range 1000 {
			v := 0.02 * math.Exp(random.NormFloat64())
			h.Observe(v)
			theirs.Observe(v)
		}
	}
	for name, reg := range map[string]*prometheus.Registry{"prodwright": ours, "client_golang": theirs} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, err := reg.Gather()
				require.NoError(b, err)
			}
		})
	}
}

// What asking the host for its names costs a scrape of 100 families.
func BenchmarkNames(b *testing.B) {
	r := new(metrics.Registry)
	for i := range 100 {
		r.Gauge("level_" + strconv.Itoa(i)).Set(1)
	}
	asked, alone := prometheus.NewRegistry(), prometheus.NewRegistry()
	require.NoError(b, prom.Register(asked, r))
	alone.MustRegister(prom.NewCollector(r))
	for name, reg := range map[string]*prometheus.Registry{"Register": asked, "NewCollector": alone} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, err := reg.Gather()
				require.NoError(b, err)
			}
		})
	}
}
