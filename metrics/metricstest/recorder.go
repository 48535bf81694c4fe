package metricstest

import (
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/prodwright/prodwright/metrics"
)

// Recorder is a [metrics.Collector] that remembers exactly what it was given, for tests. The zero value is ready to use. It
// is safe for concurrent use.
type Recorder struct {
	mu     sync.Mutex
	series map[string]*recorded
}

var _ metrics.Collector = (*Recorder)(nil)

// recorded is a series of any kind.
type recorded struct {
	mu     *sync.Mutex
	kind   metrics.Kind
	value  float64
	values []float64
}

func (r *Recorder) get(kind metrics.Kind, name string, labels []metrics.Label) *recorded {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := keyOf(kind, name, labels)
	s, ok := r.series[key]
	if !ok {
		if r.series == nil {
			r.series = make(map[string]*recorded)
		}
		s = &recorded{mu: &r.mu, kind: kind}
		r.series[key] = s
	}
	return s
}

// keyOf tells series apart. Each kind has names of its own, so that nothing that a test gives is lost.
func keyOf(kind metrics.Kind, name string, labels []metrics.Label) string {
	labels = slices.Clone(labels)
	slices.SortStableFunc(labels, func(a, b metrics.Label) int { return strings.Compare(a.Name, b.Name) })
	parts := []string{kind.String(), name}
	for _, l := range labels {
		parts = append(parts, l.Name, l.Value)
	}
	return strings.Join(parts, "\x00")
}

// Counter returns a counter.
func (r *Recorder) Counter(name string, labels ...metrics.Label) metrics.Counter {
	return recordedCounter{r.get(metrics.KindCounter, name, labels)}
}

// Gauge returns a gauge.
func (r *Recorder) Gauge(name string, labels ...metrics.Label) metrics.Gauge {
	return recordedGauge{r.get(metrics.KindGauge, name, labels)}
}

// Histogram returns a histogram.
func (r *Recorder) Histogram(name string, labels ...metrics.Label) metrics.Histogram {
	return recordedHistogram{r.get(metrics.KindHistogram, name, labels)}
}

// Read is a [Reader].
func (r *Recorder) Read(kind metrics.Kind, name string, labels ...metrics.Label) (value float64, count uint64, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, ok := r.series[keyOf(kind, name, labels)]
	if !ok {
		return 0, 0, false
	}
	return s.value, uint64(len(s.values)), true
}

// Values returns what a histogram observed, in order.
func (r *Recorder) Values(name string, labels ...metrics.Label) []float64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s, ok := r.series[keyOf(metrics.KindHistogram, name, labels)]; ok {
		return slices.Clone(s.values)
	}
	return nil
}

func isNumber(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

type recordedCounter struct{ s *recorded }

func (c recordedCounter) Inc() { c.Add(1) }

func (c recordedCounter) Add(v float64) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if isNumber(v) && v > 0 {
		c.s.value += v
	}
}

type recordedGauge struct{ s *recorded }

func (g recordedGauge) Set(v float64) {
	g.s.mu.Lock()
	defer g.s.mu.Unlock()
	if !math.IsNaN(v) {
		g.s.value = v
	}
}

func (g recordedGauge) Add(v float64) {
	g.s.mu.Lock()
	defer g.s.mu.Unlock()
	if isNumber(v) {
		g.s.value += v
	}
}

type recordedHistogram struct{ s *recorded }

func (h recordedHistogram) Observe(v float64) {
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	if isNumber(v) {
		h.s.value += v
		h.s.values = append(h.s.values, v)
	}
}
