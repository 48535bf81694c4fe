package metrics

import "time"

// look is a way to see a window: which slots of each tier, from the last one back, but for the very last.
type look struct {
	h           *history
	slots, skip [len(tiers)]int
	begin, end  time.Time // of what is seen
	open        bool      // what happened since the last tick is part of it
}

// back finds the way to see a window that ended some time ago, of several series: all of them are seen from the same moment
// on. It takes the finest steps that reach back far enough, or, when a series has forgotten some of them, those in which
// most is known of all.
func (h *history) back(now time.Time, window, ago time.Duration, of []*series) *look {
	to := now.Add(-ago)
	from := to.Add(-window)
	if h.forgets {
		from, to = later(from, h.lastEnd(0)), later(to, h.lastEnd(0))
	}
	deepest := 0
	for deepest+1 < len(tiers) && h.ends[deepest][0].After(from) && h.ends[deepest+1][0].Before(h.ends[deepest][0]) {
		deepest++
	}
	l := h.way(deepest, from, to)
	known := l.known(of)
	for i := deepest - 1; i >= 0 && known.After(l.begin); i-- {
		other := h.way(i, from, to)
		if k := other.known(of); k.Before(known) {
			deepest, known = i, k
		}
	}
	if known.After(l.begin) {
		l = h.way(deepest, known, later(to, known))
	}
	if l.open = ago <= 0; l.open {
		l.end = now
	}
	return l
}

// way takes the slots of a tier back to a time, and those of the finer ones that are not part of them yet.
func (h *history) way(deepest int, from, to time.Time) *look {
	l := &look{h: h, begin: h.lastEnd(0), end: time.Time{}}
	for tier := deepest; tier >= 0; tier-- {
		since := from
		if tier < deepest {
			since = later(from, h.lastEnd(tier+1))
		}
		n := h.after(tier, since)
		l.slots[tier], l.skip[tier] = n, min(h.after(tier, to), n)
		ends := h.ends[tier]
		if n > l.skip[tier] {
			if l.end.IsZero() {
				l.begin = ends[len(ends)-1-n]
			}
			l.end = ends[len(ends)-1-l.skip[tier]]
		}
	}
	if l.end.IsZero() {
		l.end = l.begin
	}
	return l
}

// known returns from when on everything is known of all the series.
func (l *look) known(of []*series) time.Time {
	known := l.begin
	for _, s := range of {
		for tier, n := range l.slots {
			log := s.past.log(tier)
			if missing := log.missing(n, l.skip[tier]); missing > 0 { // of those that it once had
				ends := l.h.ends[tier]
				known = later(known, ends[len(ends)-1-min(n, int(log.pushed))+missing])
				break
			}
		}
	}
	return known
}

// after returns how many slots of a tier end after a time.
func (h *history) after(tier int, t time.Time) int {
	ends, n := h.ends[tier], 0
	for n < len(ends)-1 && ends[len(ends)-1-n].After(t) {
		n++
	}
	return n
}

// during adds to t what happened to a series.
func (s *series) during(l *look, t *tally) {
	for tier := len(tiers) - 1; tier >= 0; tier-- {
		s.past.log(tier).between(l.slots[tier], l.skip[tier], t.add)
	}
	if l.open {
		s.since(t, false)
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
