package prom_test

import (
	"errors"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics"
	"github.com/prodwright/prodwright/metrics/prom"
)

// A registry that checks everything has nothing to complain of, and has what the metrics.Registry has.
func TestPedantic(t *testing.T) {
	t.Parallel()
	began := time.Now()
	r := everyKind(t)
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	require.NoError(t, prom.Register(reg, r))
	problems, err := testutil.GatherAndLint(reg)
	require.NoError(t, err)
	require.Empty(t, problems)

	families := gather(t, reg)
	require.Contains(t, families, "go_goroutines")
	require.NotContains(t, families, "prodwright_end_of_question")
	kinds := map[metrics.Kind]dto.MetricType{
		metrics.KindCounter: dto.MetricType_COUNTER, metrics.KindGauge: dto.MetricType_GAUGE, metrics.KindHistogram: dto.MetricType_HISTOGRAM,
	}
	for _, f := range r.Gather(t.Context()) {
		got := families[f.Name]
		require.NotNil(t, got, f.Name)
		require.Equal(t, f.Help, got.GetHelp())
		require.Equal(t, kinds[f.Kind], got.GetType())
		require.Len(t, got.GetMetric(), len(f.Samples))
		for _, s := range f.Samples {
			m := series(t, got, s.Labels)
			switch f.Kind {
			case metrics.KindCounter:
				require.InDelta(t, s.Value, m.GetCounter().GetValue(), 0)
				require.WithinRange(t, m.GetCounter().GetCreatedTimestamp().AsTime(), began, time.Now())
				require.Equal(t, s.Created.UnixNano(), m.GetCounter().GetCreatedTimestamp().AsTime().UnixNano())
			case metrics.KindGauge:
				require.InDelta(t, s.Value, m.GetGauge().GetValue(), 0)
			case metrics.KindHistogram:
				require.Equal(t, s.Values.Count, m.GetHistogram().GetSampleCount())
				require.InDelta(t, s.Values.Sum, m.GetHistogram().GetSampleSum(), 0)
				require.Equal(t, s.Created.UnixNano(), m.GetHistogram().GetCreatedTimestamp().AsTime().UnixNano())
			}
		}
	}
	require.Equal(t, "seconds", families["request_duration_seconds"].GetUnit())
	require.Equal(t, "seconds", families["worked_seconds_total"].GetUnit())
	require.Empty(t, families["upload_bytes"].GetUnit())
}

// series finds a series by its labels.
func series(t *testing.T, f *dto.MetricFamily, labels []metrics.Label) *dto.Metric {
	t.Helper()
	for _, m := range f.GetMetric() {
		same := len(m.GetLabel()) == len(labels)
		for i := 0; same && i < len(labels); i++ {
			same = m.GetLabel()[i].GetName() == labels[i].Name && m.GetLabel()[i].GetValue() == labels[i].Value
		}
		if same {
			return m
		}
	}
	require.Fail(t, "no such series", "%s %v", f.GetName(), labels)
	return nil
}

// Units that are not in the name would be added to it by those who read OpenMetrics.
func TestUnit(t *testing.T) {
	t.Parallel()
	r := new(metrics.Registry)
	r.Describe("waited", metrics.KindGauge, metrics.Description{Unit: "seconds"})
	r.Gauge("waited").Set(1)
	reg := prometheus.NewRegistry()
	require.NoError(t, prom.Register(reg, r))
	require.Empty(t, gather(t, reg)["waited"].GetUnit())
}

