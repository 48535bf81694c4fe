package cluster

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// node makes a view of a node that was asked just now.
func primaryAt(timeline uint32, lsn LSN) view {
	return view{health: Up, asked: t0, status: Status{Role: Primary, SystemID: 7, Timeline: timeline, Received: lsn, Replayed: lsn}}
}

func standbyAt(timeline uint32, lsn LSN) view {
	return view{health: Up, asked: t0, status: Status{Role: Standby, SystemID: 7, Timeline: timeline, Received: lsn, Replayed: lsn, Streaming: true}}
}

func but(v view, change func(*view)) view {
	change(&v)
	return v
}

func is(v view, h Health) view {
	v.health = h
	return v
}

var t0 = time.Unix(1_700_000_000, 0)

func TestDecide(t *testing.T) {
	t.Parallel()
	follows := func(v *view) { v.status.Streaming = false }
	foreign := func(v *view) { v.status.SystemID = 8 }
	known := belief{system: 7, timeline: 1, last: 0}
	fresh := belief{last: none}
	for name, c := range map[string]struct {
		before  belief
		views   []view
		primary int
		split   bool
		states  []State
	}{
		"nobody has answered":              {fresh, []view{{}, {}}, none, false, []State{Unusable, Unusable}},
		"all is well":                      {fresh, []view{standbyAt(1, 90), primaryAt(1, 100)}, 1, false, []State{Readable, Writable}},
		"a stale primary at start":         {fresh, []view{primaryAt(1, 900), primaryAt(2, 100), standbyAt(2, 90)}, 1, false, []State{Stale, Writable, Readable}},
		"a standby knows a newer timeline": {fresh, []view{primaryAt(1, 900), standbyAt(2, 90)}, none, false, []State{Stale, Readable}},
		"two that nobody can tell apart":   {fresh, []view{primaryAt(2, 100), primaryAt(2, 90)}, none, true, []State{Rival, Rival}},
		"a second one of the timeline":     {belief{system: 7, timeline: 2, last: 1}, []view{primaryAt(2, 100), primaryAt(2, 90)}, 1, false, []State{Rival, Writable}},
		"the primary is suspect":           {known, []view{is(primaryAt(1, 100), Suspect), standbyAt(1, 90)}, 0, false, []State{Writable, Readable}},
		"the primary is down":              {known, []view{is(primaryAt(1, 100), Down), standbyAt(1, 90)}, none, false, []State{Unusable, Readable}},
		"one comes up that was no primary": {belief{system: 7, timeline: 1, last: none}, []view{is(primaryAt(1, 100), Suspect)}, none, false, []State{Rival}},
		"promoted, the old one is down":    {known, []view{is(primaryAt(1, 100), Down), primaryAt(2, 120), standbyAt(1, 90)}, 1, false, []State{Unusable, Writable, Behind}},
		"promoted, the old one is suspect": {known, []view{is(primaryAt(1, 100), Suspect), primaryAt(2, 120)}, 1, false, []State{Stale, Writable}},
		"promoted, the old one lives":      {known, []view{primaryAt(1, 100), primaryAt(2, 120)}, none, true, []State{Stale, Rival}},
		"the stale one comes back":         {belief{system: 7, timeline: 2, last: 1}, []view{primaryAt(1, 900), is(primaryAt(2, 100), Down)}, none, false, []State{Stale, Unusable}},
		"another cluster":                  {known, []view{primaryAt(1, 100), but(primaryAt(9, 100), foreign)}, 0, false, []State{Writable, Foreign}},
		"one has not answered yet":         {fresh, []view{primaryAt(1, 900), {asking: true}}, none, false, []State{Rival, Unusable}},
		"the others do not answer":         {fresh, []view{primaryAt(1, 900), is(view{}, Down), {}}, 0, false, []State{Writable, Unusable, Unusable}},
		"one is asked, and there is one":   {known, []view{primaryAt(1, 900), {asking: true}}, 0, false, []State{Writable, Unusable}},
		"of a majority":                    {fresh, []view{but(primaryAt(9, 1), foreign), primaryAt(1, 100), standbyAt(1, 1)}, 1, false, []State{Foreign, Writable, Readable}},
		"a standby that follows nobody":    {known, []view{primaryAt(1, 100), but(standbyAt(1, 90), follows)}, 0, false, []State{Writable, Readable}},
		"one that went further":            {belief{system: 7, timeline: 2, last: 0}, []view{primaryAt(2, 100), but(standbyAt(1, 120), follows)}, 0, false, []State{Writable, Diverged}},
		"one that waits for the new log": {
			belief{system: 7, timeline: 2, last: 0},
			[]view{but(primaryAt(2, 100), func(v *view) { v.followed = 95 }), standbyAt(1, 90), standbyAt(1, 96)}, 0, false, []State{Writable, Readable, Behind},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := decide(c.before, c.views, rules{grace: 2 * time.Second}, t0)
			require.Equal(t, c.primary, d.primary)
			require.Equal(t, c.split, d.split)
			require.Equal(t, c.states, d.states)
		})
	}
}

