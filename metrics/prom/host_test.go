package prom_test

import (
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics"
	"github.com/prodwright/prodwright/metrics/prom"
)

// ours returns a registry whose names hosts like, too.
func ours() *metrics.Registry {
	r := new(metrics.Registry)
	r.Describe("http_request_duration_seconds", metrics.KindHistogram, metrics.Description{Help: "Ours."})
	r.Histogram("http_request_duration_seconds").Observe(1)
	r.Counter("jobs").Inc()
	r.Gauge("tasks_count").Set(1)
	r.Gauge("fine").Set(1)
	return r
}

// gauge returns a metric of the host.
func gauge(name string) prometheus.Gauge {
	return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: "Theirs."})
}

// What the host has already is served as if we were not there, by a handler with the default options, and so is the rest
// of ours.
func TestNamesOfTheHost(t *testing.T) {
	t.Parallel()
	seconds := prometheus.HistogramOpts{Name: "http_request_duration_seconds", Help: "Theirs."}
	same := seconds
	same.Help = "Ours."
	for name, c := range map[string]struct {
		theirs  prometheus.Collector
		want    string // of theirs
		left    string // of ours
		without string // of ours
	}{
		"nothing":        {prometheus.NewGauge(prometheus.GaugeOpts{Name: "x", Help: "X."}), "x 0", "jobs_total 1", "y"},
		"help":           {prometheus.NewHistogram(seconds), "# HELP http_request_duration_seconds Theirs.", "jobs_total 1", "Ours."},
		"kind":           {prometheus.NewGauge(prometheus.GaugeOpts(prometheus.Opts{Name: same.Name, Help: same.Help})), "http_request_duration_seconds 0", "jobs_total 1", "_bucket"},
		"all but value":  {prometheus.NewHistogram(same), "http_request_duration_seconds_count 0", "jobs_total 1", "seconds_count 1"},
		"labels":         {prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "fine", Help: "Theirs."}, []string{"a"}), "", "jobs_total 1", "fine"},
		"counter":        {prometheus.NewCounter(prometheus.CounterOpts{Name: "jobs_total", Help: "Theirs."}), "jobs_total 0", "fine 1", "jobs_total 1"},
		"_sum of ours":   {gauge("http_request_duration_seconds_sum"), "http_request_duration_seconds_sum 0", "fine 1", "_bucket"},
		"our _count":     {prometheus.NewHistogram(prometheus.HistogramOpts{Name: "tasks", Help: "Theirs."}), "tasks_count 0", "fine 1", "tasks_count 1"},
		"with const tag": {prometheus.NewGauge(prometheus.GaugeOpts{Name: "fine", Help: "Theirs.", ConstLabels: prometheus.Labels{"a": "b"}}), `fine{a="b"} 0`, "jobs_total 1", "fine 1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, first := range []bool{true, false} {
				reg := prometheus.NewPedanticRegistry()
				if first {
					reg.MustRegister(c.theirs)
				}
				r := ours()
				require.NoError(t, prom.Register(reg, r))
				if !first {
					require.Len(t, gather(t, reg), 4)
					reg.MustRegister(c.theirs) // we do not keep it from that
				}
				for range 3 {
					status, _, body := scrape(t, reg, "", promhttp.HandlerOpts{})
					require.Equal(t, http.StatusOK, status, body)
					require.Contains(t, body, c.want)
					require.Contains(t, body, c.left)
					require.NotContains(t, body, c.without)
				}
				r.Gauge("later").Set(1)
				_, _, body := scrape(t, reg, "", promhttp.HandlerOpts{})
				require.Contains(t, body, "later 1")
				problems, err := reg.Gather()
				require.NoError(t, err)
				for _, f := range problems {
					require.NotContains(t, f.GetName(), "prodwright")
				}
			}
		})
	}
}

// With labels or a prefix the names are what the host sees.
func TestNamesWithPrefix(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(gauge("fine"),
		gauge("b_jobs_total"))
	require.NoError(t, prom.Register(prometheus.WrapRegistererWithPrefix("b_", reg), ours()))
	require.NoError(t, prom.Register(prometheus.WrapRegistererWith(prometheus.Labels{"a": "b"}, reg), ours()))
	_, _, body := scrape(t, reg, "", promhttp.HandlerOpts{})
	require.Contains(t, body, "b_fine 1")
	require.Contains(t, body, "b_jobs_total 0")
	require.Contains(t, body, `jobs_total{a="b"} 1`)
	require.NotContains(t, body, `fine{a="b"}`)
}

