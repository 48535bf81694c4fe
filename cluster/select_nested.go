package cluster

import (
	"context"
	"sync"
)

// ZoneFirst selects among the replicas of one zone, so that reads neither cross zones nor are paid for, and among all when too few
// of that zone are left.
type ZoneFirst struct {
	// Zone is the caller's own.
	Zone string
	// Least is how many of the zone must be there, so that the last one is not overrun. 0 means 1.
	Least int
	// Then selects among them. Nil means [PowerOfTwo].
	Then ReplicaSelector

	spaces sync.Pool // of *space
}

// space is room for some of the replicas.
type space struct {
	replicas []*Replica
	indexes  []int
}

// SelectReplica selects one of the zone if it can.
func (s *ZoneFirst) SelectReplica(ctx context.Context, rs []*Replica) (index int, ok bool) {
	near, _ := s.spaces.Get().(*space)
	if near == nil {
		near = new(space)
	}
	defer func() {
		clear(near.replicas)
		near.replicas, near.indexes = near.replicas[:0], near.indexes[:0]
		s.spaces.Put(near)
	}()
	for i, r := range rs {
		if r.zone == s.Zone {
			near.replicas, near.indexes = append(near.replicas, r), append(near.indexes, i)
		}
	}
	if len(near.replicas) < max(s.Least, 1) {
		return then(s.Then).SelectReplica(ctx, rs)
	}
	index, ok = then(s.Then).SelectReplica(ctx, near.replicas)
	if !ok {
		return 0, false
	}
	return near.indexes[index], true
}

// Sticky selects the same replica for the same key as long as it is there, so that a user who reads twice does not go back in
// time between two replicas, and a replica's memory has the data of its users. When a replica goes, only its keys move.
//
// The key is that of [WithKey]; without one, Then selects. It is rendezvous hashing, by Thaler and Ravishankar (1998).
type Sticky struct {
	// Then selects when there is no key. Nil means [PowerOfTwo].
	Then ReplicaSelector
}

type stickyKey struct{}

// WithKey returns a context whose reads go to the same replica if the selector is [Sticky].
func WithKey(ctx context.Context, key string) context.Context {
	return context.WithValue(ctx, stickyKey{}, key)
}

// SelectReplica selects by the key of ctx.
func (s Sticky) SelectReplica(ctx context.Context, rs []*Replica) (index int, ok bool) {
	key, ok := ctx.Value(stickyKey{}).(string)
	if !ok {
		return then(s.Then).SelectReplica(ctx, rs)
	}
	var highest uint64
	for i, r := range rs {
		if h := hash(key, r.name); h >= highest {
			index, highest = i, h
		}
	}
	return index, true
}

// hash is FNV-1a of two texts, finished by MurmurHash3's fmix64, because all of its bits are compared.
func hash(a, b string) uint64 {
	const offset, prime = 14695981039346656037, 1099511628211
	h := uint64(offset)
	for _, s := range [...]string{a, "\xff", b} {
		for i := range len(s) {
			h = (h ^ uint64(s[i])) * prime
		}
	}
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

func then(s ReplicaSelector) ReplicaSelector {
	if s == nil {
		return PowerOfTwo{}
	}
	return s
}
