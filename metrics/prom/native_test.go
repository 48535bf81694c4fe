package prom_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/prodwright/prodwright/metrics"
	"github.com/prodwright/prodwright/metrics/prom"
)

// decode returns the buckets of a native histogram that are not empty, as the specification reads spans and deltas.
func decode(t *testing.T, h *dto.Histogram) map[int]uint64 {
	t.Helper()
	buckets := make(map[int]uint64)
	deltas := h.GetPositiveDelta()
	index, count := 0, int64(0)
	for i, span := range h.GetPositiveSpan() {
		require.True(t, i == 0 || span.GetOffset() > 0, "spans do not meet")
		require.Positive(t, span.GetLength())
		index += int(span.GetOffset())
		for range span.GetLength() {
			count += deltas[0]
			deltas = deltas[1:]
			require.GreaterOrEqual(t, count, int64(0))
			if count > 0 {
				buckets[index] = uint64(count)
			}
			index++
		}
	}
	require.Empty(t, deltas)
	return buckets
}

// exported returns the only metric of a registry.
func exported(t *testing.T, r *metrics.Registry) *dto.Histogram {
	t.Helper()
	reg := prometheus.NewPedanticRegistry()
	require.NoError(t, prom.Register(reg, r))
	list, err := reg.Gather()
	require.NoError(t, err)
	require.Len(t, list, 1)
	return list[0].GetMetric()[0].GetHistogram()
}

// Whatever is observed: what can be read from the spans is what the registry has, and it is to the byte what client_golang
// sends that has observed the same.
func TestNativeBuckets(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		r := new(metrics.Registry)
		h := r.Histogram("h")
		reference := prometheus.NewHistogram(prometheus.HistogramOpts{
			NativeHistogramBucketFactor: 1.0443, NativeHistogramZeroThreshold: metrics.ZeroThreshold,
		})
		observe := func(v float64) { h.Observe(v); reference.Observe(v) }
		// Runs of buckets with gaps of all sizes, some buckets much fuller than others, and both ends.
		index := -479 + random.IntN(200)
		for range random.IntN(60) {
			index += 1 + random.IntN(1+random.IntN(6)) + random.IntN(2)*random.IntN(20)
			if index > 43*16 {
				break
			}
			for range 1 + random.IntN(1+random.IntN(40)) {
				observe(metrics.UpperBound(index) * 0.98) // client_golang rounds some of the bounds otherwise
			}
		}
		for range random.IntN(3) {
			observe(metrics.UpperBound(43 * 16))
			observe(metrics.ZeroThreshold * 1.01)
			observe(metrics.ZeroThreshold)
			observe(-metrics.ZeroThreshold)
			observe(0)
		}
		got := exported(t, r)
		d := r.Gather(t.Context())[0].Samples[0].Values
		want := make(map[int]uint64)
		for _, b := range d.Buckets {
			want[b.Index] = b.Count
		}
		require.Equal(t, want, decode(t, got))
		require.Equal(t, d.Zero, got.GetZeroCount())
		require.Equal(t, d.Count, got.GetSampleCount())

		var theirs dto.Metric
		require.NoError(t, reference.Write(&theirs))
		expected := theirs.GetHistogram()
		expected.CreatedTimestamp = got.GetCreatedTimestamp()
		got.Bucket, expected.Bucket = nil, nil
		require.InEpsilon(t, 1+expected.GetSampleSum(), 1+got.GetSampleSum(), 1e-9)
		expected.SampleSum = got.SampleSum
		require.True(t, proto.Equal(expected, got), "want %v\ngot  %v", expected, got)
	}
}

// Both forms of a histogram agree at every bound, those that were asked for included.
func TestClassicBuckets(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(7, 8))
	for _, asked := range [][]float64{nil, {0.001, 0.01, 0.1, 1, 10}} {
		r := new(metrics.Registry)
		r.Describe("wait_seconds", metrics.KindHistogram, metrics.Description{Buckets: asked, Unit: "seconds"})
		for range 10_000 {
			r.Histogram("wait_seconds").Observe(math.Exp(random.NormFloat64()*4) - 0.01)
		}
		h := exported(t, r)
		bounds := r.Gather(t.Context())[0].Bounds
		require.Len(t, h.GetBucket(), len(bounds))
		native := decode(t, h)
		for i, b := range h.GetBucket() {
			require.InDelta(t, bounds[i], b.GetUpperBound(), 0)
			if asked != nil {
				require.InEpsilon(t, asked[i], b.GetUpperBound(), 0.0221)
			}
			want := h.GetZeroCount()
			for index, n := range native {
				if metrics.UpperBound(index) <= b.GetUpperBound() {
					want += n
				}
			}
			require.Equal(t, want, b.GetCumulativeCount())
		}
	}
}
