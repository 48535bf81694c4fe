package metrics

// Label is a dimension of a metric: its name, and the value that one series has there. Without a value it is as good as none.
type Label struct{ Name, Value string }

// Collector is where values go in. Other packages take this interface and nothing else of this one; [Registry] and
// [Discard] implement it, package metricstest says what an implementation must keep to.
//
// Each method returns the handle of one series and makes it when there is none: the same name and labels, in any order,
// give the same series. Handles are got once and used for ever; getting one costs a lookup. A method never panics, never
// blocks and never returns nil: a name that is taken by a metric of another kind, or that is none, gives a handle that
// works and counts for nothing. labels is only read. All methods, of handles too, are safe for concurrent use.
type Collector interface {
	// Counter returns a counter: events, bytes, seconds spent.
	Counter(name string, labels ...Label) Counter
	// Gauge returns a gauge: a value that goes up and down.
	Gauge(name string, labels ...Label) Gauge
	// Histogram returns a histogram: a distribution of values, such as durations in seconds.
	Histogram(name string, labels ...Label) Histogram
}

// Counter is a sum that only grows.
type Counter interface {
	// Inc adds 1.
	Inc()
	// Add adds v. What is negative, infinite, above 1e200 or no number is not added.
	Add(v float64)
}

// Gauge is a value that goes up and down.
type Gauge interface {
	// Set makes v the value. NaN is not taken.
	Set(v float64)
	// Add adds v, which may be negative.
	Add(v float64)
}

// Histogram is a distribution of values.
type Histogram interface {
	// Observe adds one value. NaN, the infinities and what is beyond 1e200 are not taken.
	Observe(v float64)
}

// Discard is a [Collector] that forgets everything. Its zero value is ready to use.
type Discard struct{}

var _ Collector = Discard{}

// Counter returns a counter that counts nothing.
func (Discard) Counter(string, ...Label) Counter { return discarded{} }

// Gauge returns a gauge that keeps nothing.
func (Discard) Gauge(string, ...Label) Gauge { return discarded{} }

// Histogram returns a histogram that keeps nothing.
func (Discard) Histogram(string, ...Label) Histogram { return discarded{} }

type discarded struct{}

func (discarded) Inc()            {}
func (discarded) Add(float64)     {}
func (discarded) Set(float64)     {}
func (discarded) Observe(float64) {}
