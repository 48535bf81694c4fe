package bench

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/prodwright/prodwright/cluster"
	"github.com/prodwright/prodwright/internal/pgtest"
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

// BenchmarkClusterRead compares a query through the cluster with one through a pool for the replica that it goes to.
func BenchmarkClusterRead(b *testing.B) {
	primary := pgtest.New(b, pgtest.Config{})
	standby, err := primary.Standby(b.Context(), pgtest.StandbyConfig{Name: "standby"})
	if err != nil {
		b.Fatal(err)
	}
	c, err := cluster.Open(b.Context(), cluster.Config{
		Nodes: []cluster.NodeConfig{{Name: "db1", URL: cluster.NewSecret(primary.URL("postgres"))}, {Name: "db2", URL: cluster.NewSecret(standby.URL("postgres"))}},
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = c.Close(context.Background()) })
	for !c.Report().Healthy {
		time.Sleep(time.Millisecond)
	}
	bare, err := pgxpool.New(b.Context(), standby.URL("postgres"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(bare.Close)
	query := func(scan func(dest ...any) error) {
		var one int
		if err := scan(&one); err != nil {
			b.Fatal(err)
		}
	}
	through := func(p *pgxpool.Pool) func(int) {
		return func(n int) {
			for range n {
				query(p.QueryRow(b.Context(), "select 1").Scan)
			}
		}
	}
	reader := c.Reader()
	compare(
		b, 200,
		variant{name: "pgxpool", run: through(bare)},
		variant{name: "pgxpool-again", run: through(bare)},
		variant{name: "cluster", run: func(n int) {
			for range n {
				query(reader.QueryRow(b.Context(), "select 1").Scan)
			}
		}},
	)
}
