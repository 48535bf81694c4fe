package failover

import (
	"encoding/json"
	"fmt"
	"slices"
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
	// Request is what somebody wants of the holder, and Answers what became of the last ones, 8 at most, the newest at the end.
	Request *Request `json:"request,omitempty"`
	Answers []Answer `json:"answers,omitempty"`
	// ReadOnly are the nodes whose default_transaction_read_only a switchover has set and nobody has put back yet.
	ReadOnly []string `json:"read_only,omitempty"`
	// History are the last failovers and switchovers, 20 at most, the newest at the end.
	History []Plan `json:"history,omitempty"`
}

// Request is a switchover that somebody wants: see [Manager.Switchover].
type Request struct {
	// ID tells it from others, and At is when it was made. What is older than a minute is refused: whoever wanted it has gone.
	ID string    `json:"id"`
	At time.Time `json:"at"`
	// To is who is to become the primary. Empty is the one that has most.
	To string `json:"to,omitempty"`
}

// Answer is what became of a [Request].
type Answer struct {
	// ID is that of the request, and Refused why nothing was done, empty when it was.
	ID      string `json:"id"`
	Refused string `json:"refused,omitempty"`
}

// answer notes what became of a request.
func (r *Record) answer(a Answer) {
	const most = 8
	r.Request = nil
	r.Answers = append(slices.Clone(r.Answers), a)
	if len(r.Answers) > most {
		r.Answers = r.Answers[len(r.Answers)-most:]
	}
}

// answered returns what became of a request.
func (r *Record) answered(id string) (a Answer, ok bool) {
	i := slices.IndexFunc(r.Answers, func(a Answer) bool { return a.ID == id })
	if i < 0 {
		return a, false
	}
	return r.Answers[i], true
}

// Known is what a cluster was like when all was well.
type Known struct {
	// Primary is the name of the node, and Timeline that which it wrote.
	Primary  string `json:"primary,omitempty"`
	Timeline uint32 `json:"timeline,omitempty"`
	// Names is synchronous_standby_names of the primary: who must have what it acknowledges.
	Names string `json:"names,omitempty"`
	// Out are those that were replaced as primaries, and are not among the names again yet.
	Out []string `json:"out,omitempty"`
}

// equal says whether both are the same.
func (k Known) equal(other Known) bool {
	return k.Primary == other.Primary && k.Timeline == other.Timeline && k.Names == other.Names && slices.Equal(k.Out, other.Out)
}

// Plan is one failover, or one switchover.
type Plan struct {
	// Request is that of a switchover, empty for a failover.
	Request string `json:"request,omitempty"`
	// Reason is why it began, and Phase how far it has come.
	Reason string `json:"reason"`
	Phase  Phase  `json:"phase"`
	// From is the name of the old primary, and To that of the new one as soon as it is chosen.
	From string `json:"from"`
	To   string `json:"to,omitempty"`
	// GivenUp is why a switchover is taken back, empty when it is not.
	GivenUp string `json:"given_up,omitempty"`
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
	// Node is its name, and Received how far its log reached then.
	Node     string      `json:"node"`
	Received cluster.LSN `json:"received"`
}

// Step is something that was done, or found out.
type Step struct {
	// At is when, by the clock of the manager, Phase how far the plan had come then, and Text what it was.
	At    time.Time `json:"at"`
	Phase Phase     `json:"phase"`
	Text  string    `json:"text"`
}

// Took returns how long a phase took, by the clock of the manager: from its first step to the first one of a later phase. It is 0 when the
// phase has not ended or never was.
func (p *Plan) Took(phase Phase) time.Duration {
	begin := slices.IndexFunc(p.Steps, func(s Step) bool { return s.Phase == phase })
	if begin < 0 {
		return 0
	}
	for _, s := range p.Steps[begin:] {
		if s.Phase != phase {
			return s.At.Sub(p.Steps[begin].At)
		}
	}
	return 0
}

// Phase is how far a failover has come.
type Phase string

// The phases.
const (
	Draining   Phase = "draining"   // of a switchover: the old primary takes no more writes, and those under way end
	Revoking   Phase = "revoking"   // the standbys are taken away from the old primary, so that it can acknowledge nothing
	Promoting  Phase = "promoting"  // the one that has most is promoted
	Repointing Phase = "repointing" // the others follow it
	Returning  Phase = "returning"  // of a switchover that is given up: the standbys follow the old primary again, and nobody is promoted
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
