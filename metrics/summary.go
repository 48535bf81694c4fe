package metrics

import (
	"cmp"
	"encoding/json"
	"math"
	"time"
)

// Summary is what a metric did in a window of time. Which figures there are depends on its kind:
//
//   - a counter has Increase and Rate;
//   - a gauge has Count (of samples, one every 10 s), Latest, Min, Max and Avg;
//   - a histogram has Count, Sum, Rate (values per second), Min, Max, Avg and quantiles.
//
// A counter has no latest value: a total since the process began says nothing about now. [Summary.Value] knows which
// figures there are; the others are 0.
//
// Counts, increases and extremes are exact; a Sum is, but for the rounding of the sum since the start. Quantiles are within
// 2.2 % of a value that was observed. Rates are per second of Covered. A value that is observed in the very moment in which
// a step ends may be counted in one step and be in the sum and the extremes of the next.
type Summary struct {
	Name   string
	Kind   Kind
	Series int // how many were added up; the Latest of gauges are added, too

	// Window is what was asked for. Covered is the time that the figures are of: shorter when less is known, longer by less
	// than one step, because the past is kept in steps of 10 s for 6 minutes, 1 min for 65, 10 min for 25 hours and 1 h for 50.
	Window, Covered time.Duration
	End             time.Time // of what is covered

	Count                  uint64
	Sum, Min, Max, Avg     float64
	P50, P95, P99          float64
	Latest, Rate, Increase float64
}

// Aggregate names a figure of a [Summary].
type Aggregate string

// The aggregates.
const (
	Count    Aggregate = "count"
	Sum      Aggregate = "sum"
	Min      Aggregate = "min"
	Max      Aggregate = "max"
	Avg      Aggregate = "avg"
	P50      Aggregate = "p50"
	P95      Aggregate = "p95"
	P99      Aggregate = "p99"
	Latest   Aggregate = "latest"
	Rate     Aggregate = "rate"
	Increase Aggregate = "increase"
)

// Value returns a figure. ok is false for one that the kind does not have, and for one that nothing was observed for.
func (s Summary) Value(a Aggregate) (value float64, ok bool) {
	value, ok = s.value(a)
	return value, ok && !math.IsNaN(value)
}

func (s Summary) value(a Aggregate) (value float64, ok bool) {
	counter, gauge, histogram := s.Kind == KindCounter, s.Kind == KindGauge, s.Kind == KindHistogram
	some := s.Count > 0
	switch a {
	case Count:
		return float64(s.Count), !counter
	case Sum:
		return s.Sum, histogram
	case Min:
		return s.Min, !counter && some
	case Max:
		return s.Max, !counter && some
	case Avg:
		return s.Avg, !counter && some
	case P50:
		return s.P50, histogram && some
	case P95:
		return s.P95, histogram && some
	case P99:
		return s.P99, histogram && some
	case Latest:
		return s.Latest, gauge && some
	case Rate:
		return s.Rate, !gauge && s.Covered > 0
	case Increase:
		return s.Increase, counter
	}
	return 0, false
}

// MarshalJSON writes the figures that there are, and times in seconds.
func (s Summary) MarshalJSON() ([]byte, error) {
	figures := map[string]any{
		"name": s.Name, "kind": s.Kind, "series": s.Series, "window_seconds": s.Window.Seconds(), "covered_seconds": s.Covered.Seconds(), "end": s.End,
	}
	for _, a := range [...]Aggregate{Count, Sum, Min, Max, Avg, P50, P95, P99, Latest, Rate, Increase} {
		if value, ok := s.Value(a); ok && !math.IsInf(value, 0) && !math.IsNaN(value) {
			figures[string(a)] = value
		}
	}
	return json.Marshal(figures)
}

// Summary adds up all series of a metric that have the given labels, over the last window, which is at most [MaxWindow].
// ok is false when there is none. The name may be written as it was given to the [Collector] or as it is exported.
func (r *Registry) Summary(name string, window time.Duration, match ...Label) (s Summary, ok bool) {
	return r.SummaryBefore(0, name, window, match...)
}

// SummaryBefore is [Registry.Summary] of a window that ended some time ago, at the end of a step. With the Covered of another
// summary as ago it is the window before that one. The window can have begun [MaxAgo] ago.
func (r *Registry) SummaryBefore(ago time.Duration, name string, window time.Duration, match ...Label) (s Summary, ok bool) {
	f, found := r.lookup(name)
	if !found {
		return Summary{}, false
	}
	r.history.mu.Lock()
	defer r.history.mu.Unlock()
	now := time.Now()
	r.tick(now)
	s = r.summarize(f, now, max(ago, 0), min(max(window, 0), MaxWindow), match)
	s.Window = window
	return s, s.Series > 0
}

// summarize is [Registry.SummaryBefore] with the history's lock held, right after a tick.
func (r *Registry) summarize(f *family, now time.Time, ago, window time.Duration, match []Label) Summary {
	h := &r.history
	s := Summary{Name: f.name, Kind: f.kind, Window: window}
	members := r.members(f, match)
	look := h.back(now, window, ago, members)
	total := h.tally[f.kind]
	total.reset()
	var latest float64
	for _, series := range members {
		s.Series++
		total.last = 0
		series.during(look, total)
		if !look.open || f.kind != KindGauge || !series.gauge.absent.Load() {
			latest += total.last
		}
	}
	s.End, s.Covered = look.end, max(look.end.Sub(look.begin), 0)
	total.last = latest
	return s.filled(total)
}

// filled computes the figures.
func (s Summary) filled(t *tally) Summary {
	seconds := s.Covered.Seconds()
	switch s.Kind {
	case KindCounter:
		s.Increase = float64(t.whole) + t.part
		s.Rate = perSecond(s.Increase, seconds)
		return s
	case KindGauge:
		s.Count, s.Latest = t.samples, t.last
		s.Avg = t.sum / float64(max(t.samples, 1))
	case KindHistogram:
		t.complete()
		s.Count, s.Sum = t.whole, t.part
		s.Rate = perSecond(float64(t.whole), seconds)
		s.Avg = t.part / float64(max(t.whole, 1))
		s.P50, s.P95, s.P99 = t.quantile(0.5), t.quantile(0.95), t.quantile(0.99)
	}
	if t.low <= t.high {
		s.Min, s.Max = t.low, t.high
	}
	return s
}

func perSecond(n, seconds float64) float64 {
	if seconds <= 0 {
		return 0
	}
	return n / seconds
}

// complete makes up for extremes that were not noted yet when their value was counted already.
func (t *tally) complete() {
	if t.low <= t.high || t.whole == 0 {
		return
	}
	t.low, t.high = 0, 0
	if t.from < t.to {
		t.low, t.high = middle(t.from), middle(t.to-1)
	}
}

// quantile returns a value that a part q of all values does not exceed, within 2.2 %.
func (t *tally) quantile(q float64) float64 {
	if t.whole == 0 {
		return 0
	}
	rank := max(uint64(math.Ceil(q*float64(t.whole))), 1)
	if rank <= t.zero {
		return cmp.Or(min(t.low, 0), 0) // all that is known of them is the least
	}
	seen := t.zero
	for i := t.from; i < t.to; i++ {
		if seen += t.buckets[i]; seen >= rank {
			return min(max(middle(i), t.low), t.high)
		}
	}
	return t.high
}
