package metrics

import "time"

// look is which slots a window is made of, in up to as many ways as there are tiers: with the finest alone, and with the
// coarser ones for what is longer ago.
type look struct {
	h     *history
	ways  []way
	known time.Time // from when on everything is known of all series that were asked
	end   time.Time
	open  bool // what happened since the last tick is part of it
}

// way is which slots of each tier are looked at: the last ones, but for the very last. begin is when the oldest began.
type way struct {
	slots, skip [len(tiers)]int
	begin       time.Time
}

// back finds the slots of a window that ended some time ago. The last way is the one to take: the finest steps that reach
// back far enough. The others are for series that have forgotten something.
func (h *history) back(now time.Time, window, ago time.Duration) *look {
	to := now.Add(-ago)
	from := to.Add(-window)
	l := &look{h: h, end: to, open: ago <= 0}
	if h.forgets {
		from, to = maxTime(from, h.lastEnd(0)), maxTime(to, h.lastEnd(0))
	}
	for deepest := range tiers {
		l.ways = append(l.ways, h.way(deepest, from, to))
		if oldest := h.ends[deepest][0]; !oldest.After(from) || deepest+1 == len(tiers) || !h.ends[deepest+1][0].Before(oldest) {
			break
		}
	}
	best := &l.ways[len(l.ways)-1]
	l.known = best.begin
	if !l.open {
		l.end = h.lastOf(best)
	}
	return l
}

// way takes the slots of a tier back to a time, and those of the finer ones that are not part of them yet.
func (h *history) way(deepest int, from, to time.Time) (w way) {
	w.begin = h.lastEnd(0)
	for tier := range deepest {
		w.begin = h.lastEnd(tier + 1)
		w.slots[tier] = h.after(tier, w.begin)
		w.skip[tier] = min(h.after(tier, to), w.slots[tier])
	}
	n := h.after(deepest, from)
	w.slots[deepest] = n
	w.skip[deepest] = min(h.after(deepest, to), n)
	if ends := h.ends[deepest]; n > 0 {
		w.begin = ends[len(ends)-1-n]
	}
	return w
}

// lastOf returns when the last slot of a way ended.
func (h *history) lastOf(w *way) time.Time {
	for tier := range tiers {
		if w.slots[tier] > w.skip[tier] {
			ends := h.ends[tier]
			return ends[len(ends)-1-w.skip[tier]]
		}
	}
	return w.begin
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
		s.past.log(tier).between(w.slots[tier], w.skip[tier], t.add)
	}
	if l.open {
		s.since(t, false)
	}
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
		missing := s.past.log(tier).missing(n, w.skip[tier])
		if missing == 0 {
			continue
		}
		w.slots[tier] -= missing
		for coarser := tier + 1; coarser < len(tiers); coarser++ {
			w.slots[coarser], w.skip[coarser] = 0, 0 // what is older is known, but not what was in between
		}
		ends := h.ends[tier]
		return ends[len(ends)-1-n+missing]
	}
	return w.begin
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
