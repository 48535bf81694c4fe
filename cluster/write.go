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
// DBTX, and is safe for concurrent use.
//
// A write waits for a primary up to [Config].WriteWait. One that no server has executed for sure is sent again; one of which
// nobody knows that is an error that matches [ErrOutcomeUnknown], never a silent retry. When the context has a [Session], it gets
// the token of each write.
type Writer struct{ c *Cluster }

// Writer returns what writes.
func (c *Cluster) Writer() Writer { return Writer{c} }

// Exec executes a statement.
func (w Writer) Exec(ctx context.Context, sql string, args ...any) (tag pgconn.CommandTag, err error) {
	err = w.c.write(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		var err error
		tag, err = conn.Exec(ctx, sql, args...)
		return err
	})
	return tag, err
}

// InTx runs a function in a transaction and commits, or rolls back when the function fails. The function runs again when it is
// sure that nothing of it was committed and the reason is the cluster's: it must have no effects but those of the
// transaction.
func (w Writer) InTx(ctx context.Context, options pgx.TxOptions, run func(pgx.Tx) error) error {
	return w.c.write(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		tx, err := conn.BeginTx(ctx, options)
		if err != nil {
			return uncommitted(err)
		}
		if err := run(tx); err != nil {
			_ = tx.Rollback(ctx)
			return uncommitted(err)
		}
		return tx.Commit(ctx)
	})
}

// uncommittedError is an error before the commit was sent.
type uncommittedError struct{ error }

func (e uncommittedError) Unwrap() error { return e.error }

func uncommitted(err error) error { return uncommittedError{err} }

// write runs something on the primary until it is known what became of it.
func (c *Cluster) write(ctx context.Context, do func(context.Context, *pgxpool.Conn) error) error {
	wait, cancel := context.WithTimeoutCause(ctx, c.cfg.WriteWait, fmt.Errorf("none within %v: %w", c.cfg.WriteWait, context.DeadlineExceeded))
	defer cancel()
	var last error
	for pause := time.Millisecond; ; pause = min(2*pause, c.cfg.UrgentInterval) {
		t, err := c.writer(wait)
		if err != nil {
			return withLast(err, last)
		}
		conn, err := t.pool.Acquire(wait)
		if err == nil {
			t.begun.Add(1)
			err = do(ctx, conn)
			t.ended.Add(1)
			effect := effectOf(err, conn.Conn().PgConn())
			if effect == executed && err == nil {
				c.remember(ctx, t, conn)
			}
			conn.Release()
			before, isBefore := err.(uncommittedError) //nolint:errorlint // it is the outermost
			if isBefore {
				err = before.error
			}
			switch {
			case effect == executed:
				return err
			case effect == unknown && !isBefore:
				c.suspect()
				if err == nil {
					return fmt.Errorf("%w: the server acknowledged it without waiting for its standbys", ErrOutcomeUnknown)
				}
				return fmt.Errorf("%w: %w", ErrOutcomeUnknown, err)
			}
		}
		last = err
		c.suspect()
		if err := c.pauseFor(wait, t, pause); err != nil {
			return withLast(err, last)
		}
	}
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
