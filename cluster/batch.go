package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// SendBatch sends several statements at once. They are one transaction, unless they have their own, so what became of a write is
// known only when Close returns: it must be called, and its error be looked at. A batch is sent again as Exec does until its
// first result has come; afterwards its errors are of the kinds that Exec has.
func (w Writer) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	var sent *batch
	err := w.c.writeOn(ctx, func(t *target, conn *pgxpool.Conn) (kept bool, err error) {
		sent = newBatch(b)
		sent.tx = &tx{c: w.c, t: t, conn: conn}
		sent.judge = func(err error) error {
			if pg := conn.Conn().PgConn(); err != nil && pg.IsClosed() && effectOf(err, pg) == unknown {
				return fmt.Errorf("%w: %w", ErrOutcomeUnknown, err)
			}
			return err
		}
		sent.end = func(err error) error {
			defer conn.Release()
			err = w.c.became(ctx, t, conn, err)
			if again, ok := err.(againError); ok { //nolint:errorlint // it is the outermost
				w.c.suspect()
				return again.error // it is too late for that
			}
			return err
		}
		if err := sent.send(ctx, conn); err != nil {
			return false, err
		}
		return true, nil
	})
	if err != nil {
		return pgx.FailedBatchResults(b, err)
	}
	return sent
}

// SendBatch sends several reads at once, to one node. Until its first result has come, a batch runs again on another node when
// that one fails. Close must be called.
func (r Reader) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	s := &sending{c: r.c, batch: b}
	if err := r.c.read(ctx, s); err != nil {
		return pgx.FailedBatchResults(b, err)
	}
	return s.sent
}

// sending is a batch of reads.
type sending struct {
	c     *Cluster
	batch *pgx.Batch
	sent  *batch
}

func (s *sending) readOn(ctx context.Context, r *reader, conn *pgxpool.Conn) error {
	l, began := r.node.load, time.Now()
	l.begin()
	s.sent = newBatch(s.batch)
	s.sent.tx = &tx{c: s.c, t: r.target, conn: conn, reads: l}
	s.sent.judge = func(err error) error { return err }
	s.sent.end = func(err error) error {
		l.end(time.Since(began), err != nil)
		conn.Release()
		return err
	}
	err := s.sent.send(ctx, conn)
	if err != nil {
		if conn.Conn().IsClosed() {
			err = nodeError{err}
		}
		_ = s.sent.end(err)
	}
	return err
}

var errBatchClosed = errors.New("cluster: the batch is closed")

// batch is one whose first result was waited for, so that it is known that somebody executes it.
type batch struct {
	inner  pgx.BatchResults
	queued pgx.Batch
	fns    []func(pgx.BatchResults) error // of the queries, which Close runs
	next   int                            // of the queries
	first  *peeked                        // result, until it is asked for
	tx     *tx                            // that the batch may begin; without its Tx when it does not
	judge  func(error) error              // says what an error means before the end
	end    func(error) error              // gives the connection back, and says what became of it

	closing, ended bool
	closed         error // what Close returns
}

// newBatch copies a batch: the driver allows to send it only once, and keeps what it knows of a connection in it.
func newBatch(b *pgx.Batch) *batch {
	n := &batch{queued: *b}
	n.queued.QueuedQueries = slices.Clone(b.QueuedQueries)
	for i, q := range b.QueuedQueries {
		n.queued.QueuedQueries[i] = &pgx.QueuedQuery{SQL: q.SQL, Arguments: q.Arguments}
		n.fns = append(n.fns, q.Fn)
	}
	return n
}

// send sends the batch and waits for its first result.
func (b *batch) send(ctx context.Context, conn *pgxpool.Conn) error {
	b.inner = conn.SendBatch(ctx, &b.queued)
	if b.queued.Len() == 0 {
		return nil
	}
	rs, err := b.inner.Query()
	if err == nil {
		b.first = &peeked{Rows: rs}
		err = b.first.peek()
	}
	if err != nil {
		_ = b.inner.Close()
	}
	return err
}

// Exec reads the next result.
func (b *batch) Exec() (pgconn.CommandTag, error) {
	rs, err := b.take()
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	rs.Close()
	return rs.CommandTag(), b.judge(rs.Err())
}

// Query reads the next result.
func (b *batch) Query() (pgx.Rows, error) {
	rs, err := b.take()
	return judgedRows{rs, b.judge}, err
}

// QueryRow reads the next result.
func (b *batch) QueryRow() pgx.Row {
	rs, err := b.take()
	return pendingRow(func(dest []any) error {
		if err != nil {
			return err
		}
		return b.judge(scanOne(rs, dest))
	})
}

// take returns the rows of the next result.
func (b *batch) take() (pgx.Rows, error) {
	if b.ended {
		return pgx.FailedBatchResults(&b.queued, errBatchClosed).Query()
	}
	b.next++
	if first := b.first; first != nil {
		b.first = nil
		return first, nil
	}
	rs, err := b.inner.Query()
	return rs, b.judge(err)
}

// Close reads what is left, and says what became of the batch.
func (b *batch) Close() error {
	if b.ended || b.closing {
		return b.closed
	}
	var err error
	for b.closing = true; err == nil && b.next < len(b.fns); {
		if fn := b.fns[b.next]; fn != nil {
			err = fn(b)
		} else {
			_, err = b.Exec()
		}
	}
	if b.first != nil {
		b.first.Close()
	}
	b.ended = true
	began := b.Tx()
	b.closed = b.inner.Close()
	conn := b.tx.conn.Conn().PgConn()
	if began != nil && !conn.IsClosed() && conn.TxStatus() != 'I' {
		b.tx.t.ended.Add(1) // the connection is the transaction's
	} else {
		b.closed = b.end(b.closed)
		b.tx.ended = true
	}
	if b.closed == nil {
		b.closed = err
	}
	return b.closed
}

// Tx returns the transaction that the batch began, if it did.
func (b *batch) Tx() pgx.Tx {
	if b.inner == nil {
		return nil
	}
	if b.tx.Tx == nil {
		inner := b.inner.Tx()
		if inner == nil {
			return nil
		}
		b.tx.Tx = inner
	}
	return b.tx
}
