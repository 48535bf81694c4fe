package pool

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/multitracer"
	"github.com/jackc/pgx/v5/pgxpool"
)

// poolTracer is how the pool sees each acquire, release and connect of the pgxpool, whoever asks for it.
type poolTracer struct {
	pool *Pool
	ctxs acquireCtxs
	// reuse is false when a hook of the user may keep the context of an acquire.
	reuse bool
	// sample is LeakSampleEvery, 0 when leak detection is off.
	sample int
	echo   bool
}

var (
	_ pgx.QueryTracer       = (*poolTracer)(nil)
	_ pgx.ConnectTracer     = (*poolTracer)(nil)
	_ pgxpool.AcquireTracer = (*poolTracer)(nil)
	_ pgxpool.ReleaseTracer = (*poolTracer)(nil)
)

func (t *poolTracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return ctx
}

func (t *poolTracer) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func (t *poolTracer) TraceConnectStart(ctx context.Context, _ pgx.TraceConnectStartData) context.Context {
	return withAttempt(ctx)
}

// TraceConnectEnd finds the record of a connection that was wrapped once more, and keeps the last failure: pgxpool drops
// those of background connections, and an acquire that timed out meanwhile is explained by it.
func (t *poolTracer) TraceConnectEnd(ctx context.Context, data pgx.TraceConnectEndData) {
	if data.Err != nil {
		t.pool.connectFailed(data.Err)
		return
	}
	if a := attemptOf(ctx); a != nil && a.conn != nil && connOf(data.Conn) == nil {
		data.Conn.PgConn().CustomData()[customKey] = a.conn
	}
	t.pool.connectFailure.Store(nil)
}

// TraceAcquireStart ignores other pools, which are made from a copy of this one's configuration.
func (t *poolTracer) TraceAcquireStart(ctx context.Context, raw *pgxpool.Pool, _ pgxpool.TraceAcquireStartData) context.Context {
	if raw != t.pool.raw {
		return ctx
	}
	c := t.ctxs.get(ctx, t.pool)
	t.pool.acquiring.Add(1) // before the look at the gate: see Stats.Acquiring
	for g := t.pool.gate.Load(); g != nil && c.Err() == nil; g = t.pool.gate.Load() {
		t.pool.acquiring.Add(-1)
		c.fresh = false
		select {
		case <-g.opened:
		case <-c.arm().Done():
		}
		t.pool.acquiring.Add(1)
	}
	return c
}

func (t *poolTracer) TraceAcquireEnd(ctx context.Context, _ *pgxpool.Pool, data pgxpool.TraceAcquireEndData) {
	ac, ok := ctx.(*acquireCtx)
	if !ok {
		return
	}
	ctx = ac.Context
	t.pool.acquiring.Add(-1)
	if data.Conn != nil {
		if c := connOf(data.Conn); c != nil {
			c.checkout(t.pool.clock.now.Load(), t.sampleEvery())
			if t.echo {
				t.pool.cfg.Logger.DebugContext(ctx, "connection checked out", "pid", c.pid)
			}
		}
		if hook := t.pool.cfg.OnCheckout; hook != nil {
			t.pool.protect("OnCheckout", func() { hook(ctx, data.Conn) })
		}
	}
	t.ctxs.put(ac, t.reuse)
}

// sampleEvery is 1, every stack, for a while after a leak was found whose stack was not recorded.
func (t *poolTracer) sampleEvery() int {
	if t.sample > 1 && t.pool.clock.now.Load() < t.pool.sampleAllUntil.Load() {
		return 1
	}
	return t.sample
}

func (t *poolTracer) TraceRelease(raw *pgxpool.Pool, data pgxpool.TraceReleaseData) {
	if raw != t.pool.raw || ofUpkeep(data.Conn) {
		return
	}
	if c := connOf(data.Conn); c != nil {
		c.stamp.Store(-t.pool.clock.now.Load())
		if t.echo {
			t.pool.cfg.Logger.Debug("connection checked in", "pid", c.pid)
		}
	}
	if data.Conn.IsClosed() {
		t.pool.invalid.Add(1)
	}
	if hook := t.pool.cfg.OnCheckin; hook != nil {
		t.pool.protect("OnCheckin", func() { hook(data.Conn) })
	}
}

// ofUpkeep reports whether the pool itself had taken a connection, which is nobody's release.
func ofUpkeep(conn *pgx.Conn) bool {
	c := connOf(conn)
	return c != nil && c.upkeep
}

// combinedTracer adds the user's tracers to the pool's. They get the caller's context at the end of an acquire, not the
// pool's own, which must not be kept.
type combinedTracer struct {
	*multitracer.Tracer
	own *poolTracer
}

func (t *combinedTracer) TraceConnectStart(ctx context.Context, data pgx.TraceConnectStartData) context.Context {
	return t.own.TraceConnectStart(t.Tracer.TraceConnectStart(ctx, data), data)
}

func (t *combinedTracer) TraceConnectEnd(ctx context.Context, data pgx.TraceConnectEndData) {
	t.own.TraceConnectEnd(ctx, data)
	t.Tracer.TraceConnectEnd(ctx, data)
}

func (t *combinedTracer) TraceAcquireStart(ctx context.Context, raw *pgxpool.Pool, data pgxpool.TraceAcquireStartData) context.Context {
	return t.own.TraceAcquireStart(t.Tracer.TraceAcquireStart(ctx, raw, data), raw, data)
}

func (t *combinedTracer) TraceAcquireEnd(ctx context.Context, raw *pgxpool.Pool, data pgxpool.TraceAcquireEndData) {
	user := ctx
	if c, ok := ctx.(*acquireCtx); ok {
		user = c.Context
	}
	t.own.TraceAcquireEnd(ctx, raw, data)
	t.Tracer.TraceAcquireEnd(user, raw, data)
}

func (t *combinedTracer) TraceRelease(raw *pgxpool.Pool, data pgxpool.TraceReleaseData) {
	if ofUpkeep(data.Conn) {
		return
	}
	t.own.TraceRelease(raw, data)
	t.Tracer.TraceRelease(raw, data)
}