// Whoever registers, how often and at the same time: each series is there once.
func TestRegisterTwice(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewPedanticRegistry()
	r := new(metrics.Registry)
	r.Counter("jobs").Inc()
	r.Histogram("wait_seconds").Observe(1)
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			if err := prom.Register(reg, r); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	require.Len(t, gather(t, reg)["jobs_total"].GetMetric(), 1)

	require.NoError(t, prom.Register(prometheus.WrapRegistererWithPrefix("", reg), r), "which is the same")
	require.Len(t, gather(t, reg)["jobs_total"].GetMetric(), 1)
	for range 3 { // other labels and names are other series
		require.NoError(t, prom.Register(prometheus.WrapRegistererWith(prometheus.Labels{"registry": "a"}, reg), r))
		require.NoError(t, prom.Register(prometheus.WrapRegistererWithPrefix("b_", reg), r))
		require.NoError(t, prom.Register(prometheus.WrapRegistererWithPrefix("b_", prometheus.WrapRegistererWithPrefix("c_", reg)), r))
	}
	families := gather(t, reg)
	require.Len(t, families["jobs_total"].GetMetric(), 2)
	require.Len(t, families["b_jobs_total"].GetMetric(), 1)
	require.Len(t, families["c_b_wait_seconds"].GetMetric(), 1)
	require.Len(t, families, 6)

	other := new(metrics.Registry)
	other.Counter("others").Inc()
	require.NoError(t, prom.Register(reg, other))
	require.Len(t, gather(t, reg), 7)
	require.NoError(t, prom.Register(prometheus.WrapRegistererWith(nil, nil), r), "a registerer that goes nowhere")
}

// refusing is a registerer that takes only what sends descriptions.
type refusing struct{ *prometheus.Registry }

func (r refusing) Register(c prometheus.Collector) error {
	descs := make(chan *prometheus.Desc, 10)
	c.Describe(descs)
	if len(descs) == 0 {
		return errors.New("no unchecked ones here")
	}
	return r.Registry.Register(c)
}

func TestRegisterFails(t *testing.T) {
	t.Parallel()
	r := new(metrics.Registry)
	require.EqualError(t, prom.Register(nil, r), "prom: Register needs a registerer and a registry, and got nil")
	require.EqualError(t, prom.Register(prometheus.NewRegistry(), nil), "prom: Register needs a registerer and a registry, and got nil")
	reg := prometheus.NewRegistry()
	for range 2 { // the second is not told that it is there already
		require.EqualError(t, prom.Register(refusing{reg}, r), "prom: no unchecked ones here")
	}
	invalid := prometheus.WrapRegistererWith(prometheus.Labels{"__": ""}, reg)
	require.ErrorContains(t, prom.Register(invalid, r), "not a valid label name")
}

// The collector alone can be composed.
func TestCollector(t *testing.T) {
	t.Parallel()
	c := prom.NewCollector(everyKind(t))
	problems, err := testutil.CollectAndLint(c)
	require.NoError(t, err)
	require.Empty(t, problems)
	require.Equal(t, 1, testutil.CollectAndCount(c, "upload_bytes"))
	require.Equal(t, 4, testutil.CollectAndCount(prometheus.WrapCollectorWithPrefix("x_", c), "x_requests_total"))
}

// While others observe, and while series come into being, no scrape is wrong in itself.
func TestScrapeWhileObserving(t *testing.T) {
	t.Parallel()
	r := new(metrics.Registry)
	reg := prometheus.NewPedanticRegistry()
	require.NoError(t, prom.Register(reg, r))
	stop := make(chan struct{})
	var group sync.WaitGroup
	for i := range 4 {
		group.Go(func() {
			random := rand.New(rand.NewPCG(uint64(i), 1))
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				label := metrics.Label{Name: "n", Value: strconv.Itoa(n / 100 % 5)}
				r.Histogram("wait_seconds", label).Observe(random.ExpFloat64() - 0.1)
				r.Counter("jobs", label).Inc()
				r.Gauge("level_"+strconv.Itoa(n/1000%10), label).Set(1)
			}
		})
	}
	last := make(map[string]uint64)
	for range 50 {
		families := gather(t, reg)
		for _, m := range families["wait_seconds"].GetMetric() {
			h := m.GetHistogram()
			total := h.GetZeroCount()
			for _, n := range decode(t, h) {
				total += n
			}
			require.Equal(t, h.GetSampleCount(), total)
			before := uint64(0)
			for _, b := range h.GetBucket() {
				require.GreaterOrEqual(t, b.GetCumulativeCount(), before)
				before = b.GetCumulativeCount()
			}
			require.LessOrEqual(t, before, h.GetSampleCount())
			require.GreaterOrEqual(t, h.GetSampleCount(), last[m.GetLabel()[0].GetValue()])
			last[m.GetLabel()[0].GetValue()] = h.GetSampleCount()
		}
	}
	close(stop)
	group.Wait()
	require.NotEmpty(t, last)
}
