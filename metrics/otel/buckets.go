package otel

import (
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/prodwright/prodwright/metrics"
)

// fewestBuckets are enough for all values at scale -1, the coarsest at which the zero threshold is a bound.
const fewestBuckets = 40

func (p *Producer) maxBuckets() int {
	switch {
	case p.MaxBuckets < 0:
		return int(^uint(0) >> 1)
	case p.MaxBuckets == 0:
		return DefaultMaxBuckets
	}
	return max(p.MaxBuckets, fewestBuckets)
}

// dense returns buckets as OpenTelemetry has them: all from the lowest to the highest, and each with the index of its lower
// bound, which is one less than that of its upper bound. They are at most limit; at half the scale, two buckets are one.
// https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram
func dense(buckets []metrics.Bucket, limit int) (scale int32, dense metricdata.ExponentialBucket) {
	if len(buckets) == 0 {
		return metrics.Schema, dense
	}
	first, last := buckets[0].Index-1, buckets[len(buckets)-1].Index-1
	halvings := 0
	for last>>halvings-first>>halvings >= limit {
		halvings++
	}
	offset := first >> halvings
	dense.Offset = int32(offset) //nolint:gosec // indexes are small
	dense.Counts = make([]uint64, last>>halvings-offset+1)
	for _, b := range buckets {
		dense.Counts[(b.Index-1)>>halvings-offset] += b.Count
	}
	return int32(metrics.Schema - halvings), dense
}
