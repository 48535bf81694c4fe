package metrics

import (
	"math"
	"runtime"
	"sync/atomic"
	"unsafe"
)

// histogram records values without a lock. Goroutines that get into each other's way are spread over more cells.
type histogram struct {
	one    cells
	spread atomic.Pointer[spread] // nil until there is contention
	lost   atomic.Uint32          // how often a value met another on its way

	ignored atomic.Uint64 // NaN and infinities
}

// spread is more cells, all of which count. The set only grows.
type spread struct {
	cells []*cells // a power of two of them, the first is histogram.one
	salt  uintptr  // another one puts goroutines that share a cell apart
}

// cells are the counts of one histogram, or of a part of it.
type cells struct {
	sum     atomic.Uint64 // the bits of a float64
	zero    atomic.Uint64 // of values up to the lowest bound
	seen    extremes
	octaves [octaves]atomic.Pointer[octave] // made when they are needed
}

type octave [bucketsPerOctave]atomic.Uint64

func newHistogram() *histogram {
	h := &histogram{}
	h.one.seen.reset()
	return h
}

// Observe adds one value, unless it is NaN or infinite.
func (h *histogram) Observe(v float64) {
	c := &h.one
	s := h.spread.Load()
	if s != nil {
		c = s.cells[whereabouts(s.salt)&uintptr(len(s.cells)-1)]
	}
	if !c.count(v) {
		h.ignored.Add(1)
		return
	}
	c.seen.see(v)
	old := c.sum.Load()
	if !c.sum.CompareAndSwap(old, math.Float64bits(math.Float64frombits(old)+v)) {
		addFloat(&c.sum, v)
		h.crowded(s)
	}
}

// count adds the value to its bucket.
func (c *cells) count(v float64) bool {
	octave, bucket, ok := bucketOf(v)
	if !ok {
		return c.outside(v)
	}
	o := c.octaves[octave].Load()
	if o == nil {
		o = c.grow(octave)
	}
	o[bucket].Add(1)
	return true
}

// outside counts what is in no bucket.
func (c *cells) outside(v float64) bool {
	switch {
	case math.IsNaN(v), v > most, v < -most:
		return false
	case v > 1:
		return c.count(upperBound(buckets - 1))
	}
	c.zero.Add(1)
	return true
}

func (c *cells) grow(i int) *octave {
	c.octaves[i].CompareAndSwap(nil, new(octave))
	return c.octaves[i].Load()
}

// whereabouts is a number that differs between goroutines which run at the same time, and mostly stays the same for each:
// a hash of where its stack is.
func whereabouts(salt uintptr) uintptr {
	const fibonacci = 0x9e3779b97f4a7c15 >> (64 - unsafe.Sizeof(salt)*8) // 2^64 divided by the golden ratio
	var here byte
	at := uintptr(unsafe.Pointer(&here)) >> 10 //nolint:gosec // only the number counts, it never becomes a pointer
	return (at ^ salt) * fibonacci >> (unsafe.Sizeof(salt)*8 - 8)
}

// patience is after how many collisions a histogram spreads.
const patience = 32

// crowded notes that two goroutines met in a cell, and puts them further apart when it happens often.
func (h *histogram) crowded(s *spread) {
	if h.lost.Add(1)%patience != 0 {
		return
	}
	next := &spread{cells: []*cells{&h.one}, salt: 1}
	if s != nil {
		next = &spread{cells: s.cells, salt: s.salt + 1}
	}
	if most := 4 * runtime.NumCPU(); len(next.cells) < min(most, maxSpread) {
		more := make([]*cells, 2*len(next.cells))
		for i := copy(more, next.cells); i < len(more); i++ {
			more[i] = new(cells)
			more[i].seen.reset()
		}
		next.cells = more
	}
	h.spread.CompareAndSwap(s, next)
}

// maxSpread limits the memory of a histogram that is observed by many cores.
const maxSpread = 32

// all calls do with each of the cells.
func (h *histogram) all(do func(*cells)) {
	if s := h.spread.Load(); s != nil {
		for _, c := range s.cells {
			do(c)
		}
		return
	}
	do(&h.one)
}

// octave adds up the counts of one octave. ok is false when it has none.
func (h *histogram) octave(i int) (counts [bucketsPerOctave]uint64, ok bool) {
	h.all(func(c *cells) {
		o := c.octaves[i].Load()
		if o == nil {
			return
		}
		ok = true
		for j := range o {
			counts[j] += o[j].Load()
		}
	})
	return counts, ok
}
