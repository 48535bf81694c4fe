package pool

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// acquireCtx is the context of one Acquire. It adds the acquire timeout to the caller's context, but only once the
// Acquire really waits: making a timer for each of the many that find an idle connection would cost more than the
// Acquire itself.
//
// pgxpool asks for Done once when an Acquire begins, to turn away a context that is already over. Only when it has to
// wait (for a free connection, a new one, or a ping) does it ask again. The first call therefore returns the caller's
// channel, and any further use arms the timeout. An acquireCtx that was never armed has not been kept by anyone and is
// used again for a later Acquire.
type acquireCtx struct {
	context.Context // the caller's

	pool  *Pool
	fresh bool // Done has not been called. Only the acquiring goroutine makes the first call.

	mu    sync.Mutex
	armed atomic.Pointer[armedCtx]
}

// armedCtx is the context with the timeout that an acquireCtx becomes when it is waited on.
type armedCtx struct {
	context.Context
	cancel context.CancelFunc
}

func (c *acquireCtx) Done() <-chan struct{} {
	if c.fresh {
		c.fresh = false
		return c.Context.Done()
	}
	return c.arm().Done()
}

func (c *acquireCtx) Deadline() (time.Time, bool) { return c.arm().Deadline() }

func (c *acquireCtx) Err() error {
	if a := c.armed.Load(); a != nil {
		return a.Err()
	}
	return c.Context.Err()
}

func (c *acquireCtx) arm() *armedCtx {
	if a := c.armed.Load(); a != nil {
		return a
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if a := c.armed.Load(); a != nil {
		return a
	}
	a := &armedCtx{}
	if t := c.pool.cfg.AcquireTimeout; t > 0 {
		a.Context, a.cancel = context.WithTimeout(c.Context, t)
	} else {
		a.Context, a.cancel = context.WithCancel(c.Context)
	}
	c.armed.Store(a)
	c.pool.waiters.add(a)
	return a
}

// acquireCtxs is the free list of acquireCtx values.
type acquireCtxs struct{ free sync.Pool }

func (f *acquireCtxs) get(ctx context.Context, p *Pool) *acquireCtx {
	c, _ := f.free.Get().(*acquireCtx)
	if c == nil {
		c = &acquireCtx{}
	}
	c.Context, c.pool, c.fresh = ctx, p, true
	return c
}

// put ends the acquire. An armed context may still be referred to by a connection attempt that goes on in the
// background, so it is left to the garbage collector.
func (f *acquireCtxs) put(c *acquireCtx, reuse bool) {
	if a := c.armed.Load(); a != nil {
		a.cancel()
		c.pool.waiters.remove(a)
		return
	}
	if reuse {
		c.Context = nil
		f.free.Put(c)
	}
}

// waiters is the set of acquires that wait now.
type waiters struct {
	mu     sync.Mutex
	all    map[*armedCtx]struct{}
	closed bool
}

func (w *waiters) add(a *armedCtx) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		a.cancel()
	}
	if w.all == nil {
		w.all = make(map[*armedCtx]struct{})
	}
	w.all[a] = struct{}{}
}

func (w *waiters) remove(a *armedCtx) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.all, a)
}

func (w *waiters) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.all)
}

// close ends all waits, present and future.
func (w *waiters) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	for a := range w.all {
		a.cancel()
	}
}
