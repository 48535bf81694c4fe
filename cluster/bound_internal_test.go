package cluster

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// routed makes a cluster of what is known of replicas, without any server.
func routed(cfg Config, replicas ...*Replica) (*Cluster, *topology) {
	c := &Cluster{cfg: cfg.withDefaults()}
	t := &topology{fallback: &reader{replica: &Replica{name: "primary"}}}
	bound := Bound{c.cfg.MaxLag, c.cfg.MaxLagBytes}
	for _, r := range replicas {
		t.candidates = append(t.candidates, &reader{replica: r})
		if bound.holds(r.lag, r.behind) {
			t.readers, t.replicas = append(t.readers, t.candidates[len(t.candidates)-1]), append(t.replicas, r)
		}
		t.report.Nodes = append(t.report.Nodes, NodeReport{Name: r.name, State: Readable, Health: Up, Lag: r.lag, LagBytes: r.behind})
	}
	return c, t
}

func TestBounds(t *testing.T) {
	t.Parallel()
	of := func(name string, lag time.Duration, behind uint64) *Replica {
		return NewReplica(ReplicaConfig{Name: name, Lag: lag, LagBytes: behind})
	}
	all := []*Replica{of("a", 0, 0), of("b", time.Second, 1000), of("c", time.Minute, 1_000_000), of("d", -1, 10)}
	for name, c := range map[string]struct {
		cfg   Config
		bound *Bound
		want  []string
	}{
		"the configuration's":       {Config{}, nil, []string{"a", "b"}},
		"zero is the same":          {Config{}, &Bound{}, []string{"a", "b"}},
		"in bytes":                  {Config{MaxLagBytes: 500}, nil, []string{"a"}},
		"stricter":                  {Config{}, &Bound{Lag: time.Millisecond}, []string{"a"}},
		"stricter in bytes":         {Config{}, &Bound{Bytes: 999}, []string{"a"}},
		"exactly":                   {Config{}, &Bound{Lag: time.Second, Bytes: 1000}, []string{"a", "b"}},
		"wider":                     {Config{}, &Bound{Lag: time.Hour}, []string{"a", "b", "c"}},
		"any age":                   {Config{}, &Bound{Lag: -1}, []string{"a", "b", "c", "d"}},
		"any age, but not so much":  {Config{}, &Bound{Lag: -1, Bytes: 999}, []string{"a", "d"}},
		"wider than a bound of all": {Config{MaxLag: -1, MaxLagBytes: 5}, &Bound{Bytes: -1}, []string{"a", "b", "c", "d"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cl, top := routed(c.cfg, all...)
			ctx := t.Context()
			if c.bound != nil {
				ctx = WithBound(ctx, *c.bound)
			}
			readers, replicas := cl.within(ctx, top)
			var names []string
			for i, r := range readers {
				require.Same(t, r.replica, replicas[i])
				names = append(names, r.replica.name)
			}
			require.Equal(t, c.want, names)
		})
	}
}

func TestWithoutReplicaSaysWhy(t *testing.T) {
	t.Parallel()
	c, top := routed(Config{}, NewReplica(ReplicaConfig{Name: "a", Lag: 12 * time.Second}), NewReplica(ReplicaConfig{Name: "b", LagBytes: 4711}))
	top.report.Nodes = append(top.report.Nodes, NodeReport{Name: "c", State: Unusable, Health: Down}, NodeReport{Name: "d", State: Behind, Health: Up}, NodeReport{Name: "p", State: Writable, Health: Up})
	err := c.withoutReplica(WithBound(t.Context(), Bound{Bytes: 100}), top)
	require.ErrorIs(t, err, ErrNoReplica)
	require.EqualError(t, err, "cluster: no replica may serve the read (a: its lag of 12s is above 10s; b: it is 4711 bytes behind, above 100; c: it is down, unusable; d: it is up, behind)")
}

// Picking a node allocates nothing, with a bound that all fulfil neither.
func TestPickDoesNotAllocate(t *testing.T) {
	c, top := routed(Config{}, NewReplica(ReplicaConfig{Name: "a"}), NewReplica(ReplicaConfig{Name: "b"}))
	for name, ctx := range map[string]context.Context{
		"without a bound": t.Context(), "a bound": WithBound(t.Context(), Bound{Lag: time.Second}), "a session": WithSession(t.Context(), new(Session)),
	} {
		require.Zero(t, testing.AllocsPerRun(1000, func() {
			if c.pick(ctx, top, nil) == nil {
				t.Fatal("none")
			}
		}), name)
	}
}

func BenchmarkPick(b *testing.B) {
	c, top := routed(Config{}, NewReplica(ReplicaConfig{Name: "a"}), NewReplica(ReplicaConfig{Name: "b"}), NewReplica(ReplicaConfig{Name: "c"}))
	for name, ctx := range map[string]context.Context{"plain": context.Background(), "bound": WithBound(context.Background(), Bound{Lag: time.Second})} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.pick(ctx, top, nil)
			}
		})
	}
}
