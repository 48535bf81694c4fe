package cluster_test

import (
	"context"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/cluster"
	"github.com/prodwright/prodwright/internal/faultproxy"
)

// A server that is told to cancel while a commit waits for its standbys says that it is done, although nobody else has it. That
// is no success.
func TestAcknowledgedWithoutStandbys(t *testing.T) {
	t.Parallel()
	x := newTrio(t, nil)
	c := x.open(cluster.Config{})
	for i := range 2 {
		x.streams[i+1].SetFault(faultproxy.Fault{Partition: faultproxy.Both})
	}
	ctx := context.Background()
	w, id := c.Writer(), 0
	for name, write := range map[string]func(id int) error{
		"Exec": func(id int) error {
			_, err := w.Exec(ctx, "insert into written values ($1)", id)
			return err
		},
		"QueryRow": func(id int) error {
			return w.QueryRow(ctx, "insert into written values ($1) returning id", id).Scan(&id)
		},
		"Query": func(id int) error {
			rows, err := w.Query(ctx, "insert into written values ($1) returning id", id)
			if err != nil {
				return err
			}
			_, err = pgx.CollectRows(rows, pgx.RowTo[int])
			return err
		},
		"InTx": func(id int) error {
			return w.InTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
				_, err := tx.Exec(ctx, "insert into written values ($1)", id)
				return err
			})
		},
	} {
		id++
		done := make(chan error, 1)
		go func(id int) { done <- write(id) }(id)
		require.Eventually(t, func() bool {
			return x.ask(0, "select count(pg_cancel_backend(pid)) from pg_stat_activity where wait_event = 'SyncRep'") != "0"
		}, hang, tick, name)
		require.ErrorIs(t, <-done, cluster.ErrOutcomeUnknown, name)
		require.Equal(t, "1", x.ask(0, "select count(*) from written where id = "+strconv.Itoa(id)), "%s: it is there, and nowhere else", name)
	}
	for i := range 2 {
		x.streams[i+1].SetFault(faultproxy.Fault{})
	}
	require.Eventually(t, func() bool {
		_, err := w.Exec(ctx, "insert into written values (100)")
		return err == nil
	}, hang, tick, "the next one is a success")
}

// A transaction that is read-only by its own wish is no reason to look for another primary.
func TestReadOnlyTransaction(t *testing.T) {
	t.Parallel()
	x := newTrio(t, nil)
	c := x.open(cluster.Config{})
	runs := 0
	err := c.Writer().InTx(t.Context(), pgx.TxOptions{AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		runs++
		_, err := tx.Exec(t.Context(), "insert into written values (1)")
		return err
	})
	require.ErrorContains(t, err, "read-only transaction")
	require.Equal(t, 1, runs)
}
