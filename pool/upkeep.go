package pool

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// trimWindow is how long a connection beyond Size is idle before it is closed. pgxpool hands out the one that came back
// last, so those that are idle for long are those that nobody needs.
const trimWindow = 5 * time.Second

// every calls f at each tick of the clock, until the pool is closed.
func (p *Pool) every(f func()) {
	ticker := time.NewTicker(p.clock.tick)
	defer ticker.Stop()
	for {
		select {
		case <-p.life.Done():
			return
		case <-ticker.C:
			f()
		}
	}
}

// upkeepCtx is the context in which the pool takes idle connections to close some of them: no hook is called for it.
type upkeepCtx struct{ context.Context }

// upkeep closes idle connections that are due. pgxpool can only hand out all idle ones, so the others go back at once,
// in the order that keeps the one used last on top.
func (p *Pool) upkeep() {
	due := p.due()
	if len(due) == 0 {
		return
	}
	var closing []*pgxpool.Conn
	for _, c := range slices.Backward(p.raw.AcquireAllIdle(upkeepCtx{context.Background()})) {
		if own := connOf(c.Conn()); own != nil && due[own] == own.stamp.Load() {
			closing = append(closing, c)
			continue
		}
		c.Release()
	}
	for _, c := range closing {
		if p.outdated(connOf(c.Conn())) {
			p.recycled.Add(1)
		}
		ctx, cancel := context.WithTimeout(context.Background(), closeGrace)
		_ = c.Conn().Close(ctx)
		cancel()
		c.Release() // of a closed connection: makes pgxpool look after MinConns
	}
}

// due returns the idle connections that are to be closed, and since when they have been idle: those that are outdated,
// those beyond Size that nobody needs, and those beyond MinConns that were idle for IdleTimeout.
func (p *Pool) due() map[*conn]int64 {
	idle := slices.DeleteFunc(p.conns.list(), func(c *conn) bool { return c.stamp.Load() >= 0 })
	if len(idle) == 0 {
		return nil
	}
	since := make(map[*conn]int64, len(idle))
	for _, c := range idle {
		since[c] = c.stamp.Load()
	}
	slices.SortFunc(idle, func(a, b *conn) int { return int(since[b] - since[a]) }) // the longest idle first
	now, total := p.clock.now.Load(), int(p.raw.Stat().TotalConns())
	for _, c := range idle {
		age := time.Duration(now + since[c])
		switch {
		case p.outdated(c):
		case since[c] < 0 && age >= trimWindow && total > p.cfg.Size:
		case since[c] < 0 && age >= p.cfg.IdleTimeout && p.cfg.IdleTimeout > 0 && total > p.cfg.MinConns:
		default:
			delete(since, c)
			continue
		}
		total--
	}
	return since
}

// outdated reports whether a connection is to be replaced: because of its age, or because it was begun before an Evict.
func (p *Pool) outdated(c *conn) bool {
	return p.clock.now.Load() > c.expires || c.evictions != p.evictions.Load()
}
