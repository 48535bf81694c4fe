package cluster

import "slices"

// topology is what is known at one time. It never changes.
type topology struct {
	timeline uint32
	writer   *target    // nil while there is no primary
	readers  []*reader  // that may serve reads without a bound of their own
	replicas []*Replica // the same, as selectors see them
	// candidates are those that may serve reads if their lag is within the read's bound.
	candidates []*reader
	fallback   *reader // the primary, for reads; nil while there is none
	forks      forkMap
	split      bool
	nodes      []*node // those of the report, of which only what is safe for all may be used
	report     Report
	changed    chan struct{} // closed when there is a newer one
}

// reader is a node that serves reads.
type reader struct {
	*target

	replica  *Replica
	replayed LSN
}

// publish makes a topology of the decision and shows it to everybody. Only the monitor calls it.
func (c *Cluster) publish(d decision) {
	t := &topology{timeline: d.timeline, split: d.split, forks: c.forks, nodes: slices.Clone(c.nodes), report: c.report(d), changed: make(chan struct{})}
	var suspects []*reader
	bound := Bound{c.cfg.MaxLag, c.cfg.MaxLagBytes}
	for i, n := range c.nodes {
		if n.reads == nil {
			continue
		}
		r := &reader{target: n.reads, replica: &Replica{name: n.name, zone: n.Zone, weight: n.Weight, load: n.load}, replayed: n.view.status.Replayed}
		if i == d.primary {
			if t.fallback = r; !n.view.status.ReadOnly { // writes wait, and those under way end
				t.writer = n.writes
			}
			continue
		}
		r.replica.lag = c.history.lag(r.replayed, n.view.asked)
		r.replica.behind = r.replayed.before(c.written)
		late := !bound.holds(c.history.least(r.replayed, n.view.asked), r.replica.behind)
		switch {
		case n.detector.health == Suspect:
			if !late {
				suspects = append(suspects, r)
			}
			continue
		case !late:
			t.readers = append(t.readers, r)
		}
		t.candidates = append(t.candidates, r)
	}
	if len(t.readers) == 0 && t.fallback == nil {
		t.readers = suspects // better than nothing
	}
	for _, r := range t.readers {
		t.replicas = append(t.replicas, r.replica)
	}
	if before := c.topology.Swap(t); before != nil {
		close(before.changed)
	}
}
