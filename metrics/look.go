package metrics

import "time"

// look is which slots a window is made of: the last few of each tier. What happened since the last tick counts too.
type look struct {
	h     *history
	begin time.Time // of the oldest of these slots
	known time.Time // from when on everything is known of all series that were asked
	slots [len(tiers)]int
}

// back finds the slots of a window that ends now. It takes the finest steps that reach back so far, and behind what the
// coarser tiers have, the finer ones.
func (h *history) back(now time.Time, window time.Duration) *look {
	from := now.Add(-window)
	l := &look{h: h}
	deepest := 0
	for deepest < len(tiers)-1 && h.ends[deepest][0].After(from) && h.ends[deepest+1][0].Before(h.ends[deepest][0]) {
		deepest++
	}
	end := h.ends[0][len(h.ends[0])-1]
	l.begin = end
	for tier := range deepest {
		boundary := h.lastEnd(tier + 1)
		l.slots[tier] = h.after(tier, boundary)
		l.begin = boundary
	}
	n := h.after(deepest, from)
	l.slots[deepest] = n
	if ends := h.ends[deepest]; n > 0 {
		l.begin = ends[len(ends)-1-n]
	}
	l.known = l.begin
	return l
}

// after returns how many slots of a tier end after a time.
func (h *history) after(tier int, t time.Time) int {
	ends, n := h.ends[tier], 0
	for n < len(ends)-1 && ends[len(ends)-1-n].After(t) {
		n++
	}
	return n
}

// during adds to t what happened to a series. It moves l.known when a part of that is forgotten.
func (s *series) during(l *look, t *tally) {
	deepest := 0
	for tier, n := range l.slots {
		if n > 0 {
			deepest = tier
		}
		if missing := s.past.logs[tier].missing(n); missing > 0 {
			ends := l.h.ends[tier]
			if known := ends[len(ends)-1-n+missing]; known.After(l.known) {
				l.known = known
			}
			break // what is older is known, but not what was in between
		}
	}
	for tier := deepest; tier >= 0; tier-- {
		s.past.logs[tier].newest(l.slots[tier], t.add)
	}
	s.since(t, false)
}
