package cluster

import (
	"context"
	"math/bits"
	"math/rand/v2"
	"sync/atomic"
)

// RoundRobin selects one after the other. The zero value is ready to use.
type RoundRobin struct {
	_    [64]byte // a cache line of its own
	next atomic.Uint64
	_    [56]byte
}

// SelectReplica selects the next one.
func (s *RoundRobin) SelectReplica(_ context.Context, rs []*Replica) (index int, ok bool) {
	return int((s.next.Add(1) - 1) % uint64(len(rs))), true //nolint:gosec // below the length
}

// Weighted selects by chance, each as often as its weight says. The zero value is ready to use.
type Weighted struct{}

// SelectReplica selects one by chance.
func (Weighted) SelectReplica(_ context.Context, rs []*Replica) (index int, ok bool) {
	sum := 0
	for _, r := range rs {
		sum += r.weight
	}
	at := below(rand.Uint32(), sum)
	for i, r := range rs {
		if at -= r.weight; at < 0 {
			return i, true
		}
	}
	return 0, true
}

// LeastInFlight selects the one with the fewest reads under way for its weight; one of several by chance. The zero value is
// ready to use.
type LeastInFlight struct{}

// SelectReplica selects the one that does the least.
func (LeastInFlight) SelectReplica(_ context.Context, rs []*Replica) (index int, ok bool) {
	return least(rs, func(a, b *Replica) bool {
		return (a.load.inFlight.Load()+1)*int64(b.weight) < (b.load.inFlight.Load()+1)*int64(a.weight)
	}), true
}

// LeastLag selects the one whose data is the newest; one of several by chance. The zero value is ready to use.
//
// All reads go to one replica then. [PowerOfTwo] with a limit for the lag is what most programs want.
type LeastLag struct{}

// SelectReplica selects the newest one.
func (LeastLag) SelectReplica(_ context.Context, rs []*Replica) (index int, ok bool) {
	return least(rs, func(a, b *Replica) bool { return a.behind < b.behind }), true
}

// least returns the first for which none is less, from a place on that is chance.
func least(rs []*Replica, less func(a, b *Replica) bool) int {
	at := below(rand.Uint32(), len(rs))
	best := at
	for range len(rs) - 1 {
		if at++; at == len(rs) {
			at = 0
		}
		if less(rs[at], rs[best]) {
			best = at
		}
	}
	return best
}

// PowerOfTwo takes two by chance and of these the one where a read costs less: its latency times the reads under way there. A
// node that becomes slow or fails fast gets less at once, none is overrun by all clients at the same time, and nobody
// needs to know the others' load. It is the default. The zero value is ready to use.
//
// Its source is Mitzenmacher, The Power of Two Choices in Randomized Load Balancing (1996), with the latency of Finagle's peak EWMA.
type PowerOfTwo struct{}

// SelectReplica selects the better one of two.
func (PowerOfTwo) SelectReplica(_ context.Context, rs []*Replica) (index int, ok bool) {
	if len(rs) == 1 {
		return 0, true
	}
	chance := rand.Uint64()
	a := below(uint32(chance), len(rs))       //nolint:gosec // one half
	b := below(uint32(chance>>32), len(rs)-1) // one that is not a
	if b >= a {
		b++
	}
	if rs[b].cost()*float64(rs[a].weight) < rs[a].cost()*float64(rs[b].weight) {
		return b, true
	}
	return a, true
}

// below makes a number below n of a random one, without a division: Lemire, Fast Random Integer Generation in an Interval.
func below(random uint32, n int) int {
	high, _ := bits.Mul64(uint64(random)<<32, uint64(n)) //nolint:gosec // n is a length
	return int(high)                                     //nolint:gosec // below n
}
