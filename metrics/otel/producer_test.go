package otel_test

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/prodwright/prodwright/metrics"
	"github.com/prodwright/prodwright/metrics/otel"
)

// collect reads what a reader of the SDK gets, and returns the metrics of our scope by name.
func collect(t *testing.T, p *otel.Producer) map[string]metricdata.Metrics {
	t.Helper()
	reader := metric.NewManualReader(metric.WithProducer(p), metric.WithTemporalitySelector(metric.DeltaTemporalitySelector))
	provider := metric.NewMeterProvider(metric.WithReader(reader))
	defer func() { require.NoError(t, provider.Shutdown(context.WithoutCancel(t.Context()))) }()
	counter, err := provider.Meter("theirs").Int64Counter("theirs")
	require.NoError(t, err)
	counter.Add(t.Context(), 1)
	var all metricdata.ResourceMetrics
	require.NoError(t, reader.Collect(t.Context(), &all))
	require.Len(t, all.ScopeMetrics, 2, "theirs and ours")
	require.Equal(t, "theirs", all.ScopeMetrics[0].Scope.Name)
	ours := all.ScopeMetrics[1]
	require.Equal(t, "github.com/prodwright/prodwright/metrics/otel", ours.Scope.Name)
	found := make(map[string]metricdata.Metrics)
	for _, m := range ours.Metrics {
		found[m.Name] = m
	}
	require.Len(t, found, len(ours.Metrics), "each once")
	return found
}

// A reader gets everything as it is.
func TestProduce(t *testing.T) {
	t.Parallel()
	r := new(metrics.Registry)
	before := time.Now()
	a, b := metrics.Label{Name: "a", Value: "1"}, metrics.Label{Name: "b", Value: "2"}
	r.Describe("jobs", metrics.KindCounter, metrics.Description{Help: "What was done."})
	r.Counter("jobs", b, a).Add(2.5)
	r.Counter("jobs").Add(1)
	r.Gauge("fill_ratio").Set(-0.5)
	r.GaugeFunc("absent", func(context.Context) (float64, error) { return 0, errors.New("no") })
	r.GaugeFunc("asked", func(context.Context) (float64, error) { return 7, nil })
	h := r.Histogram("wait_seconds", a)
	created := time.Now()
	for _, v := range []float64{1, 1.03125, 1.015625, 2, 0, -1, metrics.ZeroThreshold} {
		h.Observe(v)
	}
	r.Histogram("empty_bytes")

	found := collect(t, otel.NewProducer(r))
	after := time.Now()
	require.Contains(t, found, "metrics_callback_failures_total")
	delete(found, "metrics_callback_failures_total")
	require.Len(t, found, 5)

	jobs := found["jobs_total"]
	require.Equal(t, []string{"What was done.", ""}, []string{jobs.Description, jobs.Unit})
	sum := jobs.Data.(metricdata.Sum[float64])
	require.Equal(t, metricdata.CumulativeTemporality, sum.Temporality)
	require.True(t, sum.IsMonotonic)
	at := sum.DataPoints[0].Time
	require.WithinRange(t, at, before, after)
	for _, p := range sum.DataPoints {
		require.WithinRange(t, p.StartTime, before, created)
	}
	metricdatatest.AssertAggregationsEqual(t, metricdata.Sum[float64]{
		Temporality: metricdata.CumulativeTemporality, IsMonotonic: true,
		DataPoints: []metricdata.DataPoint[float64]{
			{Attributes: attribute.NewSet(attribute.String("a", "1"), attribute.String("b", "2")), Value: 2.5},
			{Attributes: *attribute.EmptySet(), Value: 1},
		},
	}, sum, metricdatatest.IgnoreTimestamp())

	metricdatatest.AssertEqual(t, metricdata.Metrics{
		Name: "fill_ratio", Description: "The gauge fill_ratio.", Unit: "1",
		Data: metricdata.Gauge[float64]{DataPoints: []metricdata.DataPoint[float64]{{Time: at, Value: -0.5}}},
	}, found["fill_ratio"])
	require.InDelta(t, 7, found["asked"].Data.(metricdata.Gauge[float64]).DataPoints[0].Value, 0)

	wait := found["wait_seconds"]
	require.Equal(t, "s", wait.Unit)
	points := wait.Data.(metricdata.ExponentialHistogram[float64]).DataPoints
	require.WithinRange(t, points[0].StartTime, before, created)
	metricdatatest.AssertAggregationsEqual(t, metricdata.ExponentialHistogram[float64]{
		Temporality: metricdata.CumulativeTemporality,
		DataPoints: []metricdata.ExponentialHistogramDataPoint[float64]{{
			Attributes: attribute.NewSet(attribute.String("a", "1")), StartTime: points[0].StartTime, Time: at,
			Count: 7, Sum: 4.046875 + metrics.ZeroThreshold, Scale: 4, ZeroCount: 3, ZeroThreshold: metrics.ZeroThreshold,
			// 1 is the upper bound of the bucket of index -1, 2 that of 15.
			PositiveBucket: metricdata.ExponentialBucket{Offset: -1, Counts: []uint64{1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}},
		}},
	}, wait.Data)
	require.Equal(t, metrics.ZeroThreshold, points[0].ZeroThreshold) //nolint:testifylint // exactly
	empty := found["empty_bytes"].Data.(metricdata.ExponentialHistogram[float64]).DataPoints[0]
	require.Zero(t, empty.Count)
	require.Equal(t, int32(4), empty.Scale)
	require.Empty(t, empty.PositiveBucket.Counts)
}

