package metrics

import (
	"slices"
	"strings"
	"time"
)

// Point is what happened to a series in one step of time, which ended at Time and took Span.
type Point struct {
	Time time.Time
	Span time.Duration
	// Value is what a counter grew by, what a gauge was at the end, and the average of a histogram's values.
	Value float64
	// Count is how many values a histogram had; of a gauge, how many samples. Min and Max are theirs.
	Count    uint64
	Min, Max float64
}

// Series is one set of labels of a metric, with its past.
type Series struct {
	Name   string // as it is exported
	Kind   Kind
	Labels []Label // sorted by name
	Points []Point // the oldest first; the last one is of what happened since the last step
}

// Key returns the name with the labels, as in requests_total[code=200,method=GET].
func (s *Series) Key() string {
	if len(s.Labels) == 0 {
		return s.Name
	}
	var b strings.Builder
	b.WriteString(s.Name)
	for i, l := range s.Labels {
		b.WriteByte("[,"[min(i, 1)])
		b.WriteString(l.Name + "=" + l.Value)
	}
	b.WriteByte(']')
	return b.String()
}

// Select returns all series whose names contain a pattern, in which an asterisk stands for anything and a dot for an
// underscore, in the order of their names and labels, with their points since a time, which is at most [MaxAgo] ago.
// With a time in the future there are no points. A pattern of more than 1 024 bytes fits none.
func (r *Registry) Select(pattern string, since time.Time) []Series {
	h := &r.history
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	r.tick(now)
	fits := namePattern(pattern)
	var list []Series
	var sources []*series
	for _, f := range r.exported() {
		if !fits(f.name) {
			continue
		}
		for _, s := range f.series {
			list = append(list, Series{Name: f.name, Kind: f.kind, Labels: slices.Clone(s.labels)})
			sources = append(sources, s)
		}
	}
	if window := now.Sub(since); window >= 0 {
		for i := range list { // each as far as it is known
			look := h.back(now, min(window, MaxAgo), 0, sources[i:i+1])
			list[i].Points = sources[i].points(look, h.tally[list[i].Kind], now)
		}
	}
	slices.SortFunc(list, func(a, b Series) int { return strings.Compare(a.Key(), b.Key()) })
	return list
}

const maxPattern = 1024

// namePattern returns a func that says whether a name contains the parts of a pattern between its asterisks, in their order.
func namePattern(pattern string) func(name string) bool {
	if len(pattern) > maxPattern {
		return func(string) bool { return false }
	}
	parts := strings.Split(strings.ReplaceAll(pattern, ".", "_"), "*")
	return func(name string) bool {
		for _, part := range parts {
			_, rest, ok := strings.Cut(name, part)
			if !ok {
				return false
			}
			name = rest
		}
		return true
	}
}

// points returns what is remembered of a series, step by step.
func (s *series) points(l *look, t *tally, now time.Time) (list []Point) {
	for tier := len(tiers) - 1; tier >= 0; tier-- {
		log, ends := s.past.log(tier), l.h.ends[tier]
		at := len(ends) - min(l.slots[tier], int(log.pushed))
		log.between(l.slots[tier], l.skip[tier], func(slot []byte) {
			t.reset()
			t.add(slot)
			list = append(list, t.point(ends[at-1], ends[at]))
			at++
		})
	}
	t.reset()
	s.since(t, false)
	return append(list, t.point(l.h.lastEnd(0), now))
}

func (t *tally) point(from, to time.Time) Point {
	p := Point{Time: to, Span: to.Sub(from), Count: t.whole}
	if t.low <= t.high {
		p.Min, p.Max = t.low, t.high
	}
	switch t.kind {
	case KindCounter:
		p.Value, p.Count = float64(t.whole)+t.part, 0
	case KindGauge:
		p.Value, p.Count = t.last, t.samples
	case KindHistogram:
		p.Value = t.part / float64(max(t.whole, 1))
	}
	return p
}
