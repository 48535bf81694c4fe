package metrics_test

import (
	"math"
	"math/rand/v2"
	"runtime"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics"
)

// exact remembers everything, by steps of ten seconds.
type exact struct {
	values []float64
	steps  [][]uint32 // by value, how often
	sums   []float64
}

// prepare takes the memory for n steps.
func (e *exact) prepare(n int) {
	counts := make([]uint32, n*len(e.values))
	for ; len(counts) > 0; counts = counts[len(e.values):] {
		e.steps = append(e.steps, counts[:len(e.values):len(e.values)])
	}
	e.steps, e.sums = e.steps[:0], make([]float64, 0, n)
}

func (e *exact) step() {
	e.steps, e.sums = e.steps[:len(e.steps)+1], append(e.sums, 0)
}

func (e *exact) add(i int) {
	e.steps[len(e.steps)-1][i]++
	e.sums[len(e.sums)-1] += e.values[i]
}

// last returns the count, the sum and the quantiles of the last n steps.
func (e *exact) last(n int, qs ...float64) (count uint64, sum float64, quantiles []float64) {
	return e.between(len(e.steps)-n, len(e.steps), qs...)
}

func (e *exact) between(from, to int, qs ...float64) (count uint64, sum float64, quantiles []float64) {
	all := make([]uint64, len(e.values))
	for s := from; s < to; s++ {
		for i, c := range e.steps[s] {
			all[i] += uint64(c)
			count += uint64(c)
		}
		sum += e.sums[s]
	}
	for _, q := range qs {
		if count == 0 {
			break
		}
		rank, seen := uint64(math.Ceil(q*float64(count))), uint64(0)
		for i, c := range all {
			if seen += c; seen >= rank {
				quantiles = append(quantiles, e.values[i])
				break
			}
		}
	}
	return count, sum, quantiles
}

// 51 hours at 500 observations a second: totals are exact, quantiles within 2.2 %, the memory does not grow. With little
// memory for the past less of it is known, and what is known is as exact.
func TestDayOfWindows(t *testing.T) {
	for _, c := range []struct {
		name      string
		memory    int
		hours     int
		perSecond int
		least     time.Duration // of 24 h is covered at the end
	}{{"two days", 0, 51, 1000, 24 * time.Hour}, {"little memory", 20_000, 8, 50, 5 * time.Minute}, {"hardly any", 300, 2, 20, 0}} {
		t.Run(c.name, func(t *testing.T) {
			if raceEnabled {
				c.perSecond = max(c.perSecond/10, 10) // what the race detector makes of it is long enough
			}
			synctest.Test(t, func(t *testing.T) { aDay(t, c.memory, c.hours, c.perSecond, c.least) })
		})
	}
}

