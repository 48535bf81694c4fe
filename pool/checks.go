package pool

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// installChecks tests and recycles connections at checkout.
func (p *Pool) installChecks(pc *pgxpool.Config) {
	if pc.ShouldPing == nil {
		after := p.cfg.PingAfter
		if after < 0 {
			after = never
		}
		pc.ShouldPing = func(_ context.Context, params pgxpool.ShouldPingParams) bool {
			if params.IdleDuration < after {
				return false
			}
			if c := connOf(params.Conn); c != nil {
				c.pinged = time.Now()
			}
			return true
		}
	}
	prepare := pc.PrepareConn
	pc.PrepareConn = func(ctx context.Context, conn *pgx.Conn) (bool, error) {
		if c := connOf(conn); c != nil {
			if !c.pinged.IsZero() {
				c.pinged = time.Time{}
			}
			if p.clock.now.Load() > c.expires {
				p.recycled.Add(1)
				return false, nil
			}
		}
		if prepare != nil {
			return prepare(ctx, conn)
		}
		return true, nil
	}
	beforeClose := pc.BeforeClose
	pc.BeforeClose = func(conn *pgx.Conn) {
		if c := connOf(conn); c != nil {
			p.conns.remove(c)
			if conn.IsClosed() {
				c.closeSoon()
			}
			if !c.pinged.IsZero() && conn.IsClosed() {
				p.testFailed(time.Since(c.pinged))
			}
		}
		if beforeClose != nil {
			beforeClose(conn)
		}
	}
}

// closeGrace is how long a connection whose statement was given up may take to say goodbye. pgx gives it 15 s, during
// which it occupies a place in the pool; when the other side is silent that is 15 s without a connection.
const closeGrace = time.Second

func (c *conn) closeSoon() {
	c.goodbye.Store(time.AfterFunc(closeGrace, func() { _ = c.Conn.Close() }))
}

// testFailed counts a connection that did not survive its test. One that was lost is only lost; one that did not answer
// in time means that the server or the way to it hangs, so the other idle connections are not worth a test each.
func (p *Pool) testFailed(took time.Duration) {
	p.invalid.Add(1)
	if took >= p.cfg.PingTimeout {
		p.raw.Reset()
	}
}

// expiry returns the stamp at which a connection made now is to be replaced.
func (p *Pool) expiry() int64 {
	if p.cfg.Recycle < 0 {
		return int64(never)
	}
	jitter := rand.N(max(p.cfg.Recycle/defaultRecycleJitterPart, 1))
	return int64(p.clock.precise() + p.cfg.Recycle + jitter)
}
