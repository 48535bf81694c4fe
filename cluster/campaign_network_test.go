package cluster_test

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/cluster"
	"github.com/prodwright/prodwright/internal/faultproxy"
)

// cut cuts what goes to the primary: from clients, from standbys.
func (r *round) cut(clients, streams faultproxy.Direction) {
	r.clients[0].SetFault(faultproxy.Fault{Partition: clients})
	for _, i := range []int{1, 2} {
		r.streams[i].SetFault(faultproxy.Fault{Partition: streams})
	}
}

// silent says that nothing comes back from the primary although somebody waits for it.
func (r *round) silent() {
	r.Helper()
	require.Eventually(r, func() bool {
		before := r.clients[0].Stats().ToClient
		time.Sleep(50 * time.Millisecond)
		return r.clients[0].Stats().ToClient == before && r.l.underWay() > 0
	}, hang, tick, "answers come")
	r.notef("%d writes wait, nothing comes", r.l.underWay())
}

// restored ends it on all ways to the first primary.
func (r *round) restored() {
	r.heal(0)
	for _, i := range []int{1, 2} {
		r.heal(i)
	}
	r.notef("healed")
}

// partitioned cuts the primary off from everybody but a client on its side.
func partitioned(r *round) {
	promotes, hold, late := r.mode != follow || r.coin(), r.between(100, 2500), r.coin()
	r.begin(cluster.Config{})
	r.caught()
	r.cut(faultproxy.Both, faultproxy.Both)
	r.silent()
	if !promotes {
		time.Sleep(hold)
		r.restored()
		r.stays()
		r.finish(0)
		return
	}
	winner := r.replaced()
	if late {
		r.restored()
	}
	r.finish(winner)
	r.restored()
}

// partitionedOneWay cuts one direction, of clients and streams, or of streams alone.
func partitionedOneWay(r *round) {
	direction := []faultproxy.Direction{faultproxy.ClientToServer, faultproxy.ServerToClient}[r.rng.IntN(2)]
	onlyStreams, promotes, hold := r.coin(), r.coin(), r.between(200, 2500)
	r.begin(cluster.Config{})
	r.caught()
	clients := direction
	if onlyStreams {
		clients = faultproxy.None
	}
	r.cut(clients, direction)
	r.notef("direction %v, streams alone: %v", direction, onlyStreams)
	if onlyStreams {
		require.Eventually(r, func() bool { // nothing is acknowledged: probes are answered, writes are not
			before := r.l.count(r.servers[0])
			time.Sleep(100 * time.Millisecond)
			return r.l.count(r.servers[0]) == before && r.l.underWay() > 0
		}, hang, tick, "writes are acknowledged")
	} else {
		r.silent()
	}
	switch {
	case onlyStreams:
		time.Sleep(hold)
		r.restored()
		r.stays()
		r.finish(0)
	case r.mode == follow && promotes || r.mode != follow && direction == faultproxy.ServerToClient:
		winner := r.replaced()
		r.restored()
		r.finish(winner)
	default: // managers may take it for lost, or not
		time.Sleep(hold)
		r.restored()
		r.finish(r.settled())
	}
}

// clientsCutOff cuts the primary off from clients and managers. Its standbys hear from it, so nobody promotes one; but an outside
// authority may.
func clientsCutOff(r *round) {
	promotes, hold := r.mode == follow && r.coin(), r.between(200, 2500)
	if r.mode != follow {
		r.patience, hold = 2*time.Second, hold+2*time.Second
	}
	r.begin(cluster.Config{})
	r.caught()
	r.cut(faultproxy.Both, faultproxy.None)
	r.silent()
	if promotes {
		winner := r.replaced()
		r.restored()
		r.finish(winner)
		return
	}
	time.Sleep(hold)
	require.Equal(r, "true", r.ask(1, "select exists (select from pg_stat_wal_receiver)"), "the standbys stream")
	require.Zero(r, r.steps.Load(), "a manager acted")
	r.restored()
	r.stays()
	r.finish(0)
}

// slowReplica makes one replica late: reads go elsewhere when it is too late, and sessions see their writes.
func slowReplica(r *round) {
	victim, kind := r.standby(), r.rng.IntN(3)
	latency, bandwidth, hold := r.between(20, 200), 5_000+r.rng.Int64N(20_000), r.between(1000, 2500)
	r.sessions = true
	r.begin(cluster.Config{MaxLag: 400 * time.Millisecond, ProbeInterval: 50 * time.Millisecond, Selector: &cluster.RoundRobin{}})
	switch kind {
	case 0:
		r.streams[victim].SetFault(faultproxy.Fault{Latency: latency, Jitter: latency / 2})
	case 1:
		r.streams[victim].SetFault(faultproxy.Fault{Bandwidth: bandwidth})
	case 2:
		r.must(victim, "select pg_wal_replay_pause()")
	}
	late := func() bool { return r.c.Report().Nodes[victim].LagBytes > 0 }
	require.Eventually(r, late, hang, tick, "it is not late")
	r.notef("%s is late: %s", r.servers[victim].Name(), []string{"latency", "bandwidth", "replay paused"}[kind])
	port := r.servers[victim].Port()
	if kind == 2 {
		require.Eventually(r, func() bool {
			before := r.l.readsOf(port)
			time.Sleep(100 * time.Millisecond)
			return r.l.readsOf(port) == before
		}, hang, tick, "reads go to a replica that is too late")
		r.notef("no reads go there")
	}
	time.Sleep(hold)
	r.streams[victim].SetFault(faultproxy.Fault{})
	if kind == 2 {
		r.must(victim, "select pg_wal_replay_resume()")
	}
	before := r.l.readsOf(port)
	require.Eventually(r, func() bool { return r.l.readsOf(port) > before }, hang, tick, "it is not read from again")
	r.stays()
	r.finish(0)
}

// nameMoved gives the one name that clients know the address of the new primary, while the old one lives, or is frozen.
func nameMoved(r *round) {
	freezes, lookup, late := r.coin(), r.between(10, 200), r.between(0, 500)
	var at atomic.Int32
	const format = "192.0.2.%d"
	c, err := cluster.Open(r.Context(), cluster.Config{
		Nodes:  []cluster.NodeConfig{{Name: "db", URL: cluster.NewSecret("postgres://postgres@db.example:5432/postgres?sslmode=disable")}},
		Lookup: lookup, ProbeInterval: 50 * time.Millisecond, WriteWait: 2 * hang,
		BeforeConnect: func(_ context.Context, c *pgx.ConnConfig) error {
			c.LookupFunc = func(context.Context, string) ([]string, error) { return []string{fmt.Sprintf(format, at.Load())}, nil }
			c.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
				var i int
				if _, err := fmt.Sscanf(address, format+":5432", &i); err != nil {
					return nil, err
				}
				return new(net.Dialer).DialContext(ctx, network, r.clients[i].Addr())
			}
			return nil
		},
	})
	require.NoError(r, err)
	r.Cleanup(func() { require.NoError(r, c.Close(context.Background())) })
	r.loaded(c)
	r.caught()
	if freezes {
		require.NoError(r, r.servers[0].Hang())
		r.frozen(0)
	}
	winner := r.failover(1, 2)
	time.Sleep(late)
	require.Zero(r, r.l.count(r.servers[winner]))
	at.Store(int32(winner))
	r.acknowledged(r.l, winner, 20)
	moved := false
	for _, e := range c.Report().Events {
		moved = moved || e.Kind == cluster.NodeMoved
	}
	require.True(r, moved, "nobody was told")
	r.notef("the name moved to %s", r.servers[winner].Name())
	r.finish(winner)
}
