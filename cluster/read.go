package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Reader reads from replicas, in sessions that cannot write. It is small and may be copied; it has the methods that sqlc wants
// of its DBTX, those for copies and batches included, and is safe for concurrent use.
//
// A read that fails because of its node runs again on another one, as long as nothing of its result was handed out. When the
// context has a [Session], it sees what the session has written.
type Reader struct{ c *Cluster }

// Reader returns what reads.
func (c *Cluster) Reader() Reader { return Reader{c} }

// Query reads rows.
func (r Reader) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	rs := &rows{sql: sql, args: args}
	if err := r.c.read(ctx, rs); err != nil {
		return nil, err
	}
	return rs, nil
}

// QueryRow reads one row. Its errors come from Scan.
func (r Reader) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	one := &row{rows: rows{sql: sql, args: args}, c: r.c, ctx: ctx}
	one.ask()
	return one
}

// Exec executes a statement that returns nothing and changes nothing.
func (r Reader) Exec(ctx context.Context, sql string, args ...any) (tag pgconn.CommandTag, err error) {
	err = r.c.read(ctx, readFunc(func(ctx context.Context, conn *pgxpool.Conn) error {
		var err error
		tag, err = conn.Exec(ctx, sql, args...)
		return err
	}))
	return tag, err
}

// InTx runs a function in a read-only transaction, in which all reads see the same node. It runs again on another node when that
// one fails.
func (r Reader) InTx(ctx context.Context, options pgx.TxOptions, run func(pgx.Tx) error) error {
	options.AccessMode = pgx.ReadOnly
	return r.c.read(ctx, readFunc(func(ctx context.Context, conn *pgxpool.Conn) error {
		return pgx.BeginTxFunc(ctx, conn, options, run)
	}))
}

// reading is something that is read with a connection, which it gives back.
type reading interface {
	readOn(ctx context.Context, r *reader, conn *pgxpool.Conn) error
}

// readFunc is one that has ended when the function returns.
type readFunc func(context.Context, *pgxpool.Conn) error

func (f readFunc) readOn(ctx context.Context, r *reader, conn *pgxpool.Conn) error {
	l, began := r.node.load, time.Now()
	l.begin()
	err := f(ctx, conn)
	l.end(time.Since(began), err != nil)
	if err != nil && conn.Conn().IsClosed() {
		err = nodeError{err}
	}
	conn.Release()
	return err
}

// readOn sends the query and waits for its first row, so that a node that fails is noticed while another one can be taken.
func (r *rows) readOn(ctx context.Context, on *reader, conn *pgxpool.Conn) (err error) {
	r.conn, r.load, r.began = conn, on.node.load, time.Now()
	r.load.begin()
	if r.Rows, err = conn.Query(ctx, r.sql, r.args...); err == nil {
		err = r.peek()
	}
	if err != nil {
		if conn.Conn().IsClosed() {
			err = nodeError{err}
		}
		r.end(err)
	}
	return err
}

// attempts is how many nodes a read is sent to. It may be what ends the server that executes it.
const attempts = 3

// read reads from a node, or from another one. As long as the read was not sent to one, it waits for one up to [Config.WriteWait].
func (c *Cluster) read(ctx context.Context, what reading) error {
	if err := c.checkToken(ctx); err != nil {
		return err
	}
	var tried [attempts]*target
	var last error
	var until time.Time // zero as long as there were nodes to try
	pause := time.Millisecond
	for n, sent := 0, 0; ; {
		r, err := c.reader(ctx, tried[:n])
		if err != nil {
			return withLast(err, last)
		}
		conn, r, err := c.acquire(ctx, r)
		if err == nil {
			if err = what.readOn(ctx, r, conn); !blameless(err) {
				sent++
			}
			if brokeSilently(err) {
				r.pool.Reset() // the others that wait there are broken, too
			}
		}
		if err == nil || !isNodes(err) || ctx.Err() != nil {
			return err
		}
		if c.ctx.Err() != nil {
			return ErrClosed
		}
		c.suspect()
		last, tried[n] = err, r.target
		if n++; sent == attempts {
			return last
		}
		if n < attempts {
			continue
		}
		now := time.Now()
		if until.IsZero() {
			until = now.Add(c.cfg.WriteWait)
		}
		if n = 0; now.After(until) || !c.rest(ctx, pause) {
			return last
		}
		pause = min(2*pause, c.cfg.UrgentInterval)
	}
}

