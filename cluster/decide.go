package cluster

import (
	"cmp"
	"slices"
	"time"
)

// State is what a node is for, after all that is known of all nodes.
type State uint8

// The states.
const (
	// Unusable is a node that does not answer, or has not yet.
	Unusable State = iota
	// Writable is the primary.
	Writable
	// Readable is a standby of the primary's timeline, or of one before it of which it has nothing that the primary has not.
	Readable
	// Stale is a primary of an older timeline: it was replaced and does not know. What is written there is lost.
	Stale
	// Rival is a primary beside the one that is in force, or beside another one of the same timeline when none is.
	Rival
	// Behind is a standby of an older timeline of which it cannot be told whether the primary has all that it has.
	Behind
	// Diverged is a standby that has what the primary has not. It needs pg_rewind, or a new copy.
	Diverged
	// Foreign is a node of another database cluster. Nothing goes there, whatever happens.
	Foreign
)

// String returns the name of the state, in lower case.
func (s State) String() string {
	return [...]string{"unusable", "writable", "readable", "stale", "rival", "behind", "diverged", "foreign"}[min(s, Foreign)]
}

// MarshalText returns what [State.String] does.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// view is what is known of one node.
type view struct {
	health Health
	asking bool      // nobody knows yet whether it answers
	status Status    // what it last said
	asked  time.Time // when it was asked for that
	probed time.Time // when it was last asked, whatever became of that
	silent bool      // it is asked all the time, and says nothing
	// followed is how far it came on the timeline before the one that it is the primary of, as far as that was seen.
	followed LSN
}

func (v *view) isPrimary() bool { return v.status.Role == Primary }

// answered says whether the node ever has.
func (v *view) answered() bool { return v.status.Role != Unknown }

// belief is what was decided before.
type belief struct {
	system   uint64    // 0 when nobody has answered yet
	timeline uint32    // the highest that there is; nothing goes back behind it
	last     int       // the primary that was in force last, or none
	rival    time.Time // since when there is a primary of a newer timeline beside it
}

const none = -1 // instead of the index of a node

// rules are what the configuration says about decisions.
type rules struct {
	grace  time.Duration // how long a primary of a newer timeline waits for the one before it to go
	refuse bool          // it waits for ever
}

// decision is what follows of all views.
type decision struct {
	belief

	system  uint64 // now; that of the belief is what a majority has said
	primary int    // in force now, or none
	states  []State
	split   bool // there are two primaries, and writes wait
}

// decide says what each node is for. It depends on nothing but its arguments.
//
// The node that writes go to is the primary of the highest timeline that anybody has, because a promotion begins a new one:
// that pg_is_in_recovery says no, or that the place in the log is further, says nothing about who was replaced.
func decide(before belief, views []view, r rules, now time.Time) decision {
	d := decision{belief: before, primary: none, states: make([]State, len(views))}
	system, most := commonSystem(views)
	d.system = cmp.Or(before.system, system)
	for i := range views {
		if v := &views[i]; v.answered() && v.status.SystemID != d.system {
			d.states[i] = Foreign
		}
	}
	if most <= len(views)/2 {
		system = before.system // one that answers first is no majority, and is not to be believed for ever
	}
	d.timeline = max(d.timeline, d.highest(views))
	d.choose(views, r, now)
	for i := range views {
		if d.states[i] == Unusable {
			d.states[i] = d.state(views, i)
		}
	}
	d.belief.system = cmp.Or(before.system, system)
	return d
}

// commonSystem returns the identifier that most nodes have, and of several the one of the first of them, and how many have it.
func commonSystem(views []view) (system uint64, most int) {
	for i := range views {
		count := 0
		for j := range views {
			if views[i].answered() && views[j].answered() && views[i].status.SystemID == views[j].status.SystemID {
				count++
			}
		}
		if count > most {
			most, system = count, views[i].status.SystemID
		}
	}
	return system, most
}

// highest returns the highest timeline that a node writes or gets.
func (d *decision) highest(views []view) (timeline uint32) {
	for i := range views {
		if v := &views[i]; v.health == Up && d.states[i] != Foreign && (v.isPrimary() || v.status.Streaming) {
			timeline = max(timeline, v.status.Timeline)
		}
	}
	return timeline
}

// choose decides where writes go.
func (d *decision) choose(views []view, r rules, now time.Time) {
	var candidates []int
	for i := range views {
		v := &views[i]
		if d.states[i] != Foreign && v.isPrimary() && v.status.Timeline == d.timeline && (v.health == Up || v.health == Suspect && i == d.last) {
			candidates = append(candidates, i)
		}
	}
	chosen := none
	switch {
	case d.last == none && slices.ContainsFunc(views, func(v view) bool { return v.asking }):
		return // the first one that answers may be one that was replaced
	case len(candidates) == 1:
		chosen = candidates[0]
	case slices.Contains(candidates, d.last):
		chosen = d.last // the others have no better right
	case len(candidates) > 1:
		d.split = true
	}
	switch {
	case chosen == none:
		return
	case chosen != d.last && d.last != none && d.lives(&views[d.last]) && d.waits(&views[d.last], r, now):
		d.split = true
		return
	}
	d.primary, d.last, d.rival = chosen, chosen, time.Time{}
}

// waits says whether a new primary has to wait because the one before it lives, as one of an older timeline: it was promoted, and
// nobody told the other.
func (d *decision) waits(last *view, r rules, now time.Time) bool {
	if d.rival.IsZero() {
		d.rival = now
	}
	askedSince := last.probed.After(d.rival) // one that only says that it does not want us has lived on, too
	return r.refuse || r.grace > 0 && (!askedSince || now.Sub(d.rival) < r.grace)
}

// lives says whether a node still is a primary of this cluster, as far as is known. One that refuses to write was told that it is replaced,
// and one that is silent is not waited for until its probe is given up.
func (d *decision) lives(v *view) bool {
	return v.health == Up && !v.silent && v.isPrimary() && !v.status.ReadOnly && v.status.SystemID == d.system
}

// state returns what a node of this cluster is for.
func (d *decision) state(views []view, i int) State {
	v := &views[i]
	switch {
	case i == d.primary:
		return Writable
	case v.health == Starting, v.health == Down:
		return Unusable
	case v.isPrimary() && v.status.Timeline < d.timeline:
		return Stale
	case v.isPrimary():
		return Rival
	case v.status.Timeline == 0 && !v.status.Streaming:
		return Behind
	case v.status.Timeline == 0, v.status.Timeline == d.timeline, d.primary == none:
		return Readable
	}
	p := &views[d.primary]
	switch {
	case v.status.Timeline+1 < p.status.Timeline:
		return Behind
	case v.status.Received <= p.followed:
		return Readable
	case v.status.Received > p.status.Received:
		return Diverged
	}
	return Behind
}
