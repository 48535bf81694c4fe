package cluster

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// found is what a discovery returned.
type found struct {
	nodes []NodeConfig
	err   error
}

// discover asks for the nodes until ctx is done.
func (c *Cluster) discover(ctx context.Context) {
	for ctx.Err() == nil {
		var f found
		limited, cancel := context.WithTimeout(ctx, c.cfg.DiscoverInterval)
		c.discovering.Store(true)
		f.nodes, f.err = c.cfg.Discover(limited)
		c.discovering.Store(false)
		cancel()
		select {
		case c.found <- f:
		case <-ctx.Done():
			return
		}
		timer := time.NewTimer(c.cfg.DiscoverInterval*9/10 + rand.N(c.cfg.DiscoverInterval/5+1))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
	}
}

// newNode makes a node that nobody has asked yet.
func (c *Cluster) newNode(p parsed) *node {
	return &node{parsed: p, load: newLoad(&c.clock), kick: make(chan struct{}, 1), view: view{asking: true}}
}

// start starts the probes of a node.
func (c *Cluster) start(n *node) {
	ctx, stop := context.WithCancel(c.ctx)
	n.stop = stop
	c.runs.Go(func() { c.probe(ctx, n) })
}

// accept takes the nodes that were discovered, if they are any.
func (c *Cluster) accept(f found) {
	all, err := parseNodes(f.nodes)
	if err = errors.Join(f.err, err); err == nil && len(all) == 0 {
		err = errors.New("there are no nodes")
	}
	if err != nil {
		if !c.failing {
			c.tell(Event{Kind: DiscoveryFailed, Timeline: c.belief.timeline, Reason: fmt.Sprintf("%d nodes stay: %v", len(c.nodes), err)})
		}
		c.failing = true
		return
	}
	c.failing = false
	var primary, last *node
	if c.primary != none {
		primary = c.nodes[c.primary]
	}
	if c.belief.last != none {
		last = c.nodes[c.belief.last]
	}
	var stay []*node
	for _, n := range c.nodes {
		if i := slices.IndexFunc(all, func(p parsed) bool {
			return p.name == n.name && p.URL.Reveal() == n.URL.Reveal() && p.Address == n.Address
		}); i >= 0 {
			n.Zone, n.Weight = all[i].Zone, all[i].Weight
			all = slices.Delete(all, i, i+1)
			stay = append(stay, n)
			continue
		}
		c.part(n, n == primary)
	}
	for _, p := range all {
		n := c.newNode(p)
		stay = append(stay, n)
		c.tell(Event{Kind: NodeJoined, Node: n.name, Timeline: c.belief.timeline})
		c.start(n)
	}
	c.nodes = stay
	c.primary, c.belief.last = slices.Index(stay, primary), slices.Index(stay, last) // -1 is none
}

// part takes a node out. What is under way on it may end, as it was sent to a node that was for it.
func (c *Cluster) part(n *node, wasPrimary bool) {
	n.gone = true
	n.stop()
	c.tell(Event{Kind: NodeLeft, Node: n.name, Timeline: c.belief.timeline})
	if wasPrimary {
		c.lost = Failover{From: n.name, LastAnswer: n.view.asked, Lost: time.Now()}
		c.tell(Event{Kind: PrimaryLost, Node: n.name, Timeline: c.belief.timeline, Reason: "it is discovered no more, writes wait"})
	}
	for _, t := range []*target{n.reads, n.writes} {
		if t != nil {
			c.runs.Go(func() { c.drain(t) })
		}
	}
	if n.writes != nil {
		c.drained = append(c.drained, n.writes)
	}
	n.reads, n.writes = nil, nil
}

// drain drops a pool when all connections were given back, or when it has taken too long.
func (c *Cluster) drain(t *target) {
	deadline := time.Now().Add(c.cfg.Drain)
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-c.ctx.Done():
			deadline = time.Time{}
		}
		if !time.Now().Before(deadline) || t.pool.Stat().AcquiredConns() == 0 && t.node.load.inFlight.Load() == 0 {
			c.drop(t)
			return
		}
	}
}

// cutDrained ends the writes of a primary that is gone, because there is another one.
func (c *Cluster) cutDrained() {
	for _, t := range c.drained {
		t.conns.cutAll()
	}
	c.drained = nil
}