func aDay(t *testing.T, memory, hours, perSecond int, least time.Duration) {
	t.Helper()
	r, err := metrics.New(metrics.Config{MaxHistory: memory})
	require.NoError(t, err)
	go func() { _ = r.Run(t.Context()) }()
	random := rand.New(rand.NewPCG(1, 1))
	e := &exact{}
	for v := 0.0001; v < 100; v *= 1.02 {
		e.values = append(e.values, v)
	}
	e.prepare(hours * 360)
	h, c := r.Histogram("duration_seconds"), r.Counter("requests")
	begin := time.Now()
	time.Sleep(time.Millisecond)
	var day, after runtime.MemStats
	for step := range hours * 360 {
		e.step()
		level := 1 + 0.8*math.Sin(float64(step)/1000) // the day has its hours
		for range 10 {
			for range perSecond {
				i := int(float64(len(e.values)) * min(max(0.4+random.NormFloat64()*0.08*level, 0), 0.999))
				e.add(i)
				h.Observe(e.values[i])
				c.Inc()
			}
			time.Sleep(time.Second)
		}
		if step == (hours-1)*360 {
			runtime.GC()
			runtime.ReadMemStats(&day)
		}
		if step%997 != 0 && step != hours*360-1 {
			continue
		}
		for _, window := range []time.Duration{0, time.Minute, 5 * time.Minute, time.Hour, 24 * time.Hour} {
			s, ok := r.Summary("duration_seconds", window)
			require.True(t, ok)
			steps := int((s.Covered + 5*time.Second) / (10 * time.Second))
			require.LessOrEqual(t, steps, step+1)
			if memory == 0 && step*10 > int(window.Seconds()) {
				require.GreaterOrEqual(t, s.Covered, window)
			}
			count, sum, q := e.last(steps, 0.5, 0.95, 0.99)
			require.Equal(t, count, s.Count, "step %d, %v, covered %v", step, window, s.Covered)
			require.InEpsilon(t, 1+sum, 1+s.Sum, 1e-8) // the rounding of the sum since the start
			require.InDelta(t, float64(count)/max(s.Covered.Seconds(), 1e-9), s.Rate, 1e-6)
			for i, got := range []float64{s.P50, s.P95, s.P99}[:len(q)] {
				require.InEpsilon(t, q[i], got, 0.0221, "step %d, %v", step, window)
			}
			// The window before ends where this one begins.
			before, _ := r.SummaryBefore(s.Covered, "duration_seconds", window)
			end := int((before.End.Sub(begin) + 5*time.Second) / (10 * time.Second))
			count, sum, _ = e.between(end-int((before.Covered+5*time.Second)/(10*time.Second)), end)
			require.Equal(t, count, before.Count, "step %d, before %v, covered %v until %v", step, window, before.Covered, before.End)
			require.InEpsilon(t, 1+sum, 1+before.Sum, 1e-8)
			if memory == 0 && window > 0 && time.Since(begin) > 2*window+time.Hour {
				step := map[time.Duration]time.Duration{time.Minute: 10 * time.Second, 5 * time.Minute: time.Minute, time.Hour: 10 * time.Minute, 24 * time.Hour: time.Hour}[window]
				gap := s.End.Add(-s.Covered).Sub(before.End)
				require.GreaterOrEqual(t, gap, time.Duration(0), "nothing twice")
				require.Less(t, gap, step, "less than a step between them")
				require.GreaterOrEqual(t, before.Covered, window-step)
			}
			requests, _ := r.Summary("requests", window)
			steps = int((requests.Covered + 5*time.Second) / (10 * time.Second))
			count, _, _ = e.last(steps)
			require.InDelta(t, float64(count), requests.Increase, 0, "step %d, %v, covered %v", step, window, requests.Covered)
		}
	}
	s, _ := r.Summary("duration_seconds", 24*time.Hour)
	require.GreaterOrEqual(t, s.Covered, least)
	if memory > 0 {
		require.Less(t, s.Covered, time.Duration(hours)*time.Hour)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	require.Less(t, int64(after.HeapAlloc)-int64(day.HeapAlloc), int64(32<<10), "the memory grows")
	runtime.KeepAlive(e)
}

// Series that begin late, and series that have forgotten different things: what is said is always of Covered.
func TestFiguresAreOfCovered(t *testing.T) {
	for _, memory := range []int{0, 80, 100, 200, 300, 400, 700, 1500, 4000} {
		t.Run(strconv.Itoa(memory), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, err := metrics.New(metrics.Config{MaxHistory: memory})
				require.NoError(t, err)
				go func() { _ = r.Run(t.Context()) }()
				begin := time.Now()
				time.Sleep(time.Millisecond)
				var made []time.Time // when each series was made
				for step := range 200 {
					if step%37 == 0 && len(made) < 5 {
						made = append(made, time.Now())
					}
					for i := range made { // each once in a step
						label := metrics.Label{Name: "i", Value: strconv.Itoa(i)}
						r.Counter("c", label).Inc()
						r.Histogram("h", label).Observe(float64(1 + step%50))
					}
					time.Sleep(10 * time.Second)
					if step%13 != 0 {
						continue
					}
					for _, window := range []time.Duration{0, time.Minute, 5 * time.Minute, 20 * time.Minute} {
						for _, ago := range []time.Duration{0, 3 * time.Minute} {
							for _, name := range []string{"c", "h"} {
								s, _ := r.SummaryBefore(ago, name, window)
								from, want := s.End.Add(-s.Covered), 0
								for i := range made {
									for at := made[i]; at.Before(s.End); at = at.Add(10 * time.Second) {
										if !at.Before(from) {
											want++
										}
									}
								}
								got := int(s.Increase) + int(s.Count)
								require.Equal(t, want, got, "%s over %v, %v ago, in step %d: covered %v until %v", name, window, ago, step, s.Covered, s.End.Sub(begin))
								require.False(t, s.Count > 0 && !(s.Min <= s.P50 && s.P50 <= s.Max), "%v", s)
							}
						}
					}
				}
			})
		})
	}
}

