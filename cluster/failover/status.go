package failover

import (
	"slices"
	"time"

	"github.com/prodwright/prodwright/cluster"
)

// Status is what a manager knows, for a person or a page of an admin surface. It can be encoded as JSON, and has no secrets.
type Status struct {
	// ID is the name of the manager.
	ID string `json:"id"`
	// Leads says that it has the lease now, and may act until Until.
	Leads bool      `json:"leads"`
	Until time.Time `json:"until,omitzero"`
	// DryRun says that it only tells what it would do.
	DryRun bool `json:"dry_run,omitempty"`
	// Record is what all managers share, as far as this one has seen it. Its History are the failovers, with the time of each step.
	Record Record `json:"record"`
	// Decisions are the last ones of this manager, the newest at the end, and Dropped how many OnDecision was not told of because it did not keep
	// up.
	Decisions []Decision `json:"decisions"`
	Dropped   uint64     `json:"dropped,omitempty"`
	// Cluster is how the manager sees the nodes.
	Cluster cluster.Report `json:"cluster"`
}

// Status returns what the manager knows now. What it returns is the caller's. Before [Manager.Run] there is little to know.
func (m *Manager) Status() Status {
	s := *m.status.Load()
	s.Record = s.Record.clone()
	s.Leads = s.Leads && time.Now().Before(s.Until)
	s.Decisions, s.Dropped = m.journal.list()
	s.Cluster.Nodes = slices.Clone(s.Cluster.Nodes)
	return s
}

// publish shows what the manager knows.
func (m *Manager) publish(r cluster.Report) {
	s := Status{ID: m.cfg.ID, Leads: m.lease.holds(), Until: m.lease.until, DryRun: m.cfg.DryRun, Record: m.lease.record, Cluster: r}
	m.status.Store(&s)
}

// clone returns a copy that shares nothing that changes.
func (r *Record) clone() Record {
	c := *r
	c.Plan = r.Plan.clone()
	c.Answers = slices.Clone(r.Answers)
	c.Known.Out, c.ReadOnly = slices.Clone(r.Known.Out), slices.Clone(r.ReadOnly)
	c.History = slices.Clone(r.History)
	for i := range c.History {
		c.History[i] = *c.History[i].clone()
	}
	return c
}
