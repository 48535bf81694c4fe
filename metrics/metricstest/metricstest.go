// Package metricstest says what a [metrics.Collector] must keep to, as a test for those who implement one, and has a
// [Recorder] for tests of packages that take one.
//
//	func TestMyCollector(t *testing.T) {
//		metricstest.TestCollector(t, func() (metrics.Collector, metricstest.Reader) {
//			c := mycollector.New()
//			return c, c.Read
//		})
//	}
//
// It needs nothing but the standard library.
package metricstest

import (
	"math"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/prodwright/prodwright/metrics"
)

// Reader returns what a collector has of a series: the total of a counter, the value of a gauge, the number and the sum of
// a histogram's values. ok is false when there is no such series. The name of a counter is given without a suffix. A label
// without a value may be as good as none.
type Reader func(kind metrics.Kind, name string, labels ...metrics.Label) (value float64, count uint64, ok bool)

// TestCollector runs all tests. open makes a new collector and what reads it.
func TestCollector(t *testing.T, open func() (metrics.Collector, Reader)) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, metrics.Collector, Reader){
		"values": values, "series": series, "labels are only read": labelsAreOnlyRead, "nonsense": nonsense, "concurrency": concurrency,
	} {
		t.Run(name, func(t *testing.T) {
			c, read := open()
			test(t, c, read)
		})
	}
}

func label(name, value string) metrics.Label { return metrics.Label{Name: name, Value: value} }

// is fails unless a series has a value and a count.
func is(t *testing.T, read Reader, value float64, count uint64, kind metrics.Kind, name string, labels ...metrics.Label) {
	t.Helper()
	v, n, ok := read(kind, name, labels...)
	if !ok || math.Abs(v-value) > 1e-9*math.Abs(value) || kind == metrics.KindHistogram && n != count {
		t.Errorf("%v %s%v is %v with %d values (there: %v), not %v with %d", kind, name, labels, v, n, ok, value, count)
	}
}

func values(t *testing.T, c metrics.Collector, read Reader) {
	t.Helper()
	counter := c.Counter("c")
	counter.Inc()
	counter.Add(2.5)
	counter.Add(0)
	is(t, read, 3.5, 0, metrics.KindCounter, "c")
	gauge := c.Gauge("g")
	gauge.Set(7)
	gauge.Add(-9.5)
	is(t, read, -2.5, 0, metrics.KindGauge, "g")
	histogram := c.Histogram("h")
	for _, v := range []float64{1, 0, 2.5} {
		histogram.Observe(v)
	}
	is(t, read, 3.5, 3, metrics.KindHistogram, "h")
}

// series are told apart by their labels, whose order does not matter.
func series(t *testing.T, c metrics.Collector, read Reader) {
	t.Helper()
	a, b := label("a", "1"), label("b", "2")
	c.Counter("c", a, b).Inc()
	c.Counter("c", b, a).Inc()
	c.Counter("c", a, label("b", "3")).Add(5)
	is(t, read, 2, 0, metrics.KindCounter, "c", a, b)
	is(t, read, 5, 0, metrics.KindCounter, "c", a, label("b", "3"))
	c.Gauge("g", a).Set(1)
	c.Gauge("g").Set(2)
	is(t, read, 1, 0, metrics.KindGauge, "g", a)
	is(t, read, 2, 0, metrics.KindGauge, "g")
	for _, value := range []string{"", "two words", "\"quoted\"", `\`, "line\nend", "ü🔑"} {
		c.Gauge("odd", label("v", value)).Set(1)
		is(t, read, 1, 0, metrics.KindGauge, "odd", label("v", value))
	}
}

func labelsAreOnlyRead(t *testing.T, c metrics.Collector, read Reader) {
	t.Helper()
	labels := []metrics.Label{label("b", "2"), label("a", "1")}
	before := slices.Clone(labels)
	handle := c.Counter("c", labels...)
	if !slices.Equal(labels, before) {
		t.Errorf("the labels are %v, not %v", labels, before)
	}
	labels[0].Value, labels[1].Name = "x", "y" // they are the caller's
	handle.Inc()
	is(t, read, 1, 0, metrics.KindCounter, "c", before...)
}

// nonsense changes no value and panics nowhere.
func nonsense(t *testing.T, c metrics.Collector, read Reader) {
	t.Helper()
	counter, gauge, histogram := c.Counter("c"), c.Gauge("g"), c.Histogram("h")
	counter.Add(1)
	gauge.Set(1)
	histogram.Observe(1)
	counter.Add(-1)
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		counter.Add(v)
		gauge.Add(v)
		histogram.Observe(v)
	}
	gauge.Set(math.NaN())
	is(t, read, 1, 0, metrics.KindCounter, "c")
	is(t, read, 1, 0, metrics.KindGauge, "g")
	is(t, read, 1, 1, metrics.KindHistogram, "h")
	for _, name := range []string{"", "c", "9", "with a space", "\xff", "h"} {
		c.Counter(name, label("", ""), label("a", "1"), label("a", "2"), label("le", "\xff")).Inc()
		c.Gauge(name).Set(2)
		c.Histogram(name).Observe(2)
	}
	is(t, read, 1, 0, metrics.KindCounter, "c")
}

func concurrency(t *testing.T, c metrics.Collector, read Reader) {
	t.Helper()
	const workers, rounds, different = 8, 500, 10
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := range rounds {
				l := label("i", strconv.Itoa(i%different))
				c.Counter("c", l).Inc()
				c.Gauge("g", l).Add(1)
				c.Histogram("h", l).Observe(2)
			}
		})
	}
	wg.Wait()
	const each = workers * rounds / different
	for i := range different {
		l := label("i", strconv.Itoa(i))
		is(t, read, each, 0, metrics.KindCounter, "c", l)
		is(t, read, each, 0, metrics.KindGauge, "g", l)
		is(t, read, 2*each, each, metrics.KindHistogram, "h", l)
	}
}
