package prom

import (
	"math"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/prodwright/prodwright/metrics"
)

// metric is one series at the time of a scrape.
type metric struct {
	desc   *prometheus.Desc
	family *metrics.Family
	sample *metrics.Sample
}

// Desc returns what all series of the family have in common. Their labels are not part of it, because they need not be
// the same.
func (m metric) Desc() *prometheus.Desc { return m.desc }

// Write fills in the value.
func (m metric) Write(out *dto.Metric) error {
	s := m.sample
	out.Label = make([]*dto.LabelPair, len(s.Labels))
	for i := range s.Labels {
		out.Label[i] = &dto.LabelPair{Name: &s.Labels[i].Name, Value: &s.Labels[i].Value}
	}
	switch m.family.Kind {
	case metrics.KindCounter:
		out.Counter = &dto.Counter{Value: &s.Value, CreatedTimestamp: timestamppb.New(s.Created)}
	case metrics.KindGauge:
		out.Gauge = &dto.Gauge{Value: &s.Value}
	case metrics.KindHistogram:
		out.Histogram = histogram(s, m.family.Bounds)
	}
	return nil
}

// histogram returns both forms of a histogram. One without values is recognised as a native one by its zero threshold.
func histogram(s *metrics.Sample, bounds []float64) *dto.Histogram {
	d := s.Values
	h := &dto.Histogram{
		SampleCount:      &d.Count,
		SampleSum:        &d.Sum,
		CreatedTimestamp: timestamppb.New(s.Created),
		Bucket:           make([]*dto.Bucket, len(bounds)),
		Schema:           new(int32(metrics.Schema)),
		ZeroThreshold:    new(metrics.ZeroThreshold),
		ZeroCount:        &d.Zero,
	}
	counts := d.Cumulative(bounds)
	buckets := make([]dto.Bucket, len(bounds))
	for i := range bounds {
		buckets[i].UpperBound, buckets[i].CumulativeCount = &bounds[i], &counts[i]
		h.Bucket[i] = &buckets[i]
	}
	h.PositiveSpan, h.PositiveDelta = sparse(d.Buckets)
	return h
}

// maxGap is how many empty buckets are sent as such, because a new span takes more room. client_golang does the same.
const maxGap = 2

// sparse returns buckets as native histograms have them: spans of buckets, each so many after the end of the one before,
// and how much each bucket has more than the one before.
// https://prometheus.io/docs/specs/native_histograms/#exponential-buckets
func sparse(buckets []metrics.Bucket) (spans []*dto.BucketSpan, deltas []int64) {
	if len(buckets) == 0 {
		return nil, nil
	}
	deltas = make([]int64, 0, len(buckets))
	next, last := 0, int64(0)
	var length *uint32 // of the last span
	add := func(n int64) {
		*length++
		deltas = append(deltas, n-last)
		last = n
	}
	for i, b := range buckets {
		gap := b.Index - next
		if i == 0 || gap > maxGap {
			length = new(uint32)
			spans = append(spans, &dto.BucketSpan{Offset: new(int32(gap)), Length: length}) //nolint:gosec // indexes are small
			gap = 0
		}
		for range gap {
			add(0)
		}
		add(int64(min(b.Count, math.MaxInt64)))
		next = b.Index + 1
	}
	return spans, deltas
}
