package cluster_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/cluster"
	"github.com/prodwright/prodwright/cluster/clustertest"
)

func selectors() map[string]func() cluster.ReplicaSelector {
	return map[string]func() cluster.ReplicaSelector{
		"round robin":     func() cluster.ReplicaSelector { return new(cluster.RoundRobin) },
		"weighted":        func() cluster.ReplicaSelector { return cluster.Weighted{} },
		"least in flight": func() cluster.ReplicaSelector { return cluster.LeastInFlight{} },
		"least lag":       func() cluster.ReplicaSelector { return cluster.LeastLag{} },
		"power of two":    func() cluster.ReplicaSelector { return cluster.PowerOfTwo{} },
		"zone first":      func() cluster.ReplicaSelector { return &cluster.ZoneFirst{Zone: "a"} },
		"sticky":          func() cluster.ReplicaSelector { return cluster.Sticky{} },
		"function": func() cluster.ReplicaSelector {
			return cluster.SelectorFunc(func(context.Context, []*cluster.Replica) (int, bool) { return 0, false })
		},
	}
}

func TestSelectors(t *testing.T) { //nolint:paralleltest // allocations of others would count
	for name, s := range selectors() {
		t.Run(name, func(t *testing.T) { clustertest.Selector(t, s) })
	}
}

// share returns how often each of the replicas is selected.
func share(s cluster.ReplicaSelector, rs []*cluster.Replica) []float64 {
	const n = 100_000
	counts := make([]float64, len(rs))
	for range n {
		i, _ := s.SelectReplica(context.Background(), rs)
		counts[i] += 1. / n
	}
	return counts
}

func replicas(all ...cluster.ReplicaConfig) []*cluster.Replica {
	var rs []*cluster.Replica
	for i, c := range all {
		c.Name = fmt.Sprint("n", i)
		rs = append(rs, cluster.NewReplica(c))
	}
	return rs
}

func TestShares(t *testing.T) {
	t.Parallel()
	type all = []cluster.ReplicaConfig
	const third = 1. / 3
	for name, c := range map[string]struct {
		selector cluster.ReplicaSelector
		replicas all
		want     []float64
	}{
		"round robin":                       {new(cluster.RoundRobin), all{{}, {}, {}}, []float64{third, third, third}},
		"weighted":                          {cluster.Weighted{}, all{{Weight: 1}, {Weight: 2}, {Weight: 5}}, []float64{1. / 8, 2. / 8, 5. / 8}},
		"least in flight":                   {cluster.LeastInFlight{}, all{{InFlight: 3}, {InFlight: 2}, {InFlight: 9}}, []float64{0, 1, 0}},
		"least in flight for its weight":    {cluster.LeastInFlight{}, all{{InFlight: 3}, {InFlight: 4, Weight: 2}}, []float64{0, 1}},
		"of several that do the same":       {cluster.LeastInFlight{}, all{{}, {}, {}}, []float64{third, third, third}},
		"least lag":                         {cluster.LeastLag{}, all{{LagBytes: 30}, {LagBytes: 20}, {LagBytes: 90}}, []float64{0, 1, 0}},
		"power of two, alike":               {cluster.PowerOfTwo{}, all{{}, {}, {}}, []float64{third, third, third}},
		"power of two, one is slow":         {cluster.PowerOfTwo{}, all{{Latency: time.Millisecond}, {Latency: time.Millisecond}, {Latency: time.Second}}, []float64{.5, .5, 0}},
		"power of two, one is busy":         {cluster.PowerOfTwo{}, all{{InFlight: 1}, {InFlight: 1}, {InFlight: 50}}, []float64{.5, .5, 0}},
		"power of two, one is strong":       {cluster.PowerOfTwo{}, all{{InFlight: 3}, {InFlight: 5, Weight: 2}}, []float64{0, 1}},
		"zone first":                        {&cluster.ZoneFirst{Zone: "b"}, all{{Zone: "a"}, {Zone: "b"}, {Zone: "b"}}, []float64{0, .5, .5}},
		"zone first, nobody is there":       {&cluster.ZoneFirst{Zone: "c"}, all{{Zone: "a"}, {Zone: "b"}}, []float64{.5, .5}},
		"zone first, too few are there":     {&cluster.ZoneFirst{Zone: "a", Least: 2}, all{{Zone: "a"}, {Zone: "b"}}, []float64{.5, .5}},
		"zone first, the least lag of them": {&cluster.ZoneFirst{Zone: "b", Then: cluster.LeastLag{}}, all{{Zone: "a"}, {Zone: "b", LagBytes: 9}, {Zone: "b", LagBytes: 3}}, []float64{0, 0, 1}},
		"sticky without a key":              {cluster.Sticky{}, all{{}, {}}, []float64{.5, .5}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.InDeltaSlice(t, c.want, share(c.selector, replicas(c.replicas...)), 0.02)
		})
	}
}

// Each key has a replica; when one goes, only its keys move.
func TestSticky(t *testing.T) {
	t.Parallel()
	rs := replicas(cluster.ReplicaConfig{}, cluster.ReplicaConfig{}, cluster.ReplicaConfig{}, cluster.ReplicaConfig{})
	counts := make([]int, len(rs))
	const keys = 10_000
	for k := range keys {
		ctx := cluster.WithKey(t.Context(), fmt.Sprint("user-", k))
		at, _ := cluster.Sticky{}.SelectReplica(ctx, rs)
		counts[at]++
		again, _ := cluster.Sticky{}.SelectReplica(ctx, rs)
		require.Equal(t, at, again)
		less, _ := cluster.Sticky{}.SelectReplica(ctx, rs[:3])
		if at < 3 {
			require.Equal(t, at, less, "it moves although its replica is there")
		}
	}
	for _, n := range counts {
		require.InDelta(t, keys/len(rs), n, keys/20)
	}
}

func BenchmarkSelect(b *testing.B) {
	rs := replicas(cluster.ReplicaConfig{Latency: 300_000}, cluster.ReplicaConfig{InFlight: 1, Latency: 200_000}, cluster.ReplicaConfig{InFlight: 2})
	ctx := cluster.WithKey(b.Context(), "user-4711")
	for name, open := range selectors() {
		b.Run(name, func(b *testing.B) {
			s := open()
			b.ReportAllocs()
			for b.Loop() {
				s.SelectReplica(ctx, rs)
			}
		})
	}
}
