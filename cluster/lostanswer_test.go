package cluster_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/cluster"
	"github.com/prodwright/prodwright/internal/faultproxy"
)

// A statement without arguments travels by another protocol than one that has some. When its answer is lost the driver says that it
// may be sent again, although the server has it.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	x := newTrio(t, nil)
	x.must(0, "create table counted (n int)", "insert into counted values (0)")
	c := x.open(cluster.Config{})
	ctx, w := context.Background(), c.Writer()
	const count = "update counted set n = n + 1"
	n := 0
	for name, write := range map[string]func() error{
		"Exec": func() error { _, err := w.Exec(ctx, count); return err },
		"InTx": func() error {
			return w.InTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error { _, err := tx.Exec(ctx, count); return err })
		},
		"QueryRow": func() error { return w.QueryRow(ctx, count+" returning n").Scan(new(int)) },
	} {
		for i := range 2 {
			x.streams[i+1].SetFault(faultproxy.Fault{Partition: faultproxy.Both})
		}
		done := make(chan error, 1)
		go func() { done <- write() }()
		require.Eventually(t, func() bool {
			return x.ask(0, "select count(*) from pg_stat_activity where wait_event = 'SyncRep'") != "0"
		}, hang, tick, name)
		x.clients[0].Reset()
		for i := range 2 {
			x.streams[i+1].SetFault(faultproxy.Fault{})
		}
		require.ErrorIs(t, <-done, cluster.ErrOutcomeUnknown, name)
		n++
		_, err := w.Exec(ctx, "insert into written values ($1)", n) // what was before it is there then
		require.NoError(t, err)
		var got int
		require.Eventually(t, func() bool {
			require.NoError(t, w.QueryRow(ctx, "select n from counted").Scan(&got))
			return got >= n
		}, hang, tick)
		require.Equal(t, n, got, "%s was executed twice", name)
	}
}
