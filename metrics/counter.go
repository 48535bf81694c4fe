package metrics

import (
	"math"
	"sync/atomic"
)

// counter holds whole numbers apart: adding one is a single atomic instruction.
type counter struct {
	whole atomic.Uint64
	part  atomic.Uint64 // the bits of a float64
}

// Inc adds 1.
func (c *counter) Inc() { c.whole.Add(1) }

// most is the largest value that is taken: so many of them that their sum is no number there cannot be.
const most = 1e200

// Add adds v, unless it is negative or no number.
func (c *counter) Add(v float64) {
	const small = 1 << 40 // so that the whole numbers do not run over
	if n := uint64(v); v >= 0 && v < small && float64(n) == v {
		c.whole.Add(n)
		return
	}
	if v > 0 && v < most {
		addFloat(&c.part, v)
	}
}

// totals returns the whole numbers and the rest.
func (c *counter) totals() (whole uint64, part float64) {
	return c.whole.Load(), math.Float64frombits(c.part.Load())
}

func (c *counter) value() float64 {
	whole, part := c.totals()
	return float64(whole) + part
}

// addFloat adds to the float64 whose bits are in a.
func addFloat(a *atomic.Uint64, v float64) (sum float64) {
	for {
		old := a.Load()
		sum = math.Float64frombits(old) + v
		if a.CompareAndSwap(old, math.Float64bits(sum)) {
			return sum
		}
	}
}

// extremes are the least and the largest value since they were last taken.
type extremes struct{ low, high atomic.Uint64 } // the bits of a float64

func (x *extremes) reset() {
	x.low.Store(math.Float64bits(math.Inf(1)))
	x.high.Store(math.Float64bits(math.Inf(-1)))
}

// take returns them and begins anew.
func (x *extremes) take() (low, high float64) {
	return math.Float64frombits(x.low.Swap(math.Float64bits(math.Inf(1)))), math.Float64frombits(x.high.Swap(math.Float64bits(math.Inf(-1))))
}

func (x *extremes) load() (low, high float64) {
	return math.Float64frombits(x.low.Load()), math.Float64frombits(x.high.Load())
}

// isSeen says whether there was a value. When it came while they were taken, one of the two may be known already.
func isSeen(low, high float64) bool { return low < math.Inf(1) || high > math.Inf(-1) }

// see is small, so that it is inlined: most values are neither.
func (x *extremes) see(v float64) {
	if v < math.Float64frombits(x.low.Load()) {
		x.lower(v)
	}
	if v > math.Float64frombits(x.high.Load()) {
		x.raise(v)
	}
}

func (x *extremes) lower(v float64) {
	for old := x.low.Load(); v < math.Float64frombits(old) && !x.low.CompareAndSwap(old, math.Float64bits(v)); {
		old = x.low.Load()
	}
}

func (x *extremes) raise(v float64) {
	for old := x.high.Load(); v > math.Float64frombits(old) && !x.high.CompareAndSwap(old, math.Float64bits(v)); {
		old = x.high.Load()
	}
}
