package metricstest_test

import (
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/prodwright/prodwright/metrics"
	"github.com/prodwright/prodwright/metrics/metricstest"
)

func TestRecorder(t *testing.T) {
	t.Parallel()
	metricstest.TestCollector(t, func() (metrics.Collector, metricstest.Reader) {
		r := new(metricstest.Recorder)
		return r, r.Read
	})
}

func TestRegistry(t *testing.T) {
	t.Parallel()
	testRegistry(t, 0)
}

func TestRegistryThatExpires(t *testing.T) {
	t.Parallel()
	testRegistry(t, metrics.MinIdle)
}

func testRegistry(t *testing.T, maxIdle time.Duration) {
	t.Helper()
	metricstest.TestCollector(t, func() (metrics.Collector, metricstest.Reader) {
		r, err := metrics.New(metrics.Config{MaxIdle: maxIdle, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		return r, func(kind metrics.Kind, name string, labels ...metrics.Label) (float64, uint64, bool) {
			labels = slices.DeleteFunc(slices.Clone(labels), func(l metrics.Label) bool { return l.Value == "" }) // to it they are none
			for _, s := range r.Select(name, time.Now().Add(time.Hour)) {                                         // the very series, and none with more labels
				if s.Kind != kind || len(s.Labels) != len(labels) || s.Name != name && s.Name != name+"_total" {
					continue
				}
				sum, _ := r.Summary(name, time.Hour, labels...)
				if len(labels) == 0 {
					sum = only(r, name)
				}
				switch kind {
				case metrics.KindCounter:
					return sum.Increase, 0, sum.Series > 0
				case metrics.KindGauge:
					return sum.Latest, 0, sum.Series > 0
				case metrics.KindHistogram:
					return sum.Sum, sum.Count, sum.Series > 0
				}
			}
			return 0, 0, false
		}
	})
}

// only is the summary of the series without labels: what all have, without those that have some.
func only(r *metrics.Registry, name string) metrics.Summary {
	all, _ := r.Summary(name, time.Hour)
	for _, s := range r.Select(name, time.Now().Add(time.Hour)) {
		if len(s.Labels) > 0 && (s.Name == name || s.Name == name+"_total") {
			part, _ := r.Summary(name, time.Hour, s.Labels...)
			all.Increase, all.Latest, all.Sum, all.Count = all.Increase-part.Increase, all.Latest-part.Latest, all.Sum-part.Sum, all.Count-part.Count
		}
	}
	return all
}

func ExampleRecorder() {
	r := new(metricstest.Recorder)
	r.Histogram("wait_seconds").Observe(0.5) // by what is tested
	fmt.Println(r.Values("wait_seconds"))
	// Output: [0.5]
}

func ExampleReader() {
	r := new(metricstest.Recorder)
	r.Counter("jobs").Inc()
	var read metricstest.Reader = r.Read
	fmt.Println(read(metrics.KindCounter, "jobs"))
	// Output: 1 0 true
}
