package interop_test

import (
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/otlptranslator"
	"github.com/stretchr/testify/require"
	exporter "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/sdk/metric"

	"github.com/prodwright/prodwright/metrics"
	"github.com/prodwright/prodwright/metrics/otel"
	"github.com/prodwright/prodwright/metrics/prom"
)

// translate exports a registry to Prometheus by way of OpenTelemetry.
func translate(t *testing.T, p *otel.Producer, strategy otlptranslator.TranslationStrategyOption) *prometheus.Registry {
	t.Helper()
	reg := prometheus.NewPedanticRegistry()
	reader, err := exporter.New(exporter.WithRegisterer(reg), exporter.WithProducer(p), exporter.WithTranslationStrategy(strategy),
		exporter.WithoutScopeInfo(), exporter.WithoutTargetInfo())
	require.NoError(t, err)
	provider := metric.NewMeterProvider(metric.WithReader(reader))
	t.Cleanup(func() { _ = provider.Shutdown(t.Context()) })
	return reg
}

// value is what a metric says, without what the exporter leaves out: the classic form of a histogram, and when a counter
// was made.
type value struct {
	labels           string
	counter, gauge   float64
	count, zero      uint64
	sum, threshold   float64
	schema           int32
	buckets          map[int]int64
	createdHistogram time.Time
}

func plain(t *testing.T, m *dto.Metric) value {
	t.Helper()
	h := m.GetHistogram()
	v := value{
		counter: m.GetCounter().GetValue(), gauge: m.GetGauge().GetValue(), count: h.GetSampleCount(), zero: h.GetZeroCount(),
		sum: h.GetSampleSum(), threshold: h.GetZeroThreshold(), schema: h.GetSchema(), buckets: map[int]int64{},
		createdHistogram: h.GetCreatedTimestamp().AsTime(),
	}
	for _, l := range m.GetLabel() {
		v.labels += l.GetName() + "=" + strconv.Quote(l.GetValue()) + ","
	}
	index, next, n := 0, 0, int64(0)
	for _, span := range h.GetPositiveSpan() {
		index += int(span.GetOffset())
		for range span.GetLength() {
			n += h.GetPositiveDelta()[next]
			if n > 0 {
				v.buckets[index] = n
			}
			index, next = index+1, next+1
		}
	}
	return v
}

// strategies are all that there are to make names of Prometheus.
func strategies() []otlptranslator.TranslationStrategyOption {
	return []otlptranslator.TranslationStrategyOption{
		otlptranslator.UnderscoreEscapingWithSuffixes, otlptranslator.UnderscoreEscapingWithoutSuffixes,
		otlptranslator.NoUTF8EscapingWithSuffixes, otlptranslator.NoTranslation,
	}
}

// A metric has the same name, labels and values in Prometheus whether it comes directly or by way of OpenTelemetry.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	r := ours(t)
	direct := prometheus.NewPedanticRegistry()
	require.NoError(t, prom.Register(direct, r))
	p := otel.NewProducer(r)
	p.MaxBuckets = -1
	for _, strategy := range strategies() {
		want, err := direct.Gather()
		require.NoError(t, err)
		got, err := translate(t, p, strategy).Gather()
		require.NoError(t, err)
		require.Len(t, got, len(names(r)))
		for i, f := range want {
			require.Equal(t, f.GetName(), got[i].GetName(), strategy)
			require.Equal(t, f.GetHelp(), got[i].GetHelp())
			require.Equal(t, f.GetType(), got[i].GetType(), f.GetName())
			require.Len(t, got[i].GetMetric(), len(f.GetMetric()))
			for j, m := range f.GetMetric() {
				require.Equal(t, plain(t, m), plain(t, got[i].GetMetric()[j]), f.GetName())
			}
		}
	}
}

// Whatever words a name is made of, it is the same, but for what the documentation excepts.
func TestNamesRoundTrip(t *testing.T) {
	t.Parallel()
	words := []string{"a", "seconds", "bytes", "ratio", "total", "percent", "http", "B2", "x:y", "count", "sum", "celsius", "per"}
	random := rand.New(rand.NewPCG(13, 14))
	r, err := metrics.New(metrics.Config{MaxTotalSeries: -1, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	want := map[string]bool{}
	for range 1500 {
		var parts []string
		for range 1 + random.IntN(5) {
			parts = append(parts, words[random.IntN(len(words))])
		}
		name := strings.Join(parts, "_")
		d := metrics.Description{Unit: []string{"", "seconds", "bytes", "ratio", "requests"}[random.IntN(5)]}
		kind := metrics.Kind(random.IntN(3))
		base := strings.TrimSuffix(name, "_total")
		if kind == metrics.KindCounter && slices.Contains(strings.Split(base, "_"), "total") ||
			kind == metrics.KindGauge && parts[len(parts)-1] == "ratio" && slices.Contains(parts[:len(parts)-1], "ratio") {
			continue
		}
		r.Describe(name, kind, d)
		switch kind {
		case metrics.KindCounter:
			r.Counter(name).Inc()
		case metrics.KindGauge:
			r.Gauge(name).Set(1)
		case metrics.KindHistogram:
			r.Histogram(name).Observe(1)
		}
	}
	for _, name := range names(r) {
		want[name] = true
	}
	require.Greater(t, len(want), 700)
	for _, strategy := range strategies() {
		families, err := translate(t, otel.NewProducer(r), strategy).Gather()
		require.NoError(t, err)
		got := map[string]bool{}
		for _, f := range families {
			got[f.GetName()] = true
		}
		for name := range maps.Keys(want) {
			require.True(t, got[name], "%s: %s is not there", strategy, name)
		}
		require.Len(t, got, len(want))
	}
}
