package cluster

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Writer writes to the primary, wherever that is. It is small and may be copied; it has the methods that sqlc wants of its
// DBTX, copies and batches included, and is safe for concurrent use.
//
// A write waits for a primary up to [Config].WriteWait. One that no server has executed for sure is sent again; one of which
// nobody knows that is an error that matches [ErrOutcomeUnknown], never a silent retry. When the context has a [Session], it gets
// the token of each write.
type Writer struct{ c *Cluster }

// Writer returns what writes.
func (c *Cluster) Writer() Writer { return Writer{c} }

// Exec executes a statement.
func (w Writer) Exec(ctx context.Context, sql string, args ...any) (tag pgconn.CommandTag, err error) {
	err = w.c.write(ctx, func(conn *pgxpool.Conn) error {
		var err error
		tag, err = conn.Exec(ctx, sql, args...)
		return err
	})
	return tag, err
}

// QueryRow executes a statement that returns a row, when Scan is called. Its errors come from Scan.
func (w Writer) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	return pendingRow(func(dest []any) error {
		return w.c.write(ctx, func(conn *pgxpool.Conn) error { return conn.QueryRow(ctx, sql, args...).Scan(dest...) })
	})
}

// pendingRow is a row that nobody has asked for yet.
type pendingRow func(dest []any) error

// Scan asks for the row.
func (r pendingRow) Scan(dest ...any) error { return r(dest) }

// Query executes a statement that returns rows. When it is known what became of it only at the end of the rows, their Err
// says so; before the first row it is sent again as Exec does.
func (w Writer) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	var rs *rows
	err := w.c.writeOn(ctx, func(t *target, conn *pgxpool.Conn) (kept bool, err error) {
		rs = &rows{conn: conn, written: func(err error) error { return w.c.became(ctx, t, conn, err) }}
		rs.Rows, err = conn.Query(ctx, sql, args...)
		if err == nil {
			err = rs.peek()
		}
		if err != nil {
			return false, err
		}
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	return rs, nil
}

// InTx runs a function in a transaction and commits, or rolls back when the function fails. The function runs again when it is
// sure that nothing of it was committed and the reason is the cluster's: it must have no effects but those of the
// transaction.
func (w Writer) InTx(ctx context.Context, options pgx.TxOptions, run func(pgx.Tx) error) error {
	return w.c.write(ctx, func(conn *pgxpool.Conn) error {
		tx, err := conn.BeginTx(ctx, options)
		if err != nil {
			return uncommittedError{error: err}
		}
		if err := run(tx); err != nil {
			_ = tx.Rollback(ctx)
			return uncommittedError{err, options.AccessMode == pgx.ReadOnly}
		}
		begin(conn) // what was sent so far is rolled back
		return tx.Commit(ctx)
	})
}

// uncommittedError is an error before the commit was sent.
type uncommittedError struct {
	error

	readOnly bool // as the caller wanted it
}

func (e uncommittedError) Unwrap() error { return e.error }

// write executes something on the primary, until it is known what became of it.
func (c *Cluster) write(ctx context.Context, do func(*pgxpool.Conn) error) error {
	return c.writeOn(ctx, func(_ *target, conn *pgxpool.Conn) (kept bool, err error) {
		return false, do(conn)
	})
}

// writeOn is write for what may keep the connection, when it goes well so far.
func (c *Cluster) writeOn(ctx context.Context, do func(*target, *pgxpool.Conn) (kept bool, err error)) error {
	wait, cancel := context.WithTimeoutCause(ctx, c.cfg.WriteWait, fmt.Errorf("none within %v: %w", c.cfg.WriteWait, context.DeadlineExceeded))
	defer cancel()
	var last error
	refused := 0 // by servers that say that they do write
	for pause := time.Millisecond; ; pause = min(2*pause, c.cfg.UrgentInterval) {
		t, err := c.writer(wait)
		if err != nil {
			return withLast(err, last)
		}
		conn, err := t.pool.Acquire(wait)
		if err == nil {
			t.begun.Add(1)
			begin(conn)
			var kept bool
			if kept, err = do(t, conn); kept {
				return nil
			}
			err = c.became(ctx, t, conn, err)
			conn.Release()
			again, ok := err.(againError) //nolint:errorlint // it is the outermost
			if !ok {
				return err
			}
			if err = again.error; again.writable {
				const most = 3
				if refused++; refused > most {
					return err // it is the session that is read-only, by the application's wish
				}
			}
		} else if wait.Err() != nil && c.topology.Load().writer == t {
			return fmt.Errorf("cluster: no connection to %s in time, nothing was written: %w", t.node.name, err)
		}
		last = err
		c.suspect()
		if err := c.pauseFor(wait, t, pause); err != nil {
			return withLast(err, last)
		}
	}
}

// againError is one after which it is sure that nothing was executed, and that another node may do it.
type againError struct {
	error

	writable bool // the server has refused to write, and says now that it does write
}

// became says what became of a write: nil, its error, one that matches [ErrOutcomeUnknown] or [ErrSourceSpent], or an againError.
func (c *Cluster) became(ctx context.Context, t *target, conn *pgxpool.Conn, err error) error {
	t.ended.Add(1)
	before, isBefore := err.(uncommittedError) //nolint:errorlint // it is the outermost
	if isBefore {
		err = before.error
	}
	spent, isSpent := err.(spentError) //nolint:errorlint // it is the outermost
	if isSpent {
		err, isBefore = spent.error, !spent.complete
	}
	switch effect := effectOf(err, conn.Conn().PgConn()); {
	case effect == notPrimary && before.readOnly:
		return err
	case effect == notPrimary && !isSpent:
		return againError{err, !c.refusesWrites(ctx, conn)} // it may be one that has been made a primary, or writable, just now
	case effect == executed:
		if err == nil {
			c.remember(ctx, t, conn)
		}
		return err
	case effect == unknown && err == nil:
		return fmt.Errorf("%w: the server acknowledged it without waiting for its standbys", ErrOutcomeUnknown)
	case effect == unknown && !isBefore:
		c.suspect()
		return fmt.Errorf("%w: %w", ErrOutcomeUnknown, err)
	case isSpent:
		c.suspect()
		return fmt.Errorf("%w: %w", ErrSourceSpent, err)
	case effect == unknown && !conn.Conn().IsClosed(), ctx.Err() != nil: // the caller's own
		return err
	}
	return againError{error: err}
}

// refusesWrites says whether a server cannot write at all.
func (c *Cluster) refusesWrites(ctx context.Context, conn *pgxpool.Conn) (refuses bool) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.ProbeTimeout)
	defer cancel()
	err := conn.QueryRow(ctx, "select pg_is_in_recovery() or current_setting('default_transaction_read_only')::bool").Scan(&refuses)
	return err != nil || refuses
}

// pauseFor waits a while, or until there is another primary.
func (c *Cluster) pauseFor(ctx context.Context, t *target, pause time.Duration) error {
	now := c.topology.Load()
	if now.writer != t {
		return nil
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-now.changed:
	case <-c.ctx.Done():
		return ErrClosed
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrNoPrimary, context.Cause(ctx))
	}
	return nil
}

// withLast adds why it did not work before.
func withLast(err, last error) error {
	if last == nil {
		return err
	}
	return fmt.Errorf("%w (last: %w)", err, last)
}
