package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/cluster"
	"github.com/prodwright/prodwright/internal/pgtest"
)

// A hook that never returns holds nothing up: nodes are followed, statements run, and Close gives up with its context.
func TestHooksThatHang(t *testing.T) {
	t.Parallel()
	for hook, message := range map[string]string{"OnEvent": "OnEvent or the logger has not returned", "Discover": "Discover has not returned"} {
		t.Run(hook, func(t *testing.T) {
			t.Parallel()
			srv := pgtest.New(t, pgtest.Config{})
			release := make(chan struct{})
			defer close(release)
			nodes := []cluster.NodeConfig{{Name: "n0", URL: cluster.NewSecret(srv.URL("postgres"))}}
			cfg := cluster.Config{Nodes: nodes, ProbeInterval: 5 * time.Millisecond, UrgentInterval: 5 * time.Millisecond}
			var changed atomic.Int64
			if hook == "OnEvent" {
				cfg.OnEvent = func(cluster.Event) { <-release }
				cfg.DiscoverInterval = 5 * time.Millisecond
				cfg.Discover = func(context.Context) ([]cluster.NodeConfig, error) { // two events each time
					return []cluster.NodeConfig{nodes[0], {Name: fmt.Sprint("x", changed.Add(1)), URL: cluster.NewSecret("postgres://u@127.0.0.1:1/x")}}, nil
				}
			} else {
				cfg.Discover = func(context.Context) ([]cluster.NodeConfig, error) {
					<-release
					return nil, errors.New("too late")
				}
			}
			c, err := cluster.Open(t.Context(), cfg)
			require.NoError(t, err)
			require.NoError(t, c.WaitPrimary(t.Context()))
			if hook == "OnEvent" {
				require.Eventually(t, func() bool { return c.Report().DroppedEvents > 10 }, hang, tick)
			}
			_, err = c.Writer().Exec(t.Context(), "select 1")
			require.NoError(t, err)
			require.Equal(t, "n0", c.Report().Primary)
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer cancel()
			err = c.Close(ctx)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.ErrorContains(t, err, message)
		})
	}
}

// Thousands of writers that wait for a primary do not overrun it when it comes: there are never more connections than allowed, nobody
// fails, and nobody is left. It is not parallel, because it counts goroutines.
func TestThousandsWait(t *testing.T) {
	const writers = 5000
	srv := pgtest.New(t, pgtest.Config{})
	require.NoError(t, srv.Exec(t.Context(), "postgres", "create table written (id bigint primary key)"))
	require.NoError(t, srv.Stop(t.Context()))
	before := runtime.NumGoroutine()
	c, err := cluster.Open(t.Context(), cluster.Config{
		Nodes:     []cluster.NodeConfig{{URL: cluster.NewSecret(srv.URL("postgres"))}},
		WriteWait: 2 * hang, Primary: cluster.PoolSize{Size: 10, MaxOverflow: 10}, Replica: cluster.ReplicaPoolSize{Size: 1, MaxOverflow: -1},
	})
	require.NoError(t, err)
	var runs sync.WaitGroup
	var failed atomic.Int64
	var waiting atomic.Int64
	for id := range writers {
		runs.Go(func() {
			waiting.Add(1)
			if _, err := c.Writer().Exec(context.Background(), "insert into written values ($1)", id); err != nil {
				failed.Add(1)
				t.Log(err)
			}
		})
	}
	require.Eventually(t, func() bool { return waiting.Load() == writers }, hang, tick)
	require.NoError(t, srv.Start(t.Context()))
	began := time.Now()
	require.NoError(t, c.WaitPrimary(t.Context()))
	found := time.Since(began)
	done := make(chan struct{})
	go func() {
		runs.Wait()
		close(done)
	}()
	most := 0
	for ended := false; !ended; {
		select {
		case <-done:
			ended = true
		case <-time.After(10 * time.Millisecond):
		}
		n := 0
		err := c.Reader().QueryRow(t.Context(), "select count(*) from pg_stat_activity where query like 'insert into written%'").Scan(&n)
		require.NoError(t, err)
		most = max(most, n)
	}
	t.Logf("%d writers: the primary was found after %v, all had written after %v, with %d connections at most", writers, found.Round(time.Millisecond), time.Since(began).Round(time.Millisecond), most)
	require.Zero(t, failed.Load())
	require.LessOrEqual(t, most, 20)
	require.Positive(t, most)
	var n int
	require.NoError(t, c.Writer().QueryRow(t.Context(), "select count(*) from written").Scan(&n))
	require.Equal(t, writers, n)
	require.NoError(t, c.Close(t.Context()))
	require.Eventually(t, func() bool { return runtime.NumGoroutine() <= before+5 }, hang, tick)
}
