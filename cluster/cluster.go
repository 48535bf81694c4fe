package cluster

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// Cluster is a primary and its standbys. Use [Open]. It is safe for concurrent use.
type Cluster struct {
	cfg                  Config
	topology             atomic.Pointer[topology]
	clock                clock
	losses               atomic.Uint64 // of tokens
	dropped              atomic.Uint64 // events
	telling, discovering atomic.Bool   // whether a hook is under way
	began                time.Time
	urgent               atomic.Bool // something is wrong, and probes come faster

	ctx     context.Context // until Close
	stop    context.CancelFunc
	runs    sync.WaitGroup
	reports chan report
	found   chan found
	events  chan Event

	// The goroutine of the monitor alone has what follows.
	nodes   []*node
	belief  belief
	primary int
	split   bool
	written LSN
	history history
	forks   forkMap   // never changed, but replaced
	lost    Failover  // that is under way
	left    []*target // to be dropped
	drained []*target // for writes, of nodes that are gone
	failing bool      // the discovery is
	// What is kept for reports.
	failovers []Failover
	past      []Event
}

// Open begins to watch the nodes, and returns at once: [Cluster.WaitPrimary] waits for the primary. Its errors are those of
// [Config.Validate]. ctx limits nothing but the opening of pools.
//
// Call [Cluster.Close] at the end.
func Open(ctx context.Context, cfg Config) (*Cluster, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("cluster: invalid configuration:\n%w", err)
	}
	c := &Cluster{cfg: cfg.withDefaults(), began: time.Now(), belief: belief{last: none}, primary: none, reports: make(chan report), found: make(chan found), events: make(chan Event, 64)}
	c.ctx, c.stop = context.WithCancel(context.WithoutCancel(ctx))
	nodes, _ := parseNodes(c.cfg.Nodes) // which Validate did
	for _, p := range nodes {
		c.nodes = append(c.nodes, c.newNode(p))
	}
	c.publish(decision{belief: c.belief, primary: none, states: make([]State, len(c.nodes))})
	c.urgent.Store(true)
	for _, n := range c.nodes {
		c.start(n)
	}
	if c.cfg.Discover != nil {
		c.runs.Go(func() { c.discover(c.ctx) })
	}
	c.runs.Go(func() {
		c.monitor(c.ctx)
		for _, n := range c.nodes {
			c.drop(n.writes)
			c.drop(n.reads)
		}
	})
	c.runs.Go(c.tellAll)
	return c, nil
}

// Close ends the probes, cuts all connections, and waits until all who have one gave it back and hooks have returned, or ctx is done.
func (c *Cluster) Close(ctx context.Context) error {
	c.stop()
	done := make(chan struct{})
	go func() {
		c.runs.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		what := "connections are still in use"
		switch {
		case c.telling.Load():
			what = "OnEvent or the logger has not returned"
		case c.discovering.Load():
			what = "Discover has not returned"
		}
		return fmt.Errorf("cluster: close: %s: %w", what, context.Cause(ctx))
	}
}

// WaitPrimary waits until there is a primary.
func (c *Cluster) WaitPrimary(ctx context.Context) error {
	_, err := c.writer(ctx)
	return err
}

// writer returns where writes go now, and waits for it until ctx is done.
func (c *Cluster) writer(ctx context.Context) (*target, error) {
	for {
		t := c.topology.Load()
		if t.writer != nil {
			return t.writer, nil
		}
		select {
		case <-t.changed:
		case <-c.ctx.Done():
			return nil, ErrClosed
		case <-ctx.Done():
			if t.split {
				return nil, fmt.Errorf("%w: %w", ErrSplitBrain, context.Cause(ctx))
			}
			return nil, fmt.Errorf("%w: %w", ErrNoPrimary, context.Cause(ctx))
		}
	}
}

// suspect asks for a probe of all nodes now, because one of them failed somebody.
func (c *Cluster) suspect() {
	if !c.urgent.Swap(true) {
		c.kickAll()
	}
}

// tell keeps an event and hands it to those who want to know, unless they do not keep up.
func (c *Cluster) tell(e Event) {
	e.At = time.Now()
	c.past = appendLast(c.past, e)
	select {
	case c.events <- e:
	default:
		c.dropped.Add(1)
	}
}

// tellAll tells events until the cluster is closed.
func (c *Cluster) tellAll() {
	for {
		select {
		case <-c.ctx.Done():
			return
		case e := <-c.events:
			c.telling.Store(true)
			c.cfg.Logger.LogAttrs(c.ctx, slog.LevelWarn, "cluster: "+string(e.Kind), slog.String("node", e.Node), slog.Uint64("timeline", uint64(e.Timeline)), slog.String("reason", e.Reason))
			if c.cfg.OnEvent != nil {
				c.cfg.OnEvent(e)
			}
			c.telling.Store(false)
		}
	}
}
