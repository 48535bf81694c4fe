package cluster_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/cluster"
)

// What a session has written is seen by its reads, on whatever replica they run and however late that is. Without a session it
// is not, which shows that the replicas are late at all.
func TestSessionsReadTheirWrites(t *testing.T) {
	t.Parallel()
	x := newTrio(t, map[string]string{"synchronous_commit": "off"})
	x.must(0, "alter system set synchronous_standby_names = ''", "alter system set synchronous_commit = off", "select pg_reload_conf()")
	x.must(1, "alter system set recovery_min_apply_delay = '15ms'", "select pg_reload_conf()")
	c := x.open(cluster.Config{Selector: &cluster.RoundRobin{}})
	stale := map[bool]int{}
	const pairs = 400
	for i := range 2 * pairs {
		ctx, inSession := t.Context(), i%2 == 0
		if inSession {
			ctx = cluster.WithSession(ctx, new(cluster.Session))
		}
		_, err := c.Writer().Exec(ctx, "insert into written values ($1)", i)
		require.NoError(t, err)
		var id int64
		err = c.Reader().QueryRow(ctx, "select id from written where id = $1", i).Scan(&id)
		if errors.Is(err, pgx.ErrNoRows) {
			stale[inSession]++
			continue
		}
		require.NoError(t, err)
	}
	t.Logf("of %d reads each, %d were stale without a session and %d with one", pairs, stale[false], stale[true])
	require.Zero(t, stale[true])
	require.Positive(t, stale[false])
}

// A session never reads what is older than what it has read or written, and goes to the primary when no replica has it.
func TestSessionsGoToThePrimary(t *testing.T) {
	t.Parallel()
	x := newTrio(t, nil)
	for i := range 2 {
		x.must(i+1, "select pg_wal_replay_pause()")
	}
	x.must(0, "alter system set synchronous_commit = 'remote_write'", "select pg_reload_conf()")
	c := x.open(cluster.Config{})
	ctx := cluster.WithSession(context.Background(), new(cluster.Session))
	for i := range 20 {
		_, err := c.Writer().Exec(ctx, "insert into written values ($1)", i)
		require.NoError(t, err)
		var n, port int
		require.NoError(t, c.Reader().QueryRow(ctx, "select count(*), inet_server_port() from written").Scan(&n, &port))
		require.Equal(t, i+1, n)
		require.Equal(t, x.servers[0].Port(), port)
	}
}

// A read of a session that no replica can serve waits for the primary, when that is gone.
func TestSessionsWaitForThePrimary(t *testing.T) {
	t.Parallel()
	x := newTrio(t, nil)
	for i := range 2 {
		x.must(i+1, "select pg_wal_replay_pause()")
	}
	c := x.open(cluster.Config{})
	ctx := cluster.WithSession(context.Background(), new(cluster.Session))
	_, err := c.Writer().Exec(ctx, "insert into written values (1)")
	require.NoError(t, err)
	var reads sync.WaitGroup
	for range 8 { // as many connections for reads, each of which breaks
		reads.Go(func() {
			_, err := c.Reader().Exec(ctx, "select pg_sleep(0.2)")
			require.NoError(t, err)
		})
	}
	reads.Wait()
	require.NoError(t, x.servers[0].Kill())
	type answer struct {
		n   int
		err error
	}
	came := make(chan answer, 1)
	go func() {
		var a answer
		a.err = c.Reader().QueryRow(ctx, "select count(*) from written").Scan(&a.n)
		came <- a
	}()
	time.Sleep(300 * time.Millisecond) // it must have failed by then, if it does
	require.NoError(t, x.servers[0].Start(t.Context()))
	require.Equal(t, answer{1, nil}, <-came)
}
