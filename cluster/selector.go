package cluster

import "context"

// ReplicaSelector selects the replica that serves a read.
//
// rs are those that may serve it, at least one; they are the caller's and must not be changed or kept. The answer is an index
// of rs; ok=false means that the primary shall serve the read. A selector must be safe for concurrent use, and must neither
// block nor allocate: it runs before each read. clustertest has a suite for implementations.
//
// [RoundRobin], [Weighted], [LeastInFlight], [LeastLag], [PowerOfTwo], [ZoneFirst] and [Sticky] are there.
type ReplicaSelector interface {
	// SelectReplica returns the index of the replica that serves the read of ctx, or false for the primary.
	SelectReplica(ctx context.Context, rs []*Replica) (index int, ok bool)
}

// SelectorFunc makes a selector of a function.
type SelectorFunc func(ctx context.Context, rs []*Replica) (index int, ok bool)

// SelectReplica calls the function.
func (f SelectorFunc) SelectReplica(ctx context.Context, rs []*Replica) (index int, ok bool) {
	return f(ctx, rs)
}
