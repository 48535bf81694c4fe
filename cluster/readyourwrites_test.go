package cluster_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/cluster"
)

// Under load and with late replicas, which also stop to replay now and then, a session sees each of its writes; without one, it does
// not.
func TestReadYourWrites(t *testing.T) {
	t.Parallel()
	readYourWrites(t, 1500)
}

// TestCampaignReadYourWrites is the long one.
func TestCampaignReadYourWrites(t *testing.T) {
	if os.Getenv("PRODWRIGHT_CAMPAIGN") == "" {
		t.Skip("takes minutes: set PRODWRIGHT_CAMPAIGN=1")
	}
	readYourWrites(t, 100_000)
}

// pairs is what became of write-then-read pairs.
type pairs struct{ all, stale, replica, failed atomic.Int64 }

func readYourWrites(t *testing.T, n int64) {
	t.Helper()
	x := newTrio(t, map[string]string{"fsync": "off"})
	x.must(0, "alter system set synchronous_standby_names = ''", "select pg_reload_conf()")
	x.must(1, "alter system set recovery_min_apply_delay = '20ms'", "select pg_reload_conf()")
	x.must(2, "alter system set recovery_min_apply_delay = '50ms'", "select pg_reload_conf()")
	c := x.open(cluster.Config{Selector: new(cluster.RoundRobin), CatchUp: 40 * time.Millisecond, MaxLag: -1, Primary: cluster.PoolSize{Size: 32, MaxOverflow: -1}})
	require.Eventually(t, func() bool { return c.Report().Healthy }, hang, tick)
	primary := x.servers[0].Port()

	ctx, stop := context.WithCancel(t.Context())
	var pauses sync.WaitGroup
	defer pauses.Wait()
	defer stop()
	pauses.Go(func() { // one of both stops now and then
		for ctx.Err() == nil {
			i := 1 + rand.IntN(2)
			if x.servers[i].Exec(ctx, "postgres", "select pg_wal_replay_pause()") == nil {
				time.Sleep(rand.N(200 * time.Millisecond))
			}
			_ = x.servers[i].Exec(context.WithoutCancel(ctx), "postgres", "select pg_wal_replay_resume()")
			time.Sleep(rand.N(500 * time.Millisecond))
		}
	})

	var results [2]pairs // without and with a session
	const control = 5    // one in so many has none
	var next atomic.Int64
	began := time.Now()
	var workers sync.WaitGroup
	for range 48 {
		workers.Go(func() {
			for id := next.Add(1); id <= n+n/(control-1); id = next.Add(1) {
				r, ctx := &results[0], context.Background()
				if id%control != 0 {
					r = &results[1]
					ctx = cluster.WithSession(ctx, new(cluster.Session))
				}
				r.all.Add(1)
				var port int
				_, err := c.Writer().Exec(ctx, "insert into written values ($1)", id)
				if err == nil {
					err = c.Reader().QueryRow(ctx, "select inet_server_port() from written where id = $1", id).Scan(&port)
				}
				switch {
				case errors.Is(err, pgx.ErrNoRows):
					r.stale.Add(1)
				case err != nil:
					r.failed.Add(1)
				case port != primary:
					r.replica.Add(1)
				}
			}
		})
	}
	workers.Wait()
	for i, name := range []string{"without a session", "with a session"} {
		r := &results[i]
		t.Logf("%s: %d pairs, %d stale (%.2f %%), %d seen on a replica, %d failed", name, r.all.Load(), r.stale.Load(), 100*float64(r.stale.Load())/float64(r.all.Load()), r.replica.Load(), r.failed.Load())
	}
	t.Logf("in %v", time.Since(began).Round(time.Millisecond))
	require.Zero(t, results[1].stale.Load())
	require.Zero(t, results[0].failed.Load()+results[1].failed.Load())
	require.Positive(t, results[0].stale.Load(), "the replicas are not late")
	require.Positive(t, results[1].replica.Load(), "all went to the primary")
}
