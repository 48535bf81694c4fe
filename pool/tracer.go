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
	return ctx
}

// TraceConnectEnd keeps the last failure: pgxpool drops those of background connections, and an acquire that timed out
// meanwhile is explained by it.
func (t *poolTracer) TraceConnectEnd(_ context.Context, data pgx.TraceConnectEndData) {
	if data.Err == nil {
		t.pool.connectFailure.Store(nil)
		return
	}
	t.pool.connectFailures.Add(1)
	t.pool.connectFailure.Store(&connectFailure{at: t.pool.clock.precise(), err: data.Err})
}

func (t *poolTracer) TraceAcquireStart(ctx context.Context, _ *pgxpool.Pool, _ pgxpool.TraceAcquireStartData) context.Context {
	c := t.ctxs.get(ctx, t.pool)
	if g := t.pool.gate.Load(); g != nil {
		c.fresh = false
		select {
		case <-g.opened:
		case <-c.arm().Done():
		}
	}
	return c
}

func (t *poolTracer) TraceAcquireEnd(ctx context.Context, _ *pgxpool.Pool, data pgxpool.TraceAcquireEndData) {
	ac, ok := ctx.(*acquireCtx)
	if ok {
		ctx = ac.Context
	}
	if data.Conn != nil {
		if c := connOf(data.Conn); c != nil {
			c.checkout(t.pool.clock.now.Load(), t.sampleEvery())
			if t.echo {
				t.pool.cfg.Logger.DebugContext(ctx, "connection checked out", "pid", c.pid)
			}
		}
		if hook := t.pool.cfg.OnCheckout; hook != nil {
			hook(ctx, data.Conn)
		}
	}
	if ok {
		t.ctxs.put(ac, t.reuse)
	}
}

// sampleEvery is 1, every stack, for a while after a leak was found whose stack was not recorded.
func (t *poolTracer) sampleEvery() int {
	if t.sample > 1 && t.pool.clock.now.Load() < t.pool.sampleAllUntil.Load() {
		return 1
	}
	return t.sample
}

func (t *poolTracer) TraceRelease(_ *pgxpool.Pool, data pgxpool.TraceReleaseData) {
	if c := connOf(data.Conn); c != nil {
		if c.upkeep {
			c.upkeep = false
			return
		}
		c.since.Store(0)
		if t.echo {
			t.pool.cfg.Logger.Debug("connection checked in", "pid", c.pid)
		}
	}
	if data.Conn.IsClosed() {
		t.pool.invalid.Add(1)
	}
	if hook := t.pool.cfg.OnCheckin; hook != nil {
		hook(data.Conn)
	}
}

// combinedTracer adds the user's tracers to the pool's. They get the caller's context at the end of an acquire, not the
// pool's own, which must not be kept.
type combinedTracer struct {
	*multitracer.Tracer
	own *poolTracer
}

// tracer returns what goes into pgx's one tracer slot.
func (t *poolTracer) withUser(tracers []pgx.QueryTracer) pgx.QueryTracer {
	if len(tracers) == 0 {
		return t
	}
	return &combinedTracer{Tracer: multitracer.New(tracers...), own: t}
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
	t.own.TraceRelease(raw, data)
	t.Tracer.TraceRelease(raw, data)
}
