package pool

import (
	"context"
	"time"
)

// Trimming: an idle connection beyond Size is closed once it was not needed for trimWindow.
const trimWindow = 5 * time.Second

// sampleAllFor is how long every checkout's stack is recorded after a leak without a stack.
const sampleAllFor = 10 * time.Minute

// maintain is the pool's goroutine: it advances the clock and looks after what no checkout looks after.
func (p *Pool) maintain() {
	ticker := time.NewTicker(p.clock.tick)
	defer ticker.Stop()
	var trim trimmer
	for {
		select {
		case <-p.life.Done():
			return
		case <-ticker.C:
		}
		p.clock.advance()
		now := p.clock.now.Load()
		if p.cfg.LeakThreshold > 0 {
			p.findLeaks(now)
		}
		s := p.raw.Stat()
		surplus := trim.surplus(time.Duration(now), int(s.TotalConns())-p.cfg.Size, int(s.IdleConns()))
		if surplus > 0 || p.idleExpired(now) {
			p.closeIdle(surplus)
		}
	}
}

// trimmer finds how many idle connections beyond Size nobody needed during a whole window: the least number that was
// idle at any look.
type trimmer struct {
	began time.Duration
	least int
}

func (t *trimmer) surplus(now time.Duration, beyond, idle int) int {
	if beyond <= 0 || idle == 0 {
		t.began = 0
		return 0
	}
	if t.began == 0 {
		t.began, t.least = now, idle
	}
	t.least = min(t.least, idle)
	if now-t.began < trimWindow {
		return 0
	}
	t.began = 0
	return min(t.least, beyond)
}

func (p *Pool) idleExpired(now int64) bool {
	for _, c := range p.conns.list() {
		if c.stamp.Load() < 0 && c.expires < now {
			return true
		}
	}
	return false
}

// closeIdle closes n idle connections, and those that have expired: taking them passes PrepareConn, which refuses them.
func (p *Pool) closeIdle(n int) {
	idle := p.raw.AcquireAllIdle(context.Background())
	for i, c := range idle {
		if own := connOf(c.Conn()); own != nil {
			own.upkeep = true
		}
		if i >= len(idle)-n {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			_ = c.Conn().Close(ctx)
			cancel()
		}
		c.Release()
	}
}

// findLeaks reports each checkout that outlasts the threshold once, and its end.
func (p *Pool) findLeaks(now int64) {
	for _, c := range p.conns.list() {
		since := max(c.stamp.Load(), 0)
		switch {
		case c.reported != 0 && since != c.reported:
			p.cfg.Logger.Info("leaked connection was returned after all", "pid", c.pid)
			c.reported = 0
		case since == 0 || since == c.reported || time.Duration(now-since) < p.cfg.LeakThreshold:
		default:
			c.reported = since
			p.leaks.Add(1)
			h := c.holder(time.Duration(now - since))
			if h.Stack == "" {
				p.sampleAllUntil.Store(now + int64(sampleAllFor))
			}
			p.cfg.Logger.Warn("connection held longer than the leak threshold", "pid", h.PID, "held", h.Held,
				"threshold", p.cfg.LeakThreshold, "caller", h.Caller, "stack", h.Stack)
			if p.cfg.OnLeak != nil {
				p.cfg.OnLeak(h)
			}
		}
	}
}
