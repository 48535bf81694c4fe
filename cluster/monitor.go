package cluster

import (
	"context"
	"fmt"
	"maps"
	"time"
)

// monitor takes the reports of all probes, one after the other, and decides. It is the only one that changes anything.
func (c *Cluster) monitor(ctx context.Context) {
	ticker := time.NewTicker(tick / 2)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			c.clock.ticks.Store(uint32(time.Since(c.began) / tick)) //nolint:gosec // it may wrap
			c.watch()
			if c.split { // its grace may be over
				c.decide(time.Now())
			}
		case r := <-c.reports:
			if !r.node.gone {
				c.take(r)
				c.decide(time.Now())
			}
		case f := <-c.found:
			c.accept(f)
			c.decide(time.Now())
		}
	}
}

// watch looks whether the primary still ends what it was sent. A server that hangs keeps its connections, so nothing but this
// and the next probe says that it does.
func (c *Cluster) watch() {
	if c.primary == none {
		return
	}
	w := c.nodes[c.primary].writes
	if w == nil {
		return
	}
	ended := w.ended.Load()
	if ended == w.stuck && w.begun.Load() > ended {
		c.suspect()
	}
	w.stuck = ended
}

// take keeps what a probe found.
func (c *Cluster) take(r report) {
	n := r.node
	n.err = r.err
	switch {
	case outcomeOf(r.err) == answered:
		n.failing = time.Time{}
	case n.failing.IsZero():
		n.failing = r.asked
	}
	if r.moved {
		c.tell(Event{Kind: NodeMoved, Node: n.name, Reason: "its name has other addresses now"})
		c.leave(&n.reads)
		c.leave(&n.writes)
	}
	n.detector.observe(outcomeOf(r.err), thresholds{c.cfg.FailureThreshold, c.cfg.RecoveryThreshold})
	v := &n.view
	v.asking, v.probed = false, r.asked
	v.health = n.detector.health
	if r.err != nil {
		return
	}
	if v.status.Role == Standby && r.status.Role == Primary && r.status.Timeline > v.status.Timeline {
		v.followed = v.status.Received
		if c.forked(v.status, r.status) {
			v.followed = r.status.Recovered
		}
	}
	if was := v.status; r.status.Role == Standby && !r.status.Streaming && r.status.Started.Equal(was.Started) {
		r.status.Timeline = max(r.status.Timeline, was.Timeline) // who has followed a timeline does not leave it; its control file knows later
	}
	v.status, v.asked = r.status, r.asked
	if n.state == Writable {
		c.seen(n)
	}
}

// forked keeps where a timeline began, which a primary that was promoted knows as long as it is not restarted. It says whether it does.
func (c *Cluster) forked(before, after Status) bool {
	if before.SystemID != after.SystemID || !before.Started.Equal(after.Started) || before.Timeline == 0 || after.Recovered < before.Replayed {
		return false
	}
	forks := maps.Clone(c.forks)
	if forks == nil {
		forks = forkMap{}
	}
	forks[after.Timeline] = fork{before.Timeline, after.Recovered}
	c.forks = forks
	return true
}

// seen keeps where the primary was.
func (c *Cluster) seen(n *node) {
	c.written = n.view.status.Replayed
	c.history.add(c.written, n.view.asked)
}

// decide decides, opens and drops pools as the nodes' states say, and publishes.
func (c *Cluster) decide(now time.Time) {
	views := make([]view, len(c.nodes))
	for i, n := range c.nodes {
		views[i] = n.view
		pending := time.Duration(n.pending.Load())
		views[i].silent = pending > 0 && time.Since(c.began)-pending > 3*c.cfg.UrgentInterval/2
	}
	d := decide(c.belief, views, rules{c.cfg.RivalGrace, c.cfg.RefuseRivals}, now)
	before := c.primary
	c.belief, c.primary, c.split = d.belief, d.primary, d.split
	urgent := d.primary == none || d.split || c.nodes[d.primary].view.status.ReadOnly
	for i, n := range c.nodes {
		c.change(n, d.states[i], d)
		urgent = urgent || n.detector.health == Suspect
	}
	if before != c.primary {
		c.toldPrimary(before, d, now)
	}
	c.publish(d)
	for _, t := range c.left { // nobody finds them any more
		c.drop(t)
	}
	c.left = nil
	if c.primary != none {
		c.cutDrained()
	}
	if was := c.urgent.Swap(urgent); urgent && !was {
		c.kickAll()
	}
}

// change gives a node the pools that its state needs.
func (c *Cluster) change(n *node, s State, d decision) {
	if s != n.state {
		reason := fmt.Sprintf("%s, %s on timeline %d, is %s now and was %s", n.detector.health, n.view.status.Role, n.view.status.Timeline, s, n.state)
		if n.err != nil {
			reason += ": " + n.err.Error()
		}
		c.tell(Event{Kind: StateChanged, Node: n.name, Timeline: d.timeline, Reason: reason})
		n.state = s
		if s == Writable {
			c.seen(n)
		}
	}
	writes, reads := s == Writable, s == Writable || s == Readable
	if !writes {
		c.leave(&n.writes)
	}
	if !reads {
		c.leave(&n.reads)
	}
	if writes && n.writes == nil {
		n.writes = c.open(n, c.cfg.Primary.Size, c.cfg.Primary.MaxOverflow, false)
	}
	if reads && n.reads == nil {
		n.reads = c.open(n, c.cfg.Replica.Size, c.cfg.Replica.MaxOverflow, true)
	}
}

// leave drops a pool as soon as nobody can find it any more.
func (c *Cluster) leave(t **target) {
	if *t != nil {
		c.left = append(c.left, *t)
		*t = nil
	}
}

// toldPrimary tells that writes go elsewhere, or wait.
func (c *Cluster) toldPrimary(before int, d decision, now time.Time) {
	if before != none {
		old := c.nodes[before]
		c.lost = Failover{From: old.name, LastAnswer: old.view.asked, Lost: now}
	}
	switch {
	case d.split:
		c.tell(Event{Kind: SplitBrain, Timeline: d.timeline, Reason: "two primaries live, writes wait"})
	case d.primary == none:
		c.tell(Event{Kind: PrimaryLost, Node: c.nodes[before].name, Timeline: d.timeline, Reason: "writes wait"})
	default:
		to := c.nodes[d.primary].name
		c.tell(Event{Kind: PrimaryFound, Node: to, Timeline: d.timeline})
		if f := c.lost; f.From != "" && f.From != to {
			f.To, f.Timeline, f.Found = to, d.timeline, now
			c.failovers = appendLast(c.failovers, f)
		}
		c.lost = Failover{}
	}
}

// appendLast appends to a list of limited length.
func appendLast[T any](list []T, v T) []T {
	const most = 100
	if len(list) == most {
		list = list[1:]
	}
	return append(list, v)
}

// kickAll asks for a probe of every node now.
func (c *Cluster) kickAll() {
	for _, n := range c.topology.Load().nodes {
		select {
		case n.kick <- struct{}{}:
		default:
		}
	}
}

// open opens a pool, or tells why it cannot.
func (c *Cluster) open(n *node, size, overflow int32, readOnly bool) *target {
	t, err := c.openTarget(n, size, overflow, readOnly)
	if err != nil {
		c.tell(Event{Kind: StateChanged, Node: n.name, Reason: err.Error()})
		return nil
	}
	return t
}
