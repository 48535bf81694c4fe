package cluster

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Begin begins a transaction with the server's defaults. See [Writer.BeginTx].
func (w Writer) Begin(ctx context.Context) (pgx.Tx, error) { return w.BeginTx(ctx, pgx.TxOptions{}) }

// BeginTx begins a transaction, which must be ended by Commit or Rollback: it has a connection until then. Prefer
// [Writer.InTx], which can run it again.
//
// A transaction whose connection broke, or was cut because its node is the primary no more, fails with an error that matches
// [ErrTxLost]; nothing of it was written. Only Commit can fail with [ErrOutcomeUnknown]. It gives the [Session] of its context the
// token of what was written. The transaction is not safe for concurrent use.
func (w Writer) BeginTx(ctx context.Context, options pgx.TxOptions) (pgx.Tx, error) {
	var x *tx
	err := w.c.writeOn(ctx, func(t *target, conn *pgxpool.Conn) (kept bool, err error) {
		inner, err := conn.Conn().BeginTx(ctx, options)
		if err != nil {
			return false, uncommittedError{error: err}
		}
		t.ended.Add(1)
		x = &tx{Tx: inner, c: w.c, t: t, conn: conn}
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	return x, nil
}

// Begin begins a read-only transaction. See [Reader.BeginTx].
func (r Reader) Begin(ctx context.Context) (pgx.Tx, error) { return r.BeginTx(ctx, pgx.TxOptions{}) }

// BeginTx begins a read-only transaction, in which all reads see the same node. It must be ended by Commit or Rollback. Prefer
// [Reader.InTx], which runs it again on another node when that one fails; this one fails with an error that matches
// [ErrTxLost]. The transaction is not safe for concurrent use.
func (r Reader) BeginTx(ctx context.Context, options pgx.TxOptions) (pgx.Tx, error) {
	options.AccessMode = pgx.ReadOnly
	b := &beginning{c: r.c, options: options}
	if err := r.c.read(ctx, b); err != nil {
		return nil, err
	}
	return b.tx, nil
}

// beginning is a read-only transaction that begins.
type beginning struct {
	c       *Cluster
	options pgx.TxOptions
	tx      *tx
}

func (b *beginning) readOn(ctx context.Context, r *reader, conn *pgxpool.Conn) error {
	inner, err := conn.Conn().BeginTx(ctx, b.options)
	if err != nil {
		if conn.Conn().IsClosed() {
			err = nodeError{err}
		}
		conn.Release()
		return err
	}
	r.node.load.begin()
	b.tx = &tx{Tx: inner, c: b.c, t: r.target, conn: conn, reads: r.node.load}
	return nil
}

// tx is a transaction that is its caller's. What is not here is the driver's own.
type tx struct {
	pgx.Tx

	c     *Cluster
	t     *target
	conn  *pgxpool.Conn
	reads *load // of the node of a read-only one
	ended bool
}

// Commit commits, and gives the connection back.
func (x *tx) Commit(ctx context.Context) error {
	if x.ended {
		return pgx.ErrTxClosed
	}
	defer x.end()
	x.t.begun.Add(1)
	begin(x.conn)
	err := x.Tx.Commit(ctx)
	switch {
	case wasUnsent(err, x.Tx.Conn().PgConn()):
		x.t.ended.Add(1)
		return x.lost(err)
	case x.reads != nil:
		x.t.ended.Add(1)
		return err
	}
	err = x.c.became(ctx, x.t, x.conn, err)
	if again, ok := err.(againError); ok { //nolint:errorlint // it is the outermost
		return fmt.Errorf("%w: %w", ErrTxLost, again.error)
	}
	return err
}

// Rollback rolls back, unless the transaction has ended, and gives the connection back.
func (x *tx) Rollback(ctx context.Context) error {
	if x.ended {
		return pgx.ErrTxClosed
	}
	defer x.end()
	return x.lost(x.Tx.Rollback(ctx))
}

// end gives the connection back.
func (x *tx) end() {
	x.ended = true
	if x.reads != nil {
		x.reads.leave()
	}
	x.conn.Release()
}

// Exec executes a statement.
func (x *tx) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	x.t.begun.Add(1)
	defer x.t.ended.Add(1)
	tag, err := x.Tx.Exec(ctx, sql, args...)
	return tag, x.lost(err)
}

// Query executes a statement that returns rows.
func (x *tx) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	x.t.begun.Add(1)
	defer x.t.ended.Add(1)
	rs, err := x.Tx.Query(ctx, sql, args...)
	return judgedRows{rs, x.lost}, x.lost(err)
}

// QueryRow executes a statement that returns a row.
func (x *tx) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	row := x.Tx.QueryRow(ctx, sql, args...)
	return pendingRow(func(dest []any) error {
		x.t.begun.Add(1)
		defer x.t.ended.Add(1)
		return x.lost(row.Scan(dest...))
	})
}

// CopyFrom copies rows into a table.
func (x *tx) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, source pgx.CopyFromSource) (int64, error) {
	x.t.begun.Add(1)
	defer x.t.ended.Add(1)
	n, err := x.Tx.CopyFrom(ctx, table, columns, source)
	return n, x.lost(err)
}

// lost says of the error of a connection that broke what that means.
func (x *tx) lost(err error) error {
	if err == nil || x.ended || !x.Tx.Conn().IsClosed() || errors.Is(err, pgx.ErrTxClosed) || errors.Is(err, ErrTxLost) {
		return err
	}
	x.c.suspect()
	if x.t.conns.isCut() {
		return fmt.Errorf("%w: %s: %w: %w", ErrTxLost, x.t.node.name, errCut, err)
	}
	return fmt.Errorf("%w: %s: %w", ErrTxLost, x.t.node.name, err)
}

// judgedRows say more of their error.
type judgedRows struct {
	pgx.Rows

	judge func(error) error
}

// Err returns the error that ended the rows.
func (r judgedRows) Err() error { return r.judge(r.Rows.Err()) }

// Scan reads the current row.
func (r judgedRows) Scan(dest ...any) error { return r.judge(r.Rows.Scan(dest...)) }
