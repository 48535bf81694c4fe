package otel_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/prodwright/prodwright/metrics"
	"github.com/prodwright/prodwright/metrics/otel"
)

// decode returns the buckets of a data point that are not empty, by their lower bounds' indexes.
func decode(b metricdata.ExponentialBucket) map[int]uint64 {
	found := make(map[int]uint64)
	for i, n := range b.Counts {
		if n > 0 {
			found[int(b.Offset)+i] = n
		}
	}
	return found
}

// point returns the only data point of a registry.
func point(t *testing.T, p *otel.Producer) metricdata.ExponentialHistogramDataPoint[float64] {
	t.Helper()
	scopes, err := p.Produce(t.Context())
	require.NoError(t, err)
	return scopes[0].Metrics[0].Data.(metricdata.ExponentialHistogram[float64]).DataPoints[0]
}

// Whatever is observed: without a limit the buckets are exactly those of the registry; with one they are as fine as the
// limit allows and each value is within the bounds of its bucket; and they are what the SDK makes of the same values.
func TestBuckets(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(9, 10))
	scales := map[int32]int{}
	for range 400 {
		r := new(metrics.Registry)
		h := r.Histogram("h")
		reader := metric.NewManualReader(metric.WithAggregationSelector(func(metric.InstrumentKind) metric.Aggregation {
			return metric.AggregationBase2ExponentialHistogram{MaxSize: 160, MaxScale: 4}
		}))
		theirs, err := metric.NewMeterProvider(metric.WithReader(reader)).Meter("m").Float64Histogram("h")
		require.NoError(t, err)
		exact := map[int]uint64{} // by the index of OpenTelemetry
		low := random.IntN(60) - 30
		width := 1 + random.IntN(1+random.IntN(min(43-low, 73)))
		for range 1 + random.IntN(200) {
			v := math.Exp2(float64(low) + random.Float64()*float64(width))
			h.Observe(v)
			theirs.Record(t.Context(), v)
			exact[int(math.Ceil(math.Log2(v)*16))-1]++
		}

		p := otel.NewProducer(r)
		p.MaxBuckets = -1
		all := point(t, p)
		require.Equal(t, int32(4), all.Scale)
		require.Equal(t, exact, decode(all.PositiveBucket))
		require.NotZero(t, all.PositiveBucket.Counts[0])
		require.NotZero(t, all.PositiveBucket.Counts[len(all.PositiveBucket.Counts)-1])

		for _, limit := range []int{0, 1, 50, 300} {
			p := otel.NewProducer(r)
			p.MaxBuckets = limit
			got := point(t, p)
			scales[got.Scale]++
			most := limit
			switch limit {
			case 0:
				most = 160
			case 1:
				most = 40
			}
			require.LessOrEqual(t, len(got.PositiveBucket.Counts), most)
			require.GreaterOrEqual(t, got.Scale, int32(-1), "the zero threshold is a bound")
			want := map[int]uint64{}
			for index, n := range exact {
				want[index>>(4-got.Scale)] += n
			}
			require.Equal(t, want, decode(got.PositiveBucket))
			if got.Scale < 4 {
				shift := 4 - got.Scale - 1
				first := int(all.PositiveBucket.Offset)
				last := first + len(all.PositiveBucket.Counts) - 1
				require.Greater(t, last>>shift-first>>shift+1, most, "not coarser than necessary")
			}
			if limit == 0 {
				var data metricdata.ResourceMetrics
				require.NoError(t, reader.Collect(t.Context(), &data))
				their := data.ScopeMetrics[0].Metrics[0].Data.(metricdata.ExponentialHistogram[float64]).DataPoints[0]
				require.Equal(t, their.Scale, got.Scale)
				require.Equal(t, decode(their.PositiveBucket), decode(got.PositiveBucket))
			}
		}
	}
	require.Greater(t, len(scales), 4, "%v", scales)
}

// The widest histogram there can be, and what the limits make of it.
func TestWidestHistogram(t *testing.T) {
	t.Parallel()
	r := new(metrics.Registry)
	r.Histogram("h").Observe(1e100)
	r.Histogram("h").Observe(metrics.ZeroThreshold * 1.001)
	for limit, want := range map[int][2]int{-1: {4, 1168}, 2000: {4, 1168}, 0: {1, 146}, 40: {-1, 37}, 3: {-1, 37}} {
		p := otel.NewProducer(r)
		p.MaxBuckets = limit
		got := point(t, p)
		require.Equal(t, want, [2]int{int(got.Scale), len(got.PositiveBucket.Counts)}, "%d", limit)
		require.Len(t, decode(got.PositiveBucket), 2)
	}
}