// A promotion that the primary was not told of: writes wait until the primary goes, or has shown that it does not.
func TestTwoPrimaries(t *testing.T) {
	t.Parallel()
	r := rules{grace: 2 * time.Second}
	old, young := primaryAt(1, 100), primaryAt(2, 120)
	at := t0.Add
	first := decide(belief{system: 7, timeline: 1, last: 0}, []view{old, young}, r, t0)
	require.Equal(t, none, first.primary)

	gone := decide(first.belief, []view{is(old, Suspect), young}, r, at(time.Second))
	require.Equal(t, 1, gone.primary, "it does not answer any more")

	old.probed = at(-time.Second)
	silent := decide(first.belief, []view{old, young}, r, at(3*time.Second))
	require.Equal(t, none, silent.primary, "nobody knows whether it lives")

	old.probed = at(time.Second)
	waiting := decide(first.belief, []view{old, young}, r, at(1900*time.Millisecond))
	require.Equal(t, none, waiting.primary)
	require.True(t, waiting.split)
	after := decide(waiting.belief, []view{old, young}, r, at(2*time.Second))
	require.Equal(t, 1, after.primary)
	require.False(t, after.split)
	require.Equal(t, Stale, after.states[0])
	later := decide(after.belief, []view{old, young}, r, at(3*time.Second))
	require.Equal(t, 1, later.primary)

	old.asked = at(-time.Hour)
	unwilling := decide(waiting.belief, []view{old, young}, r, at(2*time.Second))
	require.Equal(t, 1, unwilling.primary, "it lives, and says nothing but that it does not want us")

	refused := decide(first.belief, []view{old, young}, rules{refuse: true}, at(time.Hour))
	require.Equal(t, none, refused.primary)
	require.True(t, refused.split)
	require.Equal(t, 1, decide(belief{system: 7, timeline: 1, last: 0}, []view{old, young}, rules{}, t0).primary, "without grace")
}

// A node of another cluster that answers first, alone, is not believed for ever.
func TestTheFirstIsNoMajority(t *testing.T) {
	t.Parallel()
	foreign := but(primaryAt(5, 900), func(v *view) { v.status.SystemID = 8 })
	d := decide(belief{last: none}, []view{foreign, is(view{}, Down), is(view{}, Down)}, rules{}, t0)
	require.Zero(t, d.belief.system)
	d = decide(belief{last: none}, []view{foreign, primaryAt(1, 100), standbyAt(1, 100)}, rules{}, t0)
	require.Equal(t, []State{Foreign, Writable, Readable}, d.states)
	require.Equal(t, uint64(7), d.belief.system)
	d = decide(d.belief, []view{foreign, is(primaryAt(1, 100), Down), is(standbyAt(1, 100), Down)}, rules{}, t0)
	require.Equal(t, []State{Foreign, Unusable, Unusable}, d.states)
}
