package faultproxy

import (
	"math/rand/v2"
	"time"
)

// Direction is which way of a connection is meant.
type Direction int

// The values of [Direction].
const (
	None           Direction = 0
	ClientToServer Direction = 1
	ServerToClient Direction = 2
	Both           Direction = 3
)

// Fault is what is wrong with the network. The zero value is a perfect one.
type Fault struct {
	Latency   time.Duration // added in each direction
	Jitter    time.Duration // up to so much more, at random; the order of bytes is kept
	Bandwidth int64         // bytes per second in each direction; 0 = unlimited
	Partition Direction     // nothing passes this way
}

func (f Fault) delay() time.Duration {
	if f.Jitter <= 0 {
		return f.Latency
	}
	return f.Latency + rand.N(f.Jitter)
}

// state returns the fault in force and a channel that is closed when it changes.
func (p *Proxy) state() (Fault, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fault, p.changed
}
