package metrics

import "slices"

// The memory of the past is one budget, from which each series takes what it needs. When it is used up, every series has a
// share: one that needs less keeps all that it has, the others forget what is longest ago, and all of them remember their
// recent past. The share is as large as it can be while an eighth of the budget stays free, for series that are new.

// push adds a slot to a tier of a series, or a gap. At most keep slots remain.
func (h *history) push(p *past, tier, keep int, slot []byte, isGap bool) {
	l := &p.logs[tier]
	l.pushed++
	for l.n >= keep {
		l.drop()
	}
	if h.makeRoom(p, tier, slotSize(slot, isGap)) {
		l.put(slot, isGap)
	}
}

// makeRoom makes room for so many bytes at the end of a log. When it returns false the log is empty: the slot alone would
// have others forgotten that are more recent.
func (h *history) makeRoom(p *past, tier, size int) bool {
	l := &p.logs[tier]
	for shared := false; cap(l.buf)-len(l.buf) < size; {
		if l.head > 0 && l.head >= len(l.buf)/4 {
			l.compact()
			continue
		}
		taken := p.size()
		more := min(max(h.growth(cap(l.buf)), size+32), h.budget, h.share-taken)
		switch {
		case cap(l.buf)-l.used()+more >= size && more > 0:
			h.budget -= l.resize(cap(l.buf) + more)
		case l.head > 0:
			l.compact()
		case !shared && h.budget < size && taken < h.share:
			h.divide(p, size)
			shared = true
		case taken == 0 || !h.trim(p, min(taken, h.share)/4*3, tier):
			return false
		}
	}
	return true
}

// growth is how much more than is needed a log takes: less when there is little.
func (h *history) growth(size int) int {
	if h.share < unlimited {
		return size / 8
	}
	return size / 2
}

// divide sets the share of each series, one of which needs more, and has those forget that have more.
func (h *history) divide(needs *past, more int) {
	h.short = true
	h.sizes = h.sizes[:0]
	for _, s := range h.series {
		size := s.past.size()
		if &s.past == needs {
			size += more
		}
		h.sizes = append(h.sizes, size)
	}
	slices.Sort(h.sizes)
	left := h.limit - h.limit/8
	for i, size := range h.sizes {
		h.share = left / (len(h.sizes) - i)
		if size > h.share {
			break
		}
		left -= size
	}
	for _, s := range h.series {
		if s.past.size() > h.share {
			h.trim(&s.past, h.share/4*3, -1)
		}
	}
}

// undivided lifts the shares when much is free again. After divide less than this is.
func (h *history) undivided() {
	if h.budget > h.limit/2 {
		h.share = unlimited
	}
}

// trim has a series forget what is longest ago until no more than size bytes are left, and gives back what that took. It is for
// a slot that is to be added to a tier, or for none when that is -1; it is false when that slot is longest ago.
func (h *history) trim(p *past, size, tier int) bool {
	used := 0
	for i := range tiers {
		used += p.logs[i].used()
	}
	ok := true
	for used > size && ok {
		oldest, reach := 0, 0
		for i := range tiers {
			n := p.logs[i].n
			if i == tier {
				n++
			}
			if r := n * int(tiers[i].step); r >= reach {
				oldest, reach = i, r
			}
		}
		l := &p.logs[oldest]
		if ok = l.n > 0; ok {
			used -= l.used()
			l.drop()
			used += l.used()
		}
	}
	for i := range tiers {
		l := &p.logs[i]
		h.budget -= l.resize(l.used())
	}
	return ok
}
