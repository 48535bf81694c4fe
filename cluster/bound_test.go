package cluster_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/cluster"
)

// A replica that does not replay is left out as soon as it is further behind than a read allows, and serves those that allow it.
func TestBoundsOfReads(t *testing.T) {
	t.Parallel()
	x := newTrio(t, nil)
	c := x.open(cluster.Config{Selector: new(cluster.RoundRobin), WithoutReplica: cluster.FailTheReads, MaxLag: -1, ProbeInterval: 20 * time.Millisecond})
	require.Eventually(t, func() bool {
		r := c.Report()
		return r.Healthy && r.Nodes[1].Lag == 0 && r.Nodes[2].Lag == 0
	}, hang, tick)
	x.must(1, "select pg_wal_replay_pause()")
	x.must(0, "alter system set synchronous_commit = 'remote_write'", "select pg_reload_conf()")
	_, err := c.Writer().Exec(t.Context(), "insert into written select generate_series(1, 1000)")
	require.NoError(t, err)
	behind := func() uint64 { return c.Report().Nodes[1].LagBytes }
	require.Eventually(t, func() bool { return behind() > 10_000 && c.Report().Nodes[2].LagBytes == 0 }, hang, tick)
	ports := func(b cluster.Bound) map[int]bool {
		seen := map[int]bool{}
		for range 50 {
			var port int
			require.NoError(t, c.Reader().QueryRow(cluster.WithBound(t.Context(), b), "select inet_server_port()").Scan(&port))
			seen[port] = true
		}
		return seen
	}
	one, two := x.servers[1].Port(), x.servers[2].Port()
	require.Equal(t, map[int]bool{one: true, two: true}, ports(cluster.Bound{}))
	require.Equal(t, map[int]bool{one: true, two: true}, ports(cluster.Bound{Bytes: 1 << 30}))
	require.Equal(t, map[int]bool{two: true}, ports(cluster.Bound{Bytes: 10_000}))
	require.Eventually(t, func() bool { return c.Report().Nodes[1].Lag > 100*time.Millisecond }, hang, tick)
	require.Equal(t, map[int]bool{two: true}, ports(cluster.Bound{Lag: 100 * time.Millisecond}))

	// Without another one, the read fails and says why; or it goes to the primary.
	require.NoError(t, x.servers[2].Kill())
	require.Eventually(t, func() bool { return c.Report().Nodes[2].Health == cluster.Down }, hang, tick)
	ctx := cluster.WithBound(t.Context(), cluster.Bound{Bytes: 10_000})
	limited, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	_, err = c.Reader().Exec(limited, "select 1")
	require.ErrorIs(t, err, cluster.ErrNoReplica)
	require.ErrorContains(t, err, fmt.Sprintf("(n1: it is %d bytes behind, above 10000; n2: it is down, unusable)", behind()))
	primary := x.open(cluster.Config{MaxLag: -1})
	require.Eventually(t, func() bool { return primary.Report().Nodes[1].LagBytes > 10_000 }, hang, tick)
	var port int
	require.NoError(t, primary.Reader().QueryRow(ctx, "select inet_server_port()").Scan(&port))
	require.Equal(t, x.servers[0].Port(), port)
}

func ExampleBound() {
	b := cluster.Bound{Lag: time.Second, Bytes: 16 << 20} // for a page whose numbers may be a second old
	fmt.Println(b.Lag, b.Bytes)
	// Output: 1s 16777216
}