func TestProduceNothing(t *testing.T) {
	t.Parallel()
	r := new(metrics.Registry)
	p := otel.NewProducer(r)
	got, err := p.Produce(t.Context())
	require.NoError(t, err)
	require.Empty(t, got)
	r.Counter("jobs").Inc()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	got, err = p.Produce(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, got)
}

// The names that translators come back to have their units.
func TestUnit(t *testing.T) {
	t.Parallel()
	r, err := metrics.New(metrics.Config{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	want := map[string]string{}
	for _, c := range []struct{ name, described, unit string }{
		{"a_seconds", "", "s"},
		{"b_seconds", "seconds", "s"},
		{"c_bytes", "", "By"},
		{"d_ratio", "", "1"},
		{"e_celsius", "", "Cel"},
		{"f_milliseconds", "", "ms"},
		{"seconds", "", "s"},
		{"g", "", ""},
		{"h", "seconds", "{seconds}"},
		{"i_requests", "requests", "{requests}"},
		{"j_seconds_left", "", ""},
		{"k_milliseconds", "seconds", "ms"},
		{"l", "Größe", ""},
		{"m", "two words", ""},
		{"n", "{x", ""},
		{"o", "x}", ""},
		{"secondseconds", "", ""},
	} {
		r.Gauge(c.name).Set(1)
		r.Describe(c.name, metrics.KindGauge, metrics.Description{Unit: c.described})
		r.Counter("counted_" + c.name)
		r.Describe("counted_"+c.name, metrics.KindCounter, metrics.Description{Unit: c.described})
		r.Gauge("total_" + c.name + "_total").Set(1) // which is no counter
		want["total_"+c.name+"_total"] = ""
		want[c.name], want["counted_"+c.name+"_total"] = c.unit, c.unit
	}
	got := map[string]string{}
	for name, m := range collect(t, otel.NewProducer(r)) {
		got[name] = m.Unit
	}
	require.Equal(t, want, got)
}

// While others observe, no histogram is wrong in itself.
func TestProduceWhileObserving(t *testing.T) {
	t.Parallel()
	r := new(metrics.Registry)
	p := otel.NewProducer(r)
	stop := make(chan struct{})
	var group sync.WaitGroup
	for i := range 4 {
		group.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
					r.Histogram("wait_seconds", metrics.Label{Name: "n", Value: strconv.Itoa(n / 100 % 5)}).Observe(float64(n%1000*i) / 100)
				}
			}
		})
	}
	seen := 0
	for seen < 50 {
		scopes, err := p.Produce(t.Context())
		require.NoError(t, err)
		for _, s := range scopes {
			seen++
			for _, point := range s.Metrics[0].Data.(metricdata.ExponentialHistogram[float64]).DataPoints {
				total := point.ZeroCount
				for _, n := range point.PositiveBucket.Counts {
					total += n
				}
				require.Equal(t, point.Count, total)
				require.False(t, point.StartTime.After(point.Time))
			}
		}
	}
	close(stop)
	group.Wait()
}
