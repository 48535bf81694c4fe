package metrics_test

import (
	"math"
	"math/rand/v2"
	"runtime"
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

func (e *exact) step() {
	e.steps = append(e.steps, make([]uint32, len(e.values)))
	e.sums = append(e.sums, 0)
}

func (e *exact) add(i int) {
	e.steps[len(e.steps)-1][i]++
	e.sums[len(e.sums)-1] += e.values[i]
}

// last returns the count, the sum and the quantiles of the last n steps.
func (e *exact) last(n int, qs ...float64) (count uint64, sum float64, quantiles []float64) {
	all := make([]uint64, len(e.values))
	for s := len(e.steps) - n; s < len(e.steps); s++ {
		for i, c := range e.steps[s] {
			all[i] += uint64(c)
			count += uint64(c)
		}
		sum += e.sums[s]
	}
	for _, q := range qs {
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

// 24 hours at 1 000 observations a second: totals are exact, quantiles within 2.2 %, the memory does not grow.
func TestDayOfWindows(t *testing.T) {
	t.Parallel()
	perSecond, hours := 1000, 26
	if raceEnabled {
		perSecond = 100 // what the race detector makes of it is long enough
	}
	synctest.Test(t, func(t *testing.T) {
		r := new(metrics.Registry)
		go func() { _ = r.Run(t.Context()) }()
		random := rand.New(rand.NewPCG(1, 1))
		e := &exact{}
		for v := 0.0001; v < 100; v *= 1.02 {
			e.values = append(e.values, v)
		}
		h, c, g := r.Histogram("duration_seconds"), r.Counter("requests"), r.Gauge("in_flight")
		var day runtime.MemStats
		time.Sleep(time.Millisecond)
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
				g.Set(float64(step % 360))
				time.Sleep(time.Second)
			}
			if step == 25*360+30 {
				runtime.GC()
				runtime.ReadMemStats(&day)
			}
			if step%997 != 0 && step != hours*360-1 {
				continue
			}
			for _, window := range []time.Duration{time.Minute, 5 * time.Minute, time.Hour, 24 * time.Hour} {
				s, ok := r.Summary("duration_seconds", window)
				require.True(t, ok)
				steps := int((s.Covered + 5*time.Second) / (10 * time.Second))
				require.LessOrEqual(t, steps, step+1)
				if step*10 > int(window.Seconds()) {
					require.GreaterOrEqual(t, s.Covered, window)
				}
				count, sum, q := e.last(steps, 0.5, 0.95, 0.99)
				require.Equal(t, count, s.Count, "step %d, %v, covered %v", step, window, s.Covered)
				require.InEpsilon(t, sum, s.Sum, 1e-9)
				for i, got := range []float64{s.P50, s.P95, s.P99} {
					require.InEpsilon(t, q[i], got, 0.0221, "step %d, %v", step, window)
				}
				requests, _ := r.Summary("requests", window)
				require.InDelta(t, float64(count), requests.Increase, 0)
			}
		}
		var after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&after)
		t.Logf("%d bytes more after the last hour", int64(after.HeapAlloc)-int64(day.HeapAlloc)-int64(len(e.values))*4*330)
	})
}
