package metrics

import (
	"math"
	"sync/atomic"
)

// gauge is a value, and the extremes since the last tick.
type gauge struct {
	bits   atomic.Uint64
	seen   extremes
	absent atomic.Bool // there is no value: the func that has it did not answer
}

func newGauge() *gauge {
	g := &gauge{}
	g.seen.reset()
	return g
}

// Set makes v the value, unless it is NaN.
func (g *gauge) Set(v float64) {
	if math.IsNaN(v) {
		return
	}
	g.bits.Store(math.Float64bits(v))
	g.seen.see(v)
}

// Add adds v, unless that gives no number.
func (g *gauge) Add(v float64) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return
	}
	g.seen.see(addFloat(&g.bits, v))
}

func (g *gauge) value() float64 { return math.Float64frombits(g.bits.Load()) }
