package cluster

import (
	"math"
	"sync/atomic"
	"time"
)

// Replica is a node that may serve reads, as a [ReplicaSelector] sees it. Its methods are safe for concurrent use and neither
// block nor allocate.
type Replica struct {
	name, zone string
	weight     int
	load       *load
	lag        time.Duration
	behind     uint64
}

// ReplicaConfig is what a [Replica] of [NewReplica] is.
type ReplicaConfig struct {
	// Name, Zone and Weight are those of the node's configuration. A weight of 0 means 1.
	Name, Zone string
	Weight     int
	// Lag is how old the data is, and LagBytes how much of the log is missing.
	Lag      time.Duration
	LagBytes uint64
	// InFlight is how many reads are under way, and Latency how long one takes.
	InFlight int
	Latency  time.Duration
}

// NewReplica returns a replica that is of no cluster, for tests of selectors.
func NewReplica(c ReplicaConfig) *Replica {
	r := &Replica{name: c.Name, zone: c.Zone, weight: max(c.Weight, 1), load: newLoad(new(clock)), lag: c.Lag, behind: c.LagBytes}
	r.load.inFlight.Store(int64(c.InFlight))
	r.load.latency.Store(packed(c.Latency, 0))
	return r
}

// Name returns the name of the node.
func (r *Replica) Name() string { return r.name }

// Zone returns where the node is, as configured.
func (r *Replica) Zone() string { return r.zone }

// Weight returns how large its share of the reads is to be, 1 at least.
func (r *Replica) Weight() int { return r.weight }

// Lag returns how old the data was at the last probe.
func (r *Replica) Lag() time.Duration { return r.lag }

// LagBytes returns how much of the log was missing at the last probe.
func (r *Replica) LagBytes() uint64 { return r.behind }

// InFlight returns how many reads are under way now, of this process.
func (r *Replica) InFlight() int { return int(r.load.inFlight.Load()) }

// Latency returns how long reads take lately. It follows slower ones at once and faster ones within seconds; that of a node that is
// not used goes to zero, so that it is tried again.
func (r *Replica) Latency() time.Duration { return r.load.latencyNow() }

// cost is what one more read costs: the latency for each that is under way, and for the new one.
func (r *Replica) cost() float64 {
	const least = float64(50 * time.Microsecond) // below it, what is under way decides
	return max(float64(r.load.latencyNow()), least) * float64(r.load.inFlight.Load()+1)
}

// load is what a node is doing for this process. It outlives topologies.
type load struct {
	_        [64]byte // a cache line of its own
	inFlight atomic.Int64
	latency  atomic.Uint64 // the average in the upper half, when it was one in the lower: see packed
	clock    *clock
	_        [40]byte
}

func newLoad(c *clock) *load { return &load{clock: c} }

// begin counts a read that begins.
func (l *load) begin() { l.inFlight.Add(1) }

// leave counts one that has ended, and whose time says nothing about the node.
func (l *load) leave() { l.inFlight.Add(-1) }

// end counts one that has ended. One that failed counts for several times the latency that there was, so that a node that fails
// fast does not attract more.
func (l *load) end(took time.Duration, failed bool) {
	l.inFlight.Add(-1)
	const penalty = 5
	for {
		was := l.latency.Load()
		now := l.clock.now()
		average := decayed(was, now)
		sample := max(took, 1)
		if failed {
			sample = penalty * max(took, average, time.Millisecond)
		}
		if sample < average { // a slower one is followed at once, as in Finagle's peak EWMA
			sample = average - (average-sample)/8
		}
		if l.latency.CompareAndSwap(was, packed(sample, now)) {
			return
		}
	}
}

// latencyNow returns the average, less what has decayed since.
func (l *load) latencyNow() time.Duration { return decayed(l.latency.Load(), l.clock.now()) }

// halfLife is the time in which an average that nothing adds to becomes half of it, in ticks.
const halfLife = 4 * uint32(time.Second/tick)

// packed makes one word of an average, as a float of 32 bits, and of the tick when it was one.
func packed(average time.Duration, at uint32) uint64 {
	return uint64(math.Float32bits(float32(average)))<<32 | uint64(at)
}

// decayed returns the average in a word after the time that has passed: half of it in each half-life, and between them as a
// straight line goes.
func decayed(word uint64, now uint32) time.Duration {
	average := time.Duration(math.Float32frombits(uint32(word >> 32)))
	passed := now - uint32(word) //nolint:gosec // it may wrap
	if passed == 0 || average == 0 {
		return average
	}
	halves, rest := passed/halfLife, passed%halfLife
	const most = 40 // then nothing is left
	if halves > most {
		return 0
	}
	average >>= halves
	return average - average/2*time.Duration(rest)/time.Duration(halfLife)
}

// clock is the time in ticks, which somebody advances. Reading the system's clock takes longer than to select a node.
type clock struct{ ticks atomic.Uint32 }

const tick = 100 * time.Millisecond

func (c *clock) now() uint32 { return c.ticks.Load() }
