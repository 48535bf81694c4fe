package cluster

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLag(t *testing.T) {
	t.Parallel()
	at := func(seconds int) time.Time { return t0.Add(time.Duration(seconds) * time.Second) }
	var h history
	require.Equal(t, time.Duration(-1), h.lag(5, at(0)), "nothing is known")
	require.Zero(t, h.least(5, at(0)))
	h.add(100, at(0))
	require.Zero(t, h.lag(100, at(50)), "nobody writes")
	require.Equal(t, time.Duration(-1), h.lag(99, at(50)), "from before the history")
	h.add(100, at(10))
	h.add(200, at(11))
	h.add(200, at(12))
	h.add(300, at(13))
	require.Zero(t, h.lag(300, at(20)))
	require.Zero(t, h.lag(999, at(20)), "it was asked later")
	require.Equal(t, 8*time.Second, h.lag(299, at(20)), "what is missing was written after second 12")
	require.Equal(t, 8*time.Second, h.lag(200, at(20)))
	require.Equal(t, 10*time.Second, h.lag(199, at(20)))
	require.Equal(t, 10*time.Second, h.lag(100, at(20)), "it was there until second 10")
	h.add(50, at(21))
	require.Zero(t, h.lag(50, at(22)), "another primary has another history")
	require.Equal(t, time.Duration(-1), h.lag(49, at(22)))
}

// The history forgets the oldest, and says that it does not know instead of too little.
func TestLagIsBounded(t *testing.T) {
	t.Parallel()
	var h history
	const n = 3 * maxSamples
	for i := range n {
		h.add(LSN(100+i), t0.Add(time.Duration(i)*time.Second))
	}
	require.Len(t, h.samples, maxSamples)
	now := t0.Add(n * time.Second)
	for i := range n {
		want := time.Duration(n-i) * time.Second
		switch {
		case i == n-1:
			want = 0
		case i < n-maxSamples:
			want = -1
		}
		require.Equal(t, want, h.lag(LSN(100+i), now), i)
		if want < 0 {
			require.Equal(t, maxSamples*time.Second, h.least(LSN(100+i), now), "it is as old as the history")
		} else {
			require.Equal(t, want, h.least(LSN(100+i), now))
		}
	}
}

func TestDetector(t *testing.T) {
	t.Parallel()
	limits := thresholds{down: 3, up: 2}
	for name, c := range map[string]struct {
		outcomes []outcome
		want     Health
	}{
		"at first":                      {nil, Starting},
		"one answer":                    {[]outcome{answered}, Up},
		"one failure":                   {[]outcome{answered, failed}, Suspect},
		"two failures":                  {[]outcome{answered, failed, failed}, Suspect},
		"three failures":                {[]outcome{answered, failed, failed, failed}, Down},
		"with an answer between":        {[]outcome{answered, failed, failed, answered, failed, failed}, Suspect},
		"refused twice":                 {[]outcome{answered, refused, refused}, Down},
		"a wrong password":              {[]outcome{answered, unchanged, unchanged, unchanged, unchanged}, Up},
		"a wrong password between":      {[]outcome{answered, failed, failed, unchanged, failed}, Down},
		"never answered":                {[]outcome{failed, failed, failed}, Down},
		"never answered, not yet down":  {[]outcome{failed}, Starting},
		"one answer after it was down":  {[]outcome{failed, failed, failed, answered}, Down},
		"two answers after it was down": {[]outcome{failed, failed, failed, answered, answered}, Up},
		"two, not in a row":             {[]outcome{failed, failed, failed, answered, failed, answered}, Down},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var d detector
			for _, o := range c.outcomes {
				d.observe(o, limits)
			}
			require.Equal(t, c.want, d.health)
		})
	}
}

func TestLatency(t *testing.T) {
	t.Parallel()
	l := newLoad(new(clock))
	require.Zero(t, l.latencyNow())
	l.begin()
	l.end(10*time.Millisecond, false)
	near := func(want time.Duration) {
		t.Helper()
		require.InEpsilon(t, want, l.latencyNow(), 0.01)
	}
	near(10 * time.Millisecond)
	l.begin()
	l.end(100*time.Millisecond, false)
	near(100 * time.Millisecond) // a slower one counts at once
	l.begin()
	l.end(20*time.Millisecond, false)
	near(90 * time.Millisecond) // a faster one by an eighth
	l.clock.ticks.Add(halfLife)
	near(45 * time.Millisecond)
	l.clock.ticks.Add(halfLife / 2)
	near(45 * time.Millisecond * 3 / 4)
	l.clock.ticks.Add(halfLife / 2)
	near(45 * time.Millisecond / 2)
	l.begin()
	l.end(time.Microsecond, true)
	near(5 * 45 * time.Millisecond / 2) // one that fails fast is not fast
	l.clock.ticks.Add(100 * halfLife)
	require.Zero(t, l.latencyNow())
	require.Zero(t, l.inFlight.Load())
	l.begin()
	l.end(-time.Second, false) // of a clock that goes back
	require.Positive(t, l.latencyNow())
}
