package cluster

import (
	"context"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
)

// report is what a probe found.
type report struct {
	node   *node
	status Status
	asked  time.Time
	moved  bool // its name has other addresses than before
	err    error
}

// node is one of the cluster. What is not said to be guarded never changes, or belongs to the goroutine of the monitor.
type node struct {
	parsed

	load    *load
	kick    chan struct{} // has one when a probe is wanted now
	pending atomic.Int64  // since when a probe waits for its answer, as a duration since the cluster began; 0 while none does
	stop    context.CancelFunc
	gone    bool

	detector detector
	view     view
	state    State
	err      error     // of the last probe
	failing  time.Time // when the first one in a row began that failed
	reads    *target
	writes   *target
}

// probe asks one node until ctx is done. It has a connection of its own, so that a pool that is used up does not look like a
// server that is dead.
func (c *Cluster) probe(ctx context.Context, n *node) {
	var conn *pgx.Conn
	defer func() { closeNow(conn) }()
	var names lookups
	for ctx.Err() == nil {
		r := report{node: n, asked: time.Now()}
		if r.moved = names.moved(ctx, c, n, r.asked); r.moved {
			closeNow(conn)
			conn = nil
		}
		n.pending.Store(int64(time.Since(c.began)))
		conn, r.status, r.err = c.ask(ctx, n, conn)
		n.pending.Store(0)
		select {
		case c.reports <- r:
		case <-ctx.Done():
			return
		}
		c.wait(ctx, n, conn)
	}
}

// wait waits until it is time for the next probe of a node, until one is wanted, or until the connection breaks: a server that dies says
// so at once to those who listen.
func (c *Cluster) wait(ctx context.Context, n *node, conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(ctx, c.pause())
	defer cancel()
	wanted := make(chan struct{})
	go func() {
		defer close(wanted)
		select {
		case <-n.kick:
			cancel()
		case <-ctx.Done():
		}
	}()
	if conn != nil {
		_, _ = conn.WaitForNotification(ctx) // there is none, so it ends with ctx, or with the connection
		cancel()
	}
	<-wanted
}

// pause returns how long to wait for the next probe: a tenth more or less, so that the nodes and the clients do not all ask at once.
func (c *Cluster) pause() time.Duration {
	interval := c.cfg.ProbeInterval
	if c.urgent.Load() {
		interval = c.cfg.UrgentInterval
	}
	return interval*9/10 + rand.N(interval/5+1)
}

// ask asks once. It returns the connection to ask with again, or nil.
func (c *Cluster) ask(ctx context.Context, n *node, conn *pgx.Conn) (*pgx.Conn, Status, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.ProbeTimeout)
	defer cancel()
	var s Status
	var err error
	if conn == nil {
		cfg := n.pool.ConnConfig.Copy()
		cfg.DefaultQueryExecMode = pgx.QueryExecModeExec // no statement stays behind where a pooler is in between
		if err = c.before(ctx, cfg); err == nil {
			conn, err = pgx.ConnectConfig(ctx, cfg)
		}
		if err != nil {
			return nil, s, err
		}
	}
	if err = s.scan(conn.QueryRow(ctx, statusQuery)); err != nil {
		closeNow(conn)
		return nil, s, err
	}
	return conn, s, nil
}

// closeNow closes a connection without a word: the server may not listen.
func closeNow(conn *pgx.Conn) {
	if conn == nil {
		return
	}
	_ = conn.PgConn().Conn().Close()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = conn.Close(ctx)
}

// before lets the host change the configuration of a connection.
func (c *Cluster) before(ctx context.Context, cfg *pgx.ConnConfig) error {
	if c.cfg.BeforeConnect == nil {
		return nil
	}
	return c.cfg.BeforeConnect(ctx, cfg)
}
