package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Reader reads from replicas, in sessions that cannot write. It is small and may be copied; it is safe for concurrent use.
//
// A read that fails because of its node runs again on another one, as long as nothing of its result was handed out. When the
// context has a [Session], it sees what the session has written.
type Reader struct{ c *Cluster }

// Reader returns what reads.
func (c *Cluster) Reader() Reader { return Reader{c} }

// Query reads rows.
func (r Reader) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	rs := &rows{}
	err := r.c.read(ctx, rs, sql, args)
	if err != nil {
		return nil, err
	}
	return rs, nil
}

// QueryRow reads one row. Its errors come from Scan.
func (r Reader) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	rs := &rows{}
	if err := r.c.read(ctx, rs, sql, args); err != nil {
		rs.err = err
	}
	return (*row)(rs)
}

// attempts is how many nodes a read is tried on.
const attempts = 3

// read begins a read on a node, or on another one.
func (c *Cluster) read(ctx context.Context, rs *rows, sql string, args []any) error {
	var tried [attempts]*node
	var last error
	for n := range attempts {
		t := c.topology.Load()
		r, catchUp := c.pick(ctx, t, tried[:n])
		if r == nil {
			var err error
			if r, err = c.waitReader(ctx, t); err != nil {
				return withLast(err, last)
			}
		}
		err := c.start(ctx, rs, r, catchUp, sql, args)
		if err == nil || !isNodes(err) || ctx.Err() != nil {
			return err
		}
		last, tried[n] = err, r.node
		c.suspect()
	}
	return last
}

// waitReader waits until anybody can serve reads.
func (c *Cluster) waitReader(ctx context.Context, t *topology) (*reader, error) {
	wait, cancel := context.WithTimeout(ctx, c.cfg.WriteWait)
	defer cancel()
	for {
		if len(t.readers) > 0 {
			return t.readers[0], nil
		}
		if t.fallback != nil && c.cfg.WithoutReplica == ReadPrimary {
			return t.fallback, nil
		}
		select {
		case <-t.changed:
			t = c.topology.Load()
		case <-c.ctx.Done():
			return nil, ErrClosed
		case <-wait.Done():
			return nil, fmt.Errorf("%w: %w", ErrNoReplica, context.Cause(wait))
		}
	}
}

// pick selects a node for a read, or nil when there is none. catchUp says that it must be asked whether it has what the session has
// written.
func (c *Cluster) pick(ctx context.Context, t *topology, tried []*node) (r *reader, catchUp bool) {
	if len(tried) > 0 {
		for _, r := range t.readers {
			if !contains(tried, r.node) {
				return r, c.behind(ctx, t, r)
			}
		}
		return t.fallback, false
	}
	if len(t.replicas) > 0 {
		if i, ok := c.cfg.Selector.SelectReplica(ctx, t.replicas); ok && i >= 0 && i < len(t.readers) {
			return t.readers[i], c.behind(ctx, t, t.readers[i])
		}
	}
	if c.cfg.WithoutReplica == FailTheReads && len(t.replicas) == 0 {
		return nil, false
	}
	return t.fallback, false
}

// behind says whether a node may not have what the session of ctx has written.
func (c *Cluster) behind(ctx context.Context, t *topology, r *reader) bool {
	s := sessionOf(ctx)
	if s == nil {
		return false
	}
	token := s.Token()
	return token.Timeline > t.timeline || token.LSN > r.replayed
}

func contains(all []*node, n *node) bool {
	for _, each := range all {
		if each == n {
			return true
		}
	}
	return false
}

// start sends a query and waits for its first row, so that a node that fails is noticed while another one can be taken.
func (c *Cluster) start(ctx context.Context, rs *rows, r *reader, catchUp bool, sql string, args []any) error {
	conn, err := r.pool.Acquire(ctx)
	if err != nil {
		return nodesError{err}
	}
	if catchUp {
		token := sessionOf(ctx).Token()
		if !c.catchUp(ctx, conn, token) {
			conn.Release()
			t := c.topology.Load()
			if t.fallback == nil {
				return nodesError{ErrNoPrimary}
			}
			if r = t.fallback; r.pool == nil {
				return nodesError{ErrNoPrimary}
			}
			if conn, err = r.pool.Acquire(ctx); err != nil {
				return nodesError{err}
			}
		}
	}
	r.node.load.begin()
	*rs = rows{conn: conn, load: r.node.load, began: time.Now()}
	rs.Rows, err = conn.Query(ctx, sql, args...)
	if err == nil {
		err = rs.peek()
	}
	if err != nil {
		closed := conn.Conn().IsClosed()
		rs.end(err)
		if closed || isNodes(err) {
			return nodesError{err}
		}
		rs.err = err
	}
	return err
}

// nodesError is an error that is a node's, and not the query's.
type nodesError struct{ error }

func (e nodesError) Unwrap() error { return e.error }

// isNodes says whether another node may do better.
func isNodes(err error) bool {
	if _, ok := errors.AsType[nodesError](err); ok {
		return true
	}
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return false
	}
	switch pg.Code {
	case "40001", "57P01", "57P02", "57P03", "53300", "58000", "58030": // the first one is a conflict with what is replayed
		return true
	}
	return false
}
