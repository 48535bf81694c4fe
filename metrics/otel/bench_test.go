package otel_test

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics"
	"github.com/prodwright/prodwright/metrics/otel"
)

// 1 000 counters and 100 histograms.
func BenchmarkProduce(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	r := new(metrics.Registry)
	for i := range 1000 {
		r.Counter("jobs", metrics.Label{Name: "n", Value: strconv.Itoa(i)}).Inc()
	}
	for i := range 100 {
		h := r.Histogram("wait_seconds", metrics.Label{Name: "n", Value: strconv.Itoa(i)})
		for range 1000 {
			h.Observe(0.02 * math.Exp(random.NormFloat64()))
		}
	}
	p := otel.NewProducer(r)
	b.ReportAllocs()
	for b.Loop() {
		_, err := p.Produce(b.Context())
		require.NoError(b, err)
	}
}
