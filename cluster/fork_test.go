package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/cluster"
	"github.com/prodwright/prodwright/internal/faultproxy"
)

// What asynchronous standbys have not got is lost with the primary, and the sessions that wrote it are told.
func TestTokensThatAreLost(t *testing.T) {
	t.Parallel()
	x := newTrio(t, nil)
	x.must(0, "alter system set synchronous_standby_names = ''", "select pg_reload_conf()")
	strict, lenient := x.open(cluster.Config{RefuseLost: true}), x.open(cluster.Config{})
	write := func(c *cluster.Cluster, id int) context.Context {
		ctx := cluster.WithSession(context.Background(), new(cluster.Session))
		_, err := c.Writer().Exec(ctx, "insert into written values ($1)", id)
		require.NoError(t, err)
		return ctx
	}
	read := func(c *cluster.Cluster, ctx context.Context, id int) (n int, err error) {
		err = c.Reader().QueryRow(ctx, "select count(*) from written where id = $1", id).Scan(&n)
		return n, err
	}
	kept := write(strict, 1)
	for i := range 2 {
		require.Eventually(t, func() bool { return x.ask(i+1, "select count(*) from written") == "1" }, hang, tick)
		at := cluster.SessionOf(kept).Token().LSN
		require.Eventually(t, func() bool { return x.ask(i+1, fmt.Sprintf("select pg_last_wal_replay_lsn() >= '%v'", at)) == "true" }, hang, tick)
	}
	for i := range 2 {
		x.streams[i+1].SetFault(faultproxy.Fault{Partition: faultproxy.Both})
	}
	lost, ignored := write(strict, 2), write(lenient, 3)
	before := cluster.SessionOf(lost).Token()
	require.NoError(t, x.servers[0].Kill())
	x.must(1, "select pg_promote()")
	for _, c := range []*cluster.Cluster{strict, lenient} {
		require.Eventually(t, func() bool { return c.Report().Primary == "n1" }, hang, tick)
	}

	n, err := read(strict, kept, 1)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	_, err = read(strict, lost, 2)
	require.ErrorIs(t, err, cluster.ErrTokenLost)
	e, ok := errors.AsType[*cluster.TokenLostError](err)
	require.True(t, ok)
	require.Equal(t, before, e.Token)
	require.Equal(t, uint32(2), e.Timeline)
	history := x.ask(1, "select pg_read_file('pg_wal/00000002.history')")
	require.Contains(t, history, e.Forked.String(), "PostgreSQL says so, too")
	n, err = read(strict, lost, 2)
	require.NoError(t, err, "it is told once")
	require.Zero(t, n)
	n, err = read(lenient, ignored, 3)
	require.NoError(t, err)
	require.Zero(t, n)
	for _, c := range []*cluster.Cluster{strict, lenient} {
		require.Equal(t, uint64(1), c.Report().LostTokens)
	}

	_, err = strict.Writer().Exec(lost, "insert into written values (4)")
	require.NoError(t, err)
	require.Equal(t, uint32(2), cluster.SessionOf(lost).Token().Timeline)
	n, err = read(strict, lost, 4)
	require.NoError(t, err)
	require.Equal(t, 1, n)
}

func ExampleTokenLostError() {
	err := fmt.Errorf("cart: %w", &cluster.TokenLostError{Token: cluster.Token{Timeline: 1, LSN: 0x4e8e9e0}, Timeline: 2, Forked: 0x4e8e000})
	if lost, ok := errors.AsType[*cluster.TokenLostError](err); ok {
		fmt.Println("ask the user to look at what was saved since", lost.Forked)
	}
	fmt.Println(errors.Is(err, cluster.ErrTokenLost))
	// Output:
	// ask the user to look at what was saved since 0/4E8E000
	// true
}