// Without a past, what is known is what happened since the last tick.
func TestNoHistory(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, err := metrics.New(metrics.Config{MaxHistory: -1})
		require.NoError(t, err)
		go func() { _ = r.Run(t.Context()) }()
		time.Sleep(time.Millisecond)
		r.Counter("c").Add(5)
		time.Sleep(15 * time.Second)
		r.Counter("c").Add(3)
		s, _ := r.Summary("c", time.Hour)
		require.InDelta(t, 3, s.Increase, 0)
		require.Equal(t, 5*time.Second+time.Millisecond, s.Covered)
		require.Len(t, r.Select("c", time.Now().Add(-time.Hour))[0].Points, 1)
	})
}

// Nobody has to call Run: what is asked divides the past.
func TestWithoutRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := new(metrics.Registry)
		c := r.Counter("c")
		for range 10 {
			c.Inc()
			time.Sleep(20 * time.Minute)
			s, ok := r.Summary("c", time.Minute)
			require.True(t, ok)
			require.InDelta(t, 1, s.Increase, 0)
			require.Equal(t, 20*time.Minute, s.Covered)
		}
		s, _ := r.Summary("c", 100*time.Hour)
		require.InDelta(t, 10, s.Increase, 0)
		require.Equal(t, 100*time.Hour, s.Window, "what was asked for")
		require.Equal(t, 200*time.Minute, s.Covered)
	})
}

// A quantile is a number also in the moment in which a value is counted and not yet noted as an extreme.
func TestFiguresWhileObserving(t *testing.T) {
	t.Parallel()
	for range 300 {
		r := new(metrics.Registry)
		h := r.Histogram("h")
		done := make(chan struct{})
		go func() { h.Observe(1); close(done) }()
		for running := true; running; {
			select {
			case <-done:
				running = false
			default:
			}
			s, _ := r.Summary("h", time.Minute)
			require.False(t, math.IsInf(s.P50, 0) || math.IsNaN(s.P50) || s.Count > 0 && s.Max == 0, "%v", s)
		}
	}
}

// A clock that is set forwards by a day, and back by two, changes nothing but the times that are shown. The times are made up,
// because those of a bubble have no reading of the monotonic clock.
func TestClockIsSet(t *testing.T) {
	t.Parallel()
	r := new(metrics.Registry)
	c, h, g := r.Counter("events"), r.Histogram("wait_seconds"), r.Gauge("level")
	began := time.Now()
	for step := 1; step <= 3*360; step++ { // of 10 s
		for range 10 {
			c.Inc()
			h.Observe(1)
		}
		g.Set(float64(step))
		passed, set := time.Duration(step)*10*time.Second, time.Duration(0)
		if passed > time.Hour {
			set = 24 * time.Hour
		}
		if passed > 2*time.Hour {
			set = -24 * time.Hour
		}
		now := metrics.ClockSet(began.Add(passed), set)
		require.Equal(t, passed, now.Sub(began), "the monotonic clock goes on")
		require.Equal(t, began.Add(passed+set).Unix(), now.Unix())
		for _, window := range []time.Duration{time.Minute, 30 * time.Minute, 2 * time.Hour} {
			s := metrics.SummaryAt(r, now, "events", window)
			require.True(t, now.Equal(s.End))
			require.GreaterOrEqual(t, s.Covered, min(window, passed))
			require.Less(t, s.Covered, min(window, passed)+10*time.Minute)
			const moment = 1 // between the first series and the first step
			require.InDelta(t, s.Covered.Seconds(), s.Increase, moment, "after %v, of %v", passed, window)
			s = metrics.SummaryAt(r, now, "wait_seconds", window)
			require.InDelta(t, s.Covered.Seconds(), float64(s.Count), moment)
			require.InDelta(t, step, metrics.SummaryAt(r, now, "level", window).Latest, 0)
		}
	}
}
