package pool

import (
	"context"
	"net"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// attempt is an attempt to connect. It travels in the context, which tells its dials from those of requests to cancel a
// statement, and learns which connection was made.
type attempt struct{ conn *conn }

type attemptKey struct{}

func withAttempt(ctx context.Context) context.Context {
	return context.WithValue(ctx, attemptKey{}, &attempt{})
}

func attemptOf(ctx context.Context) *attempt {
	a, _ := ctx.Value(attemptKey{}).(*attempt)
	return a
}

// dial returns the dial function of one connection of the pool. While the connection is being opened, it ends with the
// pool.
func (p *Pool) dial(next pgconn.DialFunc) pgconn.DialFunc {
	evictions := p.evictions.Load()
	var own atomic.Pointer[conn] // made by the last attempt
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		a := attemptOf(ctx)
		if c := own.Load(); c != nil && a == nil {
			return c.dialCancel(ctx, next, network, addr)
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(p.life, cancel)()
		nc, err := next(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		if tcp, ok := nc.(*net.TCPConn); ok {
			tuneTCP(tcp, p.cfg.TCPUserTimeout)
		}
		c := &conn{Conn: nc, pool: p, evictions: evictions}
		c.ended, c.end = context.WithCancel(context.Background())
		c.begun = context.AfterFunc(p.life, c.cut)
		own.Store(c)
		if a != nil {
			a.conn = c
		}
		return c, nil
	}
}

// dialCancel connects for a request to cancel the connection's statement. The request ends with the connection: a server
// that hangs accepts it and never answers, and pgx would not go on closing the connection meanwhile.
func (c *conn) dialCancel(ctx context.Context, next pgconn.DialFunc, network, addr string) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(c.ended, cancel)()
	nc, err := next(ctx, network, addr)
	if err == nil {
		context.AfterFunc(c.ended, func() { _ = nc.Close() })
	}
	return nc, err
}

// established completes the record of a new connection and takes it into the set.
func (p *Pool) established(pc *pgx.Conn) {
	c := connOf(pc)
	if c == nil {
		return
	}
	c.begun()
	c.pid = pc.PgConn().PID()
	c.expires = p.expiry()
	c.stamp.Store(-p.clock.now.Load())
	p.conns.add(c)
}
