package interop_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/sdk/metric"
	collector "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	otlp "go.opentelemetry.io/proto/otlp/metrics/v1"
	"google.golang.org/protobuf/proto"

	"github.com/prodwright/prodwright/metrics"
	"github.com/prodwright/prodwright/metrics/otel"
)

// receive starts a server that takes OTLP, and returns what came.
func receive(t *testing.T) (url string, came <-chan *collector.ExportMetricsServiceRequest) {
	t.Helper()
	requests := make(chan *collector.ExportMetricsServiceRequest, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := io.Reader(r.Body)
		if r.Header.Get("Content-Encoding") == "gzip" {
			z, err := gzip.NewReader(body)
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			body = z
		}
		data, err := io.ReadAll(body)
		var request collector.ExportMetricsServiceRequest
		if err != nil || r.URL.Path != "/v1/metrics" || proto.Unmarshal(data, &request) != nil {
			http.Error(w, "no", http.StatusBadRequest)
			return
		}
		requests <- &request
		answer, _ := proto.Marshal(&collector.ExportMetricsServiceResponse{})
		w.Header().Set("Content-Type", "application/x-protobuf")
		_, _ = w.Write(answer)
	}))
	t.Cleanup(server.Close)
	return server.URL, requests
}

// What arrives at a collector is what the registry has, bucket by bucket.
func TestOTLP(t *testing.T) {
	t.Parallel()
	url, came := receive(t)
	exporter, err := otlpmetrichttp.New(t.Context(), otlpmetrichttp.WithEndpointURL(url+"/v1/metrics"), otlpmetrichttp.WithCompression(otlpmetrichttp.GzipCompression))
	require.NoError(t, err)
	r := ours(t)
	provider := metric.NewMeterProvider(metric.WithReader(metric.NewPeriodicReader(exporter, metric.WithProducer(otel.NewProducer(r)))))
	require.NoError(t, provider.ForceFlush(t.Context()))
	request := <-came
	require.NoError(t, provider.Shutdown(t.Context()))
	require.Len(t, request.GetResourceMetrics(), 1)
	require.Len(t, request.GetResourceMetrics()[0].GetScopeMetrics(), 1)
	scope := request.GetResourceMetrics()[0].GetScopeMetrics()[0]
	require.Equal(t, otel.ScopeName, scope.GetScope().GetName())
	arrived := make(map[string]*otlp.Metric)
	for _, m := range scope.GetMetrics() {
		arrived[m.GetName()] = m
	}

	kinds := map[metrics.Kind]int{}
	for _, f := range r.Gather(t.Context()) {
		m := arrived[f.Name]
		require.NotNil(t, m, f.Name)
		require.Equal(t, f.Help, m.GetDescription())
		kinds[f.Kind] += len(f.Samples)
		switch f.Kind {
		case metrics.KindCounter:
			require.True(t, m.GetSum().GetIsMonotonic())
			require.Equal(t, otlp.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE, m.GetSum().GetAggregationTemporality())
			for _, s := range f.Samples {
				p := byLabels(t, m.GetSum().GetDataPoints(), s.Labels)
				require.InDelta(t, s.Value, p.GetAsDouble(), 0)
				require.Equal(t, uint64(s.Created.UnixNano()), p.GetStartTimeUnixNano())
				require.GreaterOrEqual(t, p.GetTimeUnixNano(), p.GetStartTimeUnixNano())
			}
		case metrics.KindGauge:
			for _, s := range f.Samples {
				p := byLabels(t, m.GetGauge().GetDataPoints(), s.Labels)
				require.InDelta(t, s.Value, p.GetAsDouble(), 0)
				require.Zero(t, p.GetStartTimeUnixNano())
			}
		case metrics.KindHistogram:
			require.Equal(t, otlp.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE, m.GetExponentialHistogram().GetAggregationTemporality())
			for _, s := range f.Samples {
				sameHistogram(t, s, byLabels(t, m.GetExponentialHistogram().GetDataPoints(), s.Labels))
			}
		}
	}
	require.Len(t, kinds, 3)
	require.Equal(t, []string{"s", "By", "1", "{seconds}", "{requests}"}, []string{
		arrived["wait_seconds"].GetUnit(), arrived["upload_bytes"].GetUnit(), arrived["fill_ratio"].GetUnit(), arrived["bare"].GetUnit(), arrived["waiting_total"].GetUnit(),
	})
	require.InDelta(t, 1000, float64(arrived["wait_seconds"].GetExponentialHistogram().GetDataPoints()[0].GetCount()), 0)
}

// sameHistogram compares at the scale that arrived.
func sameHistogram(t *testing.T, s metrics.Sample, p *otlp.ExponentialHistogramDataPoint) {
	t.Helper()
	require.Equal(t, uint64(s.Created.UnixNano()), p.GetStartTimeUnixNano())
	require.Equal(t, []uint64{s.Values.Count, s.Values.Zero}, []uint64{p.GetCount(), p.GetZeroCount()})
	require.InDelta(t, s.Values.Sum, p.GetSum(), 0)
	require.InDelta(t, metrics.ZeroThreshold, p.GetZeroThreshold(), 0)
	require.Nil(t, p.Min)
	require.LessOrEqual(t, len(p.GetPositive().GetBucketCounts()), 160)
	want, got := map[int]uint64{}, map[int]uint64{}
	for _, b := range s.Values.Buckets {
		want[(b.Index-1)>>(metrics.Schema-p.GetScale())] += b.Count
	}
	for i, n := range p.GetPositive().GetBucketCounts() {
		if n > 0 {
			got[int(p.GetPositive().GetOffset())+i] = n
		}
	}
	require.Equal(t, want, got)
}

// byLabels finds a data point.
func byLabels[P interface{ GetAttributes() []*commonpb.KeyValue }](t *testing.T, points []P, labels []metrics.Label) P {
	t.Helper()
	for _, p := range points {
		var have, want []string
		for _, a := range p.GetAttributes() {
			have = append(have, a.GetKey()+"="+a.GetValue().GetStringValue())
		}
		for _, l := range labels {
			want = append(want, l.Name+"="+l.Value)
		}
		if strings.Join(have, ",") == strings.Join(want, ",") {
			return p
		}
	}
	require.Fail(t, "no such series", "%v", labels)
	panic("not reached")
}
