package cluster

import "time"

// history is what the primary had written when, by our own clock. So the age of what a standby has needs no clock of a server, is 0
// on a primary where nobody writes, and grows on a standby that is cut off.
type history struct {
	samples []sample // in order of their places and times
	next    int      // where the next one goes when it is full
}

type sample struct {
	lsn         LSN
	first, last time.Time // when the primary was seen there
}

const maxSamples = 600

// add takes where the primary was.
func (h *history) add(lsn LSN, at time.Time) {
	if n := len(h.samples); n > 0 {
		latest := &h.samples[h.index(n-1)]
		switch {
		case lsn == latest.lsn:
			latest.last = at
			return
		case lsn < latest.lsn: // another primary
			h.samples, h.next = h.samples[:0], 0
		}
	}
	s := sample{lsn, at, at}
	if len(h.samples) < maxSamples {
		h.samples = append(h.samples, s)
		return
	}
	h.samples[h.next] = s
	h.next = (h.next + 1) % maxSamples
}

// index returns where the i-th oldest sample is.
func (h *history) index(i int) int { return (h.next + i) % len(h.samples) }

// lag returns how old what is before lsn is, at most: since when it may be that something behind it was written. It is known no
// finer than probes come, and no further back than the history goes: then it is -1.
func (h *history) lag(lsn LSN, now time.Time) time.Duration {
	n := len(h.samples)
	if n == 0 {
		return -1
	}
	if lsn >= h.samples[h.index(n-1)].lsn {
		return 0
	}
	low, high := 0, n-1 // the first sample beyond lsn is in between
	for low < high {
		middle := (low + high) / 2
		if h.samples[h.index(middle)].lsn > lsn {
			high = middle
		} else {
			low = middle + 1
		}
	}
	if low == 0 {
		return -1
	}
	return now.Sub(h.samples[h.index(low-1)].last)
}

// least returns how old what is before lsn is, at least, where lag does not know how old at most: what is from before the history is
// as old as that. It is 0 when there is no history.
func (h *history) least(lsn LSN, now time.Time) time.Duration {
	if lag := h.lag(lsn, now); lag >= 0 || len(h.samples) == 0 {
		return max(lag, 0)
	}
	return max(now.Sub(h.samples[h.index(0)].first), 0)
}