// A registry that is collected as a part of another one is locked while it is. The first scrape waits a second, no scrape
// hangs, and names are known from then on.
func TestRegistryInRegistry(t *testing.T) {
	t.Parallel()
	inner, outer := prometheus.NewRegistry(), prometheus.NewRegistry()
	inner.MustRegister(gauge("fine"))
	outer.MustRegister(prometheus.WrapCollectorWith(prometheus.Labels{"a": "b"}, inner))
	require.NoError(t, prom.Register(inner, ours()))
	require.Eventually(t, func() bool {
		status, _, body := scrape(t, outer, "", promhttp.HandlerOpts{})
		return status == http.StatusOK && strings.Contains(body, `jobs_total{a="b"} 1`) && strings.Contains(body, `fine{a="b"} 0`)
	}, time.Minute, time.Millisecond)
	for range 100 {
		status, _, body := scrape(t, outer, "", promhttp.HandlerOpts{})
		require.Equal(t, http.StatusOK, status, body)
	}
}

// stubborn is a registerer that takes its time to answer questions.
type stubborn struct {
	*prometheus.Registry
	questions chan struct{} // one for each that is answered
	asked     *atomic.Int64
}

func (s stubborn) Register(c prometheus.Collector) error {
	if strings.HasSuffix(strings.ToLower(typeName(c)), "question") {
		s.asked.Add(1)
		<-s.questions
	}
	return s.Registry.Register(c)
}

func TestPatience(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := stubborn{prometheus.NewRegistry(), make(chan struct{}), new(atomic.Int64)}
		s.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts{Name: "fine", Help: "The gauge fine."}))
		r := ours()
		require.NoError(t, prom.Register(s, r))
		took := func() time.Duration {
			began := time.Now()
			_, _ = s.Gather()
			return time.Since(began)
		}
		require.Equal(t, time.Second, took())
		for range 5 {
			require.Zero(t, took(), "it is not waited for again")
		}
		require.Equal(t, int64(1), s.asked.Load(), "nor asked again while it has not answered")
		close(s.questions)
		synctest.Wait()
		_, err := s.Gather()
		require.NoError(t, err, "what it said is known")
		synctest.Wait()
		require.Greater(t, s.asked.Load(), int64(2), "and it is asked again")
		s.MustRegister(gauge("jobs_total"))
		_, _ = s.Gather()
		synctest.Wait()
		before := s.asked.Load()
		_, err = s.Gather()
		synctest.Wait()
		require.Equal(t, before+1, s.asked.Load(), "what is known is not asked for again")
		require.NoError(t, err, "of what is new it is known by the next scrape")
	})
}

// careless is a registerer that takes everything, or panics.
type careless struct {
	*prometheus.Registry
	panics bool
	taken  map[prometheus.Collector]bool // questions
}

func (c careless) Register(x prometheus.Collector) error {
	if typeName(x) != "question" {
		return c.Registry.Register(x)
	}
	if c.panics {
		panic("no")
	}
	c.taken[x] = true
	return nil
}

func (c careless) Unregister(x prometheus.Collector) bool {
	delete(c.taken, x)
	return true
}

func TestCarelessRegisterers(t *testing.T) {
	t.Parallel()
	for _, panics := range []bool{false, true} {
		c := careless{prometheus.NewRegistry(), panics, map[prometheus.Collector]bool{}}
		require.NoError(t, prom.Register(c, ours()))
		require.Len(t, gather(t, c), 4)
		require.Empty(t, c.taken)
	}
}

// meeting is a registerer that answers the first question when there are two.
type meeting struct {
	*prometheus.Registry
	asked *atomic.Int64
	both  *sync.WaitGroup
}

func (m meeting) Register(c prometheus.Collector) error {
	if typeName(c) == "question" && m.asked.Add(1) <= 2 {
		m.both.Done()
		m.both.Wait()
	}
	return m.Registry.Register(c)
}

// Each metric that is left out is said once. The test takes the default logger, so it is not parallel.
func TestWarning(t *testing.T) {
	log := new(logged)
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(log, nil)))
	defer slog.SetDefault(before)
	reg := meeting{prometheus.NewRegistry(), new(atomic.Int64), new(sync.WaitGroup)}
	reg.MustRegister(gauge("fine"), gauge("jobs_total"))
	require.NoError(t, prom.Register(reg, ours()))
	var group sync.WaitGroup
	reg.both.Add(2)
	for range 2 {
		group.Go(func() {
			if _, err := reg.Gather(); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	gather(t, reg)
	require.Eventually(t, func() bool { return strings.Count(log.String(), "\n") >= 2 }, time.Minute, time.Millisecond)
	require.Equal(t, 1, strings.Count(log.String(), `level=WARN msg="prom: a metric is not exported" metric=fine `), log.String())
	require.Equal(t, 1, strings.Count(log.String(), "metric=jobs_total"), log.String())
	require.Equal(t, 2, strings.Count(log.String(), "\n"), log.String())
}
