package cluster_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/prodwright/prodwright/cluster"
)

// dbtx is what sqlc writes for queries with copies and batches.
type dbtx interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, source pgx.CopyFromSource) (int64, error)
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

var _, _ dbtx = cluster.Writer{}, cluster.Reader{}

func ExampleWriter_CopyFrom() {
	ctx := context.Background()
	c, _, end, err := pair(ctx, cluster.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer end()
	users := [][]any{{1, "ann"}, {2, "bob"}}
	copyAll := func() (int64, error) {
		return c.Writer().CopyFrom(ctx, pgx.Identifier{"users"}, []string{"id", "name"}, pgx.CopyFromRows(users))
	}
	n, err := copyAll()
	for errors.Is(err, cluster.ErrSourceSpent) { // nothing was copied, and these rows are still there
		n, err = copyAll()
	}
	fmt.Println(n, err)
	// Output: 2 <nil>
}

func ExampleWriter_SendBatch() {
	ctx := context.Background()
	c, _, end, err := pair(ctx, cluster.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer end()
	var b pgx.Batch
	b.Queue("insert into users values (1, 'ann')")
	b.Queue("select count(*) from users").QueryRow(func(row pgx.Row) error {
		var n int
		err := row.Scan(&n)
		fmt.Println("users:", n)
		return err
	})
	fmt.Println(c.Writer().SendBatch(ctx, &b).Close()) // only this says that both are done
	// Output:
	// users: 1
	// <nil>
}

func ExampleWriter_BeginTx() {
	ctx := context.Background()
	c, _, end, err := pair(ctx, cluster.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer end()
	tx, err := c.Writer().BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.Serializable})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = tx.Rollback(ctx) }()
	_, err = tx.Exec(ctx, "insert into users values (1, 'ann')")
	if err == nil {
		err = tx.Commit(ctx)
	}
	switch {
	case errors.Is(err, cluster.ErrTxLost):
		fmt.Println("nothing was written: begin another one")
	case errors.Is(err, cluster.ErrOutcomeUnknown):
		fmt.Println("look for it before it is written again")
	default:
		fmt.Println(err)
	}
	// Output: <nil>
}
