package failover

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/prodwright/prodwright/cluster"
)

// Record is what the managers of a cluster share, as the JSON in their [Register].
type Record struct {
	// Format is that of the record. Managers leave alone what is newer than they know.
	Format int `json:"format"`
	// Epoch grows with each manager that takes over. What is done to a server has the number of it, so that a manager who was asleep
	// does nothing more.
	Epoch uint64 `json:"epoch"`
	// Holder is who may act, and TTL for how long after the last change that others have seen. An empty one is nobody.
	Holder string        `json:"holder"`
	TTL    time.Duration `json:"ttl_ns"`
	// Beat changes with each renewal.
	Beat uint64 `json:"beat"`
	// Paused says why nobody acts, for maintenance. Empty is not paused.
	Paused string `json:"paused,omitempty"`
	// Known is what the cluster was like when all was well.
	Known Known `json:"known"`
	// Plan is a failover that is under way; whoever takes over goes on with it.
	Plan *Plan `json:"plan,omitempty"`
	// History are the last failovers, the newest at the end.
	History []Plan `json:"history,omitempty"`
}

// Known is what a cluster was like when all was well.
type Known struct {
	// Primary is the name of the node, and Timeline that which it wrote.
	Primary  string `json:"primary,omitempty"`
	Timeline uint32 `json:"timeline,omitempty"`
	// Names is synchronous_standby_names of the primary: who must have what it acknowledges.
	Names string `json:"names,omitempty"`
}

// Plan is one failover.
type Plan struct {
	// Reason is why it began, and Phase how far it has come.
	Reason string `json:"reason"`
	Phase  Phase  `json:"phase"`
	// From is the name of the old primary, and To that of the new one as soon as it is chosen.
	From string `json:"from"`
	To   string `json:"to,omitempty"`
	// Names and Timeline are those of the old primary.
	Names    string `json:"names"`
	Timeline uint32 `json:"timeline"`
	// Taken are the standbys that were taken away from it.
	Taken []Taken `json:"taken,omitempty"`
	// Steps are what was done, and when.
	Steps []Step `json:"steps"`
}

// Taken is a standby that was taken away from its primary.
type Taken struct {
	// Node is its name.
	Node string `json:"node"`
	// Slot is the replication slot that it uses, and Received how far its log reaches.
	Slot     string      `json:"slot,omitempty"`
	Received cluster.LSN `json:"received"`
}

// Step is something that was done, or found out.
type Step struct {
	// At is when, by the clock of the manager, and Text what.
	At   time.Time `json:"at"`
	Text string    `json:"text"`
}

// Phase is how far a failover has come.
type Phase string

// The phases.
const (
	Revoking   Phase = "revoking"   // the standbys are taken away from the old primary, so that it can acknowledge nothing
	Promoting  Phase = "promoting"  // the one that has most is promoted
	Repointing Phase = "repointing" // the others follow it
	Done       Phase = "done"
)

const format = 1

// parseRecord reads a record; of an empty register, it is the zero one.
func parseRecord(value []byte) (Record, error) {
	var r Record
	if len(value) == 0 {
		return r, nil
	}
	if err := json.Unmarshal(value, &r); err != nil {
		return r, fmt.Errorf("failover: the register has no record: %w", err)
	}
	if r.Format > format {
		return r, fmt.Errorf("failover: the record has format %d, this program knows %d: update it", r.Format, format)
	}
	return r, nil
}

// clone returns a copy that shares nothing that changes.
func (p *Plan) clone() *Plan {
	if p == nil {
		return nil
	}
	c := *p
	c.Taken = append([]Taken(nil), p.Taken...)
	c.Steps = append([]Step(nil), p.Steps...)
	return &c
}
