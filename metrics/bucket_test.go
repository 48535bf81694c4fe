package metrics_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics"
)

// Every value is in the bucket whose bounds it lies between, the upper one included, and within 2.2 % of its middle.
func TestBuckets(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for range 300_000 {
		v := math.Exp2(random.Float64()*72.9 - 29.9)
		b, ok := metrics.BucketOf(v)
		if !ok || v > metrics.UpperBoundOf(b) || b > 0 && v <= metrics.UpperBoundOf(b-1) || math.Abs(metrics.Middle(b)/v-1) > 0.0222 {
			t.Fatal(v, b, ok)
		}
	}
	for b := range metrics.Buckets {
		bound := metrics.UpperBoundOf(b)
		at, ok := metrics.BucketOf(bound)
		require.True(t, ok)
		require.Equal(t, b, at)
		next, ok := metrics.BucketOf(math.Nextafter(bound, math.Inf(1)))
		require.Equal(t, b+1 < metrics.Buckets, ok)
		if ok {
			require.Equal(t, b+1, next)
		}
		require.InEpsilon(t, math.Exp2(float64(b+1)/16-30), bound, 1e-14)
	}
	for _, v := range []float64{0, -1, math.NaN(), math.Inf(1), math.Inf(-1), math.Exp2(-30), math.SmallestNonzeroFloat64, math.Exp2(43) * 1.0001, math.MaxFloat64, -math.MaxFloat64} {
		_, ok := metrics.BucketOf(v)
		require.False(t, ok, v)
	}
}
