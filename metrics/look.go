package metrics

import "time"

// look is which slots a window is made of, in up to three ways: with the finest tier alone, and with the coarser ones for
// what is longer ago. What happened since the last tick is always part of it.
type look struct {
	h     *history
	ways  []way
	known time.Time // from when on everything is known of all series that were asked
}

// way is how many of the last slots of each tier are looked at, and when the oldest of them began.
type way struct {
	slots [len(tiers)]int
	begin time.Time
}

// back finds the slots of a window that ends now. The last way is the one to take: the finest steps that reach back far
// enough. The others are for series that have forgotten something.
func (h *history) back(now time.Time, window time.Duration) *look {
	from := now.Add(-window)
	l := &look{h: h}
	for deepest := range tiers {
		l.ways = append(l.ways, h.way(deepest, from))
		if oldest := h.ends[deepest][0]; !oldest.After(from) || deepest+1 == len(tiers) || !h.ends[deepest+1][0].Before(oldest) {
			break
		}
	}
	l.known = l.ways[len(l.ways)-1].begin
	return l
}

// way takes the slots of a tier back to a time, and those of the finer ones that are not part of them yet.
func (h *history) way(deepest int, from time.Time) (w way) {
	w.begin = h.lastEnd(0)
	for tier := range deepest {
		w.begin = h.lastEnd(tier + 1)
		w.slots[tier] = h.after(tier, w.begin)
	}
	n := h.after(deepest, from)
	w.slots[deepest] = n
	if ends := h.ends[deepest]; n > 0 {
		w.begin = ends[len(ends)-1-n]
	}
	return w
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
	w := s.best(l)
	for tier := len(tiers) - 1; tier >= 0; tier-- {
		s.past.logs[tier].newest(w.slots[tier], t.add)
	}
	s.since(t, false)
}

// best returns the way in which most is known of a series. It moves l.known when something is forgotten.
func (s *series) best(l *look) way {
	best := l.ways[len(l.ways)-1]
	known := s.knownSince(l.h, &best)
	for i := len(l.ways) - 2; i >= 0 && known.After(l.ways[i].begin); i-- {
		w := l.ways[i]
		if k := s.knownSince(l.h, &w); k.Before(known) {
			best, known = w, k
		}
	}
	if known.After(l.known) {
		l.known = known
	}
	return best
}

// knownSince returns from when on everything is known in a way of looking, from which it takes the slots that are older.
func (s *series) knownSince(h *history, w *way) time.Time {
	for tier, n := range w.slots {
		missing := s.past.logs[tier].missing(n)
		if missing == 0 {
			continue
		}
		w.slots[tier] -= missing
		for coarser := tier + 1; coarser < len(tiers); coarser++ {
			w.slots[coarser] = 0 // what is older is known, but not what was in between
		}
		ends := h.ends[tier]
		return ends[len(ends)-1-n+missing]
	}
	return w.begin
}
