package cluster

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"
)

// Bound is how old the data of a replica may be for it to serve a read. It takes the place of what [Config] says for all reads, and
// may be stricter or wider.
//
// It is measured by probes, so it is no finer than [Config].ProbeInterval: a replica that was at the primary's place when it was last
// asked may have fallen back since. What must be seen for sure needs a [Session].
type Bound struct {
	// Lag is how old the data may be; 0 means [Config].MaxLag, and -1 any.
	Lag time.Duration
	// Bytes is how much of the log may be missing; 0 means [Config].MaxLagBytes, and -1 any.
	Bytes int64
}

type boundKey struct{}

// WithBound returns a context whose reads go to replicas within a bound, or, when there is none, where [Config].WithoutReplica says.
func WithBound(ctx context.Context, b Bound) context.Context {
	return context.WithValue(ctx, boundKey{}, b)
}

// boundOf returns the bound of a read, and whether it has one of its own.
func (c *Cluster) boundOf(ctx context.Context) (b Bound, own bool) {
	b, own = ctx.Value(boundKey{}).(Bound)
	return Bound{cmp.Or(b.Lag, c.cfg.MaxLag), cmp.Or(b.Bytes, c.cfg.MaxLagBytes)}, own
}

// exceeded says what of a bound a replica exceeds, or nothing. A lag that is not known is beyond any that was asked for.
func (b Bound) exceeded(lag time.Duration, behind uint64) string {
	switch {
	case b.Lag >= 0 && lag < 0:
		return "its lag is not known"
	case b.Lag >= 0 && lag > b.Lag:
		return fmt.Sprintf("its lag of %v is above %v", lag.Round(time.Millisecond), b.Lag)
	case b.Bytes >= 0 && behind > uint64(b.Bytes):
		return fmt.Sprintf("it is %d bytes behind, above %d", behind, b.Bytes)
	}
	return ""
}

// holds is exceeded without words.
func (b Bound) holds(lag time.Duration, behind uint64) bool {
	return (b.Lag < 0 || lag >= 0 && lag <= b.Lag) && (b.Bytes < 0 || behind <= uint64(b.Bytes))
}

// within returns the replicas for a read, as they are and as selectors see them. It allocates only for a bound that not all fulfil.
func (c *Cluster) within(ctx context.Context, t *topology) ([]*reader, []*Replica) {
	b, own := c.boundOf(ctx)
	if !own {
		return t.readers, t.replicas
	}
	fulfil := 0
	for _, r := range t.candidates {
		if b.holds(r.replica.lag, r.replica.behind) {
			fulfil++
		}
	}
	if fulfil == len(t.candidates) && fulfil == len(t.readers) {
		return t.readers, t.replicas
	}
	readers, replicas := make([]*reader, 0, fulfil), make([]*Replica, 0, fulfil)
	for _, r := range t.candidates {
		if b.holds(r.replica.lag, r.replica.behind) {
			readers, replicas = append(readers, r), append(replicas, r.replica)
		}
	}
	return readers, replicas
}

// withoutReplica returns an [ErrNoReplica] that says of each node why it is none.
func (c *Cluster) withoutReplica(ctx context.Context, t *topology) error {
	b, _ := c.boundOf(ctx)
	var reasons []string
	for _, n := range t.report.Nodes {
		var reason string
		switch {
		case n.State == Writable:
			continue
		case n.State != Readable, n.Health != Up:
			reason = fmt.Sprintf("it is %s, %s", n.Health, n.State)
		default:
			reason = b.exceeded(n.Lag, n.LagBytes)
		}
		if reason != "" {
			reasons = append(reasons, n.Name+": "+reason)
		}
	}
	if len(reasons) == 0 {
		return ErrNoReplica
	}
	return fmt.Errorf("%w (%s)", ErrNoReplica, strings.Join(reasons, "; "))
}
