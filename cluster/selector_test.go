package cluster_test

import (
	"context"
	"strconv"
	"testing"

	"github.com/prodwright/prodwright/cluster"
)

func BenchmarkSelect(b *testing.B) {
	var rs []*cluster.Replica
	for i := range 3 {
		rs = append(rs, cluster.NewReplica(cluster.ReplicaConfig{Name: "node" + strconv.Itoa(i), Zone: "a", InFlight: i, Latency: 300_000}))
	}
	for name, s := range map[string]cluster.ReplicaSelector{"rr": &cluster.RoundRobin{}, "weighted": cluster.Weighted{}, "inflight": cluster.LeastInFlight{}, "lag": cluster.LeastLag{}, "p2c": cluster.PowerOfTwo{}, "zone": &cluster.ZoneFirst{Zone: "a"}, "sticky": cluster.Sticky{}} {
		b.Run(name, func(b *testing.B) {
			ctx := cluster.WithKey(context.Background(), "user-4711")
			b.ReportAllocs()
			for b.Loop() {
				s.SelectReplica(ctx, rs)
			}
		})
	}
}
