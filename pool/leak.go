package pool

import "time"

// sampleAllFor is how long every checkout's stack is recorded after a leak without a stack.
const sampleAllFor = 10 * time.Minute

// findLeaks reports each checkout that outlasts the threshold once, and its end. Stamps are coarse, so a checkout counts
// from when it was first seen, and a tick is added for another one that may have had the same stamp: nothing is reported
// early.
func (p *Pool) findLeaks() {
	p.reporting.Store(true)
	defer p.reporting.Store(false)
	now := p.clock.precise()
	for _, c := range p.conns.list() {
		since := max(c.stamp.Load(), 0)
		if since != c.seen {
			if c.reported {
				p.cfg.Logger.Info("leaked connection was returned after all", "pid", c.pid)
			}
			c.seen, c.seenAt, c.reported = since, now, false
		}
		if since != 0 && !c.reported && now-c.seenAt-p.clock.tick >= p.cfg.LeakThreshold {
			c.reported = true
			p.reportLeak(c.holder(now - time.Duration(since)))
		}
	}
}

func (p *Pool) reportLeak(h Holder) {
	p.leaks.Add(1)
	if h.Stack == "" {
		p.sampleAllUntil.Store(p.clock.now.Load() + int64(sampleAllFor))
	}
	p.cfg.Logger.Warn("connection held longer than the leak threshold", "pid", h.PID, "held", h.Held,
		"threshold", p.cfg.LeakThreshold, "caller", h.Caller, "stack", h.Stack)
	if p.cfg.OnLeak != nil {
		p.protect("OnLeak", func() { p.cfg.OnLeak(h) })
	}
}
