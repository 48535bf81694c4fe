package bench

import (
	"fmt"
	"testing"
	"time"

	"github.com/prodwright/prodwright/cluster"
)

// BenchmarkClusterSelect takes a node out of three.
func BenchmarkClusterSelect(b *testing.B) {
	var rs []*cluster.Replica
	for i := range 3 {
		rs = append(rs, cluster.NewReplica(cluster.ReplicaConfig{Name: fmt.Sprint("db", i), Zone: "a", InFlight: i, Latency: 300 * time.Microsecond}))
	}
	ctx := cluster.WithKey(b.Context(), "user-4711")
	var variants []variant
	sum := 0
	for _, s := range []struct {
		name     string
		selector cluster.ReplicaSelector
	}{
		{"round-robin", new(cluster.RoundRobin)},
		{"power-of-two", cluster.PowerOfTwo{}},
		{"weighted", cluster.Weighted{}},
		{"least-in-flight", cluster.LeastInFlight{}},
		{"least-lag", cluster.LeastLag{}},
		{"zone-first", &cluster.ZoneFirst{Zone: "a"}},
		{"sticky", cluster.Sticky{}},
	} {
		v := variant{name: s.name, run: func(n int) {
			for range n {
				i, _ := s.selector.SelectReplica(ctx, rs)
				sum += i
			}
		}}
		if s.name == "power-of-two" || s.name == "round-robin" {
			v.most = 30
		}
		variants = append(variants, v)
	}
	compare(b, 20_000, variants...)
}
