package otel

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/prodwright/prodwright/metrics"
)

// ScopeName is the scope of all metrics.
const ScopeName = "github.com/prodwright/prodwright/metrics/otel"

// DefaultMaxBuckets is the default of [Producer].MaxBuckets.
const DefaultMaxBuckets = 160

// Producer gives all metrics of a [metrics.Registry] to a reader of OpenTelemetry's SDK. See [NewProducer]. It is safe for
// concurrent use.
type Producer struct {
	// MaxBuckets is how many buckets of a histogram are sent, empty ones between others included. Defaults to 160; -1 is no
	// limit, which is 1 168. Fewer than 40 count as 40. It must not be changed after the Producer has been given to a reader.
	MaxBuckets int

	registry *metrics.Registry
}

var _ metric.Producer = (*Producer)(nil)

// NewProducer returns a producer for the option metric.WithProducer of a reader. A registry should have one in each reader.
func NewProducer(r *metrics.Registry) *Producer { return &Producer{registry: r} }

// Produce returns all metrics as they are now. The funcs of [metrics.Registry.GaugeFunc] are asked, as long as ctx is not
// done and for [metrics.CallbackTimeout] at most. The error is that of a ctx that was done before.
func (p *Producer) Produce(ctx context.Context) ([]metricdata.ScopeMetrics, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	families := p.registry.Gather(ctx)
	now := time.Now() // after which nothing of it began
	list := make([]metricdata.Metrics, 0, len(families))
	for i := range families {
		if f := &families[i]; len(f.Samples) > 0 {
			list = append(list, metricdata.Metrics{Name: f.Name, Description: f.Help, Unit: unit(f), Data: p.data(f, now)})
		}
	}
	if len(list) == 0 {
		return nil, nil
	}
	return []metricdata.ScopeMetrics{{Scope: instrumentation.Scope{Name: ScopeName}, Metrics: list}}, nil
}

// data returns the values of all series.
func (p *Producer) data(f *metrics.Family, now time.Time) metricdata.Aggregation {
	switch f.Kind {
	case metrics.KindGauge:
		return metricdata.Gauge[float64]{DataPoints: numbers(f, now)}
	case metrics.KindHistogram:
		points := make([]metricdata.ExponentialHistogramDataPoint[float64], len(f.Samples))
		for i, s := range f.Samples {
			points[i] = metricdata.ExponentialHistogramDataPoint[float64]{
				Attributes: attributes(s.Labels), StartTime: s.Created, Time: now,
				Count: s.Values.Count, Sum: s.Values.Sum, ZeroCount: s.Values.Zero, ZeroThreshold: metrics.ZeroThreshold,
			}
			points[i].Scale, points[i].PositiveBucket = dense(s.Values.Buckets, p.maxBuckets())
		}
		return metricdata.ExponentialHistogram[float64]{DataPoints: points, Temporality: metricdata.CumulativeTemporality}
	default:
		points := numbers(f, now)
		for i := range points {
			points[i].StartTime = f.Samples[i].Created
		}
		return metricdata.Sum[float64]{DataPoints: points, Temporality: metricdata.CumulativeTemporality, IsMonotonic: true}
	}
}

func numbers(f *metrics.Family, now time.Time) []metricdata.DataPoint[float64] {
	points := make([]metricdata.DataPoint[float64], len(f.Samples))
	for i, s := range f.Samples {
		points[i] = metricdata.DataPoint[float64]{Attributes: attributes(s.Labels), Time: now, Value: s.Value}
	}
	return points
}

func attributes(labels []metrics.Label) attribute.Set {
	list := make([]attribute.KeyValue, len(labels))
	for i, l := range labels {
		list[i] = attribute.String(l.Name, l.Value)
	}
	return attribute.NewSet(list...)
}