// rest waits a while. It returns false when ctx is done, or the cluster closed.
func (c *Cluster) rest(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
	case <-c.ctx.Done():
	}
	return false
}

// blameless says whether the error of a read is one that the read has not caused: the server goes down because of another one, or a pooler
// has no server.
func blameless(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (strings.HasPrefix(pg.Code, "57P") || notForwarded(pg))
}

// brokeSilently says whether a connection broke without a word of the server, as all do when it dies.
func brokeSilently(err error) bool {
	_, broke := errors.AsType[nodeError](err)
	_, told := errors.AsType[*pgconn.PgError](err)
	return broke && !told
}

// reader returns the node for a read, and waits for one if there is none.
func (c *Cluster) reader(ctx context.Context, tried []*target) (*reader, error) {
	t := c.topology.Load()
	if r := c.pick(ctx, t, tried); r != nil {
		return r, nil
	}
	wait, cancel := context.WithTimeout(ctx, c.cfg.WriteWait)
	defer cancel()
	for {
		if r := c.pick(wait, t, nil); r != nil {
			return r, nil
		}
		select {
		case <-t.changed:
			t = c.topology.Load()
		case <-c.ctx.Done():
			return nil, ErrClosed
		case <-wait.Done():
			return nil, fmt.Errorf("%w: %w", c.withoutReplica(ctx, t), context.Cause(wait))
		}
	}
}

// pick selects a node for a read that was not tried before, or nil when there is none.
func (c *Cluster) pick(ctx context.Context, t *topology, tried []*target) *reader {
	readers, replicas := c.within(ctx, t)
	if len(tried) == 0 && len(readers) > 0 {
		if i, ok := c.cfg.Selector.SelectReplica(ctx, replicas); ok && i >= 0 && i < len(readers) {
			return readers[i]
		}
		if t.fallback != nil {
			return t.fallback // as the selector wants it
		}
	}
	for _, r := range readers {
		if !slices.Contains(tried, r.target) {
			return r
		}
	}
	if c.cfg.WithoutReplica == ReadPrimary {
		return t.fallback
	}
	return nil
}

// acquire returns a connection to a node, or to the primary when the node does not have in time what the session of ctx has
// written.
func (c *Cluster) acquire(ctx context.Context, r *reader) (*pgxpool.Conn, *reader, error) {
	conn, err := r.pool.Acquire(ctx)
	if err != nil {
		return nil, r, nodeError{err}
	}
	t := c.topology.Load()
	token, asks := c.missing(ctx, t, r)
	if !asks || c.catchUp(ctx, conn, token) {
		return conn, r, nil
	}
	conn.Release()
	if t.fallback == nil {
		return nil, r, nodeError{ErrNoPrimary}
	}
	if conn, err = t.fallback.pool.Acquire(ctx); err != nil {
		return nil, t.fallback, nodeError{err}
	}
	return conn, t.fallback, nil
}

// missing says whether a node may not have what the session of ctx has written, and what that is.
func (c *Cluster) missing(ctx context.Context, t *topology, r *reader) (token Token, asks bool) {
	s := SessionOf(ctx)
	if s == nil || r == t.fallback {
		return token, false
	}
	token = s.Token()
	return token, token.Timeline > t.timeline || token.LSN > r.replayed
}

// nodeError is an error that is a node's, and not the query's.
type nodeError struct{ error }

func (e nodeError) Unwrap() error { return e.error }

// isNodes says whether another node may do better.
func isNodes(err error) bool {
	if _, ok := errors.AsType[nodeError](err); ok {
		return true
	}
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return false
	}
	switch pg.Code {
	case "40001", // a conflict with what is replayed
		"57P01", "57P02", "57P03", "53300", "58000", "58030":
		return true
	}
	return false
}
