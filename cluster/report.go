package cluster

import (
	"slices"
	"time"
)

// Report is what is known of a cluster, for a person or a page of an admin surface. It can be encoded as JSON.
type Report struct {
	// Primary is the name of the node that writes go to, empty when there is none.
	Primary string `json:"primary"`
	// Timeline is the highest that any node has been seen on, and SystemID the identifier of the database cluster.
	Timeline uint32 `json:"timeline"`
	SystemID uint64 `json:"system_id,string"`
	// SplitBrain says that two primaries live and that writes wait.
	SplitBrain bool `json:"split_brain"`
	// Healthy says that there is a primary and that every node is for what it should be.
	Healthy bool         `json:"healthy"`
	Nodes   []NodeReport `json:"nodes"`
	// LostTokens is how many sessions of this process had a token from beyond the place where a primary was replaced.
	LostTokens uint64 `json:"lost_tokens"`
	// DroppedEvents is how many events OnEvent and the logger did not get because they did not keep up.
	DroppedEvents uint64 `json:"dropped_events"`
	// Failovers are the last ones, the newest at the end, and Events what led to them.
	Failovers []Failover `json:"failovers"`
	Events    []Event    `json:"events"`
}

// NodeReport is what is known of a node.
type NodeReport struct {
	Name   string `json:"name"`
	Zone   string `json:"zone,omitempty"`
	State  State  `json:"state"`
	Health Health `json:"health"`
	// Error is that of the last probe, empty when it came back.
	Error string `json:"error,omitempty"`
	// FailingSince is when the first of the probes began that have failed in a row, zero when the last one came back.
	FailingSince time.Time `json:"failing_since,omitzero"`
	// Status is what the node last said, and At when it was asked for it.
	Status Status    `json:"status"`
	At     time.Time `json:"at"`
	// Lag is how old the data is at most, by our own clock, as far as is known; -1 when it is not. LagBytes is how much of the log is missing.
	Lag      time.Duration `json:"lag_ns"`
	LagBytes uint64        `json:"lag_bytes"`
	// InFlight is how many reads of this process are under way, and Latency how long they take lately.
	InFlight int           `json:"in_flight"`
	Latency  time.Duration `json:"latency_ns"`
}

// Failover is a change of the primary.
type Failover struct {
	// From and To are the names of the nodes.
	From string `json:"from"`
	To   string `json:"to"`
	// Timeline is that of the new one.
	Timeline uint32 `json:"timeline"`
	// LastAnswer is when the old one was last asked and answered, Lost when writes began to wait, and Found when they went on.
	LastAnswer time.Time `json:"last_answer"`
	Lost       time.Time `json:"lost"`
	Found      time.Time `json:"found"`
}

// Report returns what is known now. What it returns is the caller's.
func (c *Cluster) Report() Report {
	t := c.topology.Load()
	r := t.report
	r.Nodes, r.Failovers, r.Events = slices.Clone(r.Nodes), slices.Clone(r.Failovers), slices.Clone(r.Events)
	r.LostTokens, r.DroppedEvents = c.losses.Load(), c.dropped.Load()
	for i := range r.Nodes {
		l := t.nodes[i].load
		r.Nodes[i].InFlight, r.Nodes[i].Latency = int(l.inFlight.Load()), l.latencyNow()
	}
	return r
}

// report makes a report of what the monitor knows.
func (c *Cluster) report(d decision) Report {
	r := Report{Timeline: d.timeline, SystemID: d.system, SplitBrain: d.split, Healthy: d.primary != none, Failovers: slices.Clone(c.failovers), Events: slices.Clone(c.past)}
	if d.primary != none {
		r.Primary = c.nodes[d.primary].name
	}
	for i, n := range c.nodes {
		each := NodeReport{Name: n.name, Zone: n.Zone, State: d.states[i], Health: n.detector.health, FailingSince: n.failing, Status: n.view.status, At: n.view.asked}
		if n.err != nil {
			each.Error = n.err.Error()
		}
		if n.view.status.Role == Standby {
			each.Lag, each.LagBytes = c.history.lag(n.view.status.Replayed, n.view.asked), n.view.status.Replayed.before(c.written)
		}
		r.Healthy = r.Healthy && each.Health == Up && (each.State == Writable || each.State == Readable)
		r.Nodes = append(r.Nodes, each)
	}
	return r
}
