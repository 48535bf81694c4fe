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
	ping := pc.ShouldPing
	if ping == nil {
		ping = p.shouldPing
	}
	pc.ShouldPing = func(ctx context.Context, params pgxpool.ShouldPingParams) bool {
		if c := connOf(params.Conn); c != nil {
			// pgxpool counts from the upkeep's last look, where there was one. Both stamps may be a tick old.
			idle := time.Duration(p.clock.now.Load()+c.stamp.Load()) - p.clock.tick
			params.IdleDuration = max(params.IdleDuration, idle)
		}
		return ping(ctx, params)
	}
	prepare := pc.PrepareConn
	if accept := pc.BeforeAcquire; accept != nil && prepare == nil { //nolint:staticcheck // deprecated, but still called by pgxpool
		prepare = func(ctx context.Context, conn *pgx.Conn) (bool, error) { //nolint:unparam // the signature is pgxpool's
			return accept(ctx, conn), nil
		}
	}
	pc.PrepareConn = func(ctx context.Context, conn *pgx.Conn) (bool, error) {
		if c := connOf(conn); c != nil {
			if _, c.upkeep = ctx.(upkeepCtx); c.upkeep {
				return true, nil
			}
			if !c.pinged.IsZero() {
				c.pinged = time.Time{}
			}
			if p.outdated(c) {
				p.recycled.Add(1)
				return false, nil
			}
		}
		if prepare == nil {
			return true, nil
		}
		ok, err := prepare(ctx, conn)
		if err != nil && ctx.Err() == nil {
			err = hookFailed("PrepareConn", err) // a context error of its own would be taken for the acquire's
		}
		return ok, err
	}
	if release := pc.AfterRelease; release != nil {
		pc.AfterRelease = func(conn *pgx.Conn) bool {
			c := connOf(conn)
			return c != nil && c.upkeep || release(conn)
		}
	}
	beforeClose := pc.BeforeClose
	pc.BeforeClose = func(conn *pgx.Conn) {
		if c := connOf(conn); c != nil {
			c.stamp.Store(0)
			c.closeSoon()
			if !c.pinged.IsZero() && conn.IsClosed() {
				p.testFailed(time.Since(c.pinged))
			}
		}
		if beforeClose != nil {
			beforeClose(conn)
		}
	}
}

func (p *Pool) shouldPing(_ context.Context, params pgxpool.ShouldPingParams) bool {
	if p.cfg.PingAfter < 0 || params.IdleDuration < p.cfg.PingAfter {
		return false
	}
	if c := connOf(params.Conn); c != nil {
		c.pinged = time.Now()
	}
	return true
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
	recycle := min(p.cfg.Recycle, never)
	jitter := rand.N(max(recycle/defaultRecycleJitterPart, 1))
	return int64(p.clock.precise() + recycle + jitter)
}
