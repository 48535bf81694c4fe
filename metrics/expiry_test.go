package metrics_test

import (
	"bytes"
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"log/slog"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics"
)

const maxIdle = 10 * time.Minute

func expiring(tb testing.TB, c metrics.Config) *metrics.Registry {
	tb.Helper()
	c.MaxIdle, c.Logger = maxIdle, quiet()
	r, err := metrics.New(c)
	require.NoError(tb, err)
	return r
}

func user(value string) metrics.Label { return metrics.Label{Name: "user", Value: value} }

// pass lets time go by in which ticks and collections take place.
func pass(r *metrics.Registry, d time.Duration) {
	runtime.GC()
	for range d / (10 * time.Second) {
		time.Sleep(10 * time.Second)
		r.Tick()
	}
}

// keys returns the series that there are.
func keys(r *metrics.Registry) (list []string) {
	for _, s := range r.Select("", time.Now().Add(time.Hour)) {
		list = append(list, s.Key())
	}
	return list
}

func TestMaxIdle(t *testing.T) {
	t.Parallel()
	for _, d := range []time.Duration{-1, time.Second, metrics.MinIdle - 1} {
		_, err := metrics.New(metrics.Config{MaxIdle: d})
		require.EqualError(t, err, fmt.Sprintf("metrics: invalid configuration:\nMaxIdle is %v: must be at least 5m0s, so that the last values are scraped, or 0 for never", d))
	}
	_, err := metrics.New(metrics.Config{MaxIdle: metrics.MinIdle})
	require.NoError(t, err)
}

// What nobody uses goes, after the time and not before, from everywhere; what somebody holds, or the registry needs, stays.
func TestExpiry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := expiring(t, metrics.Config{MaxSeries: 5})
		heldCounter, heldGauge, heldHistogram := r.Counter("c", user("held")), r.Gauge("g", user("held")), r.Histogram("h", user("held"))
		r.Counter("alone").Inc()
		r.GaugeFunc("f", func(context.Context) (float64, error) { return 7, nil }, user("func"))
		stay := []string{
			"alone_total", "c_total[user=held]", "f[user=func]", "g[user=held]", "h[user=held]",
			"metrics_callback_failures_total[metric=f]",
		}
		require.Equal(t, stay, keys(r))
		pass(r, time.Minute)
		before := r.HistoryBudget()

		r.Counter("c", user("ann")).Inc()
		r.Gauge("g", user("ann")).Set(0) // which it was already
		r.Histogram("h", user("ann")).Observe(-1)
		r.Gauge("g", user("unset"))
		went := []string{"c_total[user=ann]", "g[user=ann]", "g[user=unset]", "h[user=ann]"}
		pass(r, maxIdle-10*time.Second)
		r.Counter("c", user("bob")).Inc()
		r.Counter("metrics_expired_series_total", metrics.Label{Name: "metric", Value: "g"}).Add(40) // which the registry takes over
		require.Subset(t, keys(r), append([]string{"c_total[user=bob]"}, went[:2]...), "ten minutes are not over")
		require.Less(t, r.HistoryBudget(), before)
		pass(r, 20*time.Second)
		stay = append(stay, "metrics_expired_series_total[metric=c_total]")
		require.Equal(t, slices.Sorted(slices.Values(append([]string{
			"c_total[user=bob]", "metrics_expired_series_total[metric=g]", "metrics_expired_series_total[metric=h]",
		}, stay...))), keys(r))
		require.NotContains(t, text(t, r), "ann")
		for name, kept := range map[string]int{"c": 2, "g": 1, "h": 1} {
			s, ok := r.Summary(name, time.Hour)
			require.True(t, ok)
			require.Equal(t, kept, s.Series)
			_, ok = r.Summary(name, time.Hour, user("ann"))
			require.False(t, ok)
		}
		require.Contains(t, samples(t, r, "metrics_expired"), `metrics_expired_series_total{metric="g"} 42`)

		// The same name again is another series.
		again := r.Counter("c", user("ann"))
		again.Inc()
		again.Inc()
		for _, family := range r.Gather(t.Context()) {
			if i := slices.IndexFunc(family.Samples, func(s metrics.Sample) bool { return slices.Contains(s.Labels, user("ann")) }); i >= 0 {
				require.Equal(t, time.Now(), family.Samples[i].Created)
				require.InDelta(t, 2, family.Samples[i].Value, 0)
			}
		}
		pass(r, 3*time.Hour)
		require.Equal(t, slices.Sorted(slices.Values(append([]string{
			"c_total[user=ann]", "metrics_expired_series_total[metric=g]", "metrics_expired_series_total[metric=h]",
		}, stay...))), keys(r))
		require.Same(t, again, r.Counter("c", user("ann")), "there is one handle as long as somebody has it")
		for _, m := range samples(t, r, "metrics_expired") {
			require.Regexp(t, `(c_total"} 2|g"} 42|h"} 1)$`, m)
		}
		heldCounter.Inc()
		heldGauge.Add(1)
		heldHistogram.Observe(1)
		again.Inc()
	})
}

// The memory of the past comes back whole: to the budget of the others, and really.
func TestExpiryGivesMemoryBack(t *testing.T) { // alone, because it measures memory
	synctest.Test(t, func(t *testing.T) {
		const budget = 8 << 20
		r := expiring(t, metrics.Config{MaxHistory: budget})
		heap := func() int64 {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			return int64(m.HeapAlloc)
		}
		r.Tick()
		require.Equal(t, budget, r.HistoryBudget())
		before := heap()
		for range 30 {
			for i := range 900 {
				r.Gauge("g", user(strconv.Itoa(i))).Set(rand.Float64())
				for range 20 {
					r.Histogram("h", user(strconv.Itoa(i))).Observe(rand.ExpFloat64())
				}
			}
			time.Sleep(time.Minute)
			r.Tick()
		}
		require.Less(t, r.HistoryBudget(), budget/4)
		require.Greater(t, heap()-before, int64(budget))
		pass(r, maxIdle)
		require.Equal(t, []string{"metrics_expired_series_total[metric=g]", "metrics_expired_series_total[metric=h]"}, keys(r))
		require.Greater(t, r.HistoryBudget(), budget-1000)
		require.Less(t, heap()-before, int64(1<<20))
		runtime.KeepAlive(r)
	})
}

// What was recorded after the tick that found a series idle, by somebody who has no handle any more, keeps it.
func TestRecordedAfterTheTick(t *testing.T) {
	t.Parallel()
	r := expiring(t, metrics.Config{})
	now := time.Now()
	for name, record := range map[string]func(){
		"c_total[user=ann]": func() { r.Counter("c", user("ann")).Inc() },
		"c_total[user=bob]": func() { r.Counter("c", user("bob")).Add(0.5) },
		"g[user=ann]":       func() { r.Gauge("g", user("ann")).Set(0) },
		"g[user=bob]":       func() { r.Gauge("g", user("bob")).Add(-1); r.Gauge("g", user("bob")).Add(1) },
		"h[user=ann]":       func() { r.Histogram("h", user("ann")).Observe(1) },
		"h[user=bob]":       func() { r.Histogram("h", user("bob")).Observe(0) },
	} {
		record()
		now = now.Add(10 * time.Second)
		r.TickAt(now)
		now = now.Add(maxIdle)
		runtime.GC()
		record()
		runtime.GC()
		r.ExpireAt(now)
		require.Contains(t, keys(r), name)
		r.TickAt(now.Add(10 * time.Second)) // which is when it counts
		now = now.Add(maxIdle)
		runtime.GC()
		r.ExpireAt(now)
		require.Contains(t, keys(r), name)
		r.ExpireAt(now.Add(10 * time.Second))
		require.NotContains(t, keys(r), name)
	}
}

// When series have gone there is room again: for values of the same metric, and of others when all were full together.
func TestExpiryMakesRoom(t *testing.T) {
	t.Parallel()
	for _, c := range []metrics.Config{{MaxSeries: 10}, {MaxTotalSeries: 20}} {
		synctest.Test(t, func(t *testing.T) {
			r := expiring(t, c)
			vec := metrics.NewCounterVec[struct{ User string }](r, "b")
			all := func(round, times int) {
				for range times {
					for i := range 12 {
						name := fmt.Sprint(round, "-", i)
						r.Counter("a", user(name)).Inc()
						vec.With(struct{ User string }{name}).Inc()
					}
				}
			}
			all(1, 2)
			full := keys(r)
			require.Contains(t, full, "a_total[otel_metric_overflow=true]")
			require.Contains(t, full, "b_total[otel_metric_overflow=true]")
			tooMany := metrics.NewCounterVec[struct{ User string }](r, "z")
			tooMany.With(struct{ User string }{"ann"}).Inc()
			require.Equal(t, c.MaxSeries > 0, len(samples(t, r, "z_total")) > 0, "there is no room for a metric more")
			late := r.Counter("a", user("1-11")) // is the overflow's
			require.Same(t, late, r.Counter("a", user("whoever")))
			pass(r, maxIdle+time.Minute)
			for range 3 {
				runtime.GC()
				pass(r, maxIdle)
			}
			tooMany.With(struct{ User string }{"ann"}).Inc()
			require.NotEmpty(t, samples(t, r, "z_total"))
			require.Equal(t, []string{
				"a_total[otel_metric_overflow=true]", "b_total[otel_metric_overflow=true]", "metrics_expired_series_total[metric=a_total]",
				"metrics_expired_series_total[metric=b_total]", "metrics_overflows_total[metric=a_total]", "metrics_overflows_total[metric=b_total]",
			}, slices.DeleteFunc(keys(r), func(key string) bool { return strings.Contains(key, "z_total") || strings.Contains(key, "limit") }))
			overflow := samples(t, r, "a_total")
			r.Counter("a", user("2-0")).Inc()
			vec.With(struct{ User string }{"2-0"}).Inc()
			require.Equal(t, append(overflow, `a_total{user="2-0"} 1`), samples(t, r, "a_total"), "what is there by itself, and what was together")
			require.Contains(t, samples(t, r, "b_total"), `b_total{user="2-0"} 1`)
			all(2, 1)
			a, _ := r.Summary("a", time.Hour)
			b, _ := r.Summary("b", time.Hour)
			if c.MaxSeries > 0 {
				require.Equal(t, 11, a.Series)
				require.Equal(t, 11, b.Series)
			} else {
				require.Greater(t, a.Series+b.Series, 12)
			}
			late.Inc()
		})
	}
}

// A Vec lets go of what is not used, keeps nothing for itself, and costs nothing for what is used.
func TestVecForgets(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := expiring(t, metrics.Config{})
		counters, gauges, histograms := metrics.NewCounterVec[string](r, "c"), metrics.NewGaugeVec[string](r, "g"), metrics.NewHistogramVec[string](r, "h")
		for i := range 100 {
			counters.With(strconv.Itoa(i)).Inc()
			gauges.With(strconv.Itoa(i)).Set(1)
			histograms.With(strconv.Itoa(i)).Observe(1)
		}
		for range 100 {
			counters.With("7").Inc()
			gauges.With("7").Set(1)
			histograms.With("7").Observe(1)
			pass(r, time.Minute)
		}
		require.Equal(t, []string{"c_total[value=7]", "g[value=7]", "h[value=7]"}, keys(r)[:3])
		require.Len(t, keys(r), 6)
		require.Equal(t, []string{`c_total{value="7"} 101`}, samples(t, r, "c_total"))
		require.Equal(t, 3, r.Vecs())
		runtime.KeepAlive(counters)
		runtime.KeepAlive(gauges)
		pass(r, maxIdle)
		require.Equal(t, 1, r.Vecs())
		counters.With("7").Inc()
	})
}

// However many labels it has forgotten, those that are used are found without memory.
func TestVecCostsNothingAfterForgetting(t *testing.T) { // alone, because it counts allocations
	r := expiring(t, metrics.Config{MaxSeries: -1, MaxTotalSeries: -1})
	vec := metrics.NewCounterVec[int](r, "c")
	now := time.Now()
	for i := range 5000 {
		if i%500 == 0 {
			now = now.Add(maxIdle / 2)
			r.TickAt(now)
		}
		vec.With(i).Inc()
	}
	vec.With(7).Inc()
	require.Zero(t, testing.AllocsPerRun(100, func() { vec.With(7).Inc(); vec.With(4999).Inc() }))
	s, _ := r.Summary("c", time.Hour, metrics.Label{Name: "value", Value: "7"})
	require.InDelta(t, 102, s.Increase, 0, "the first one has expired")
	few := expiring(t, metrics.Config{})
	require.Zero(t, testing.AllocsPerRun(100, func() { few.Counter("c", user("ann")).Inc() }))
	require.Equal(t, []string{`c_total{user="ann"} 101`}, samples(t, few, "c_total"))
}

// A million values of two metrics, over ten hours: those that are used have series of their own again and again, all are
// counted, and the memory stays as it is.
func TestCardinalityExpires(t *testing.T) { // alone, because it measures memory
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		r, err := metrics.New(metrics.Config{MaxSeries: 1000, MaxIdle: maxIdle, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		require.NoError(t, err)
		expired := make(map[string]float64)
		series := 0
		r.OnRemoved(func(_ string, labels []metrics.Label, value float64) {
			expired[labels[0].Name] += value
			series++
		})
		vec := metrics.NewCounterVec[struct{ ByVec string }](r, "by_vec")
		const distinct, steps = 500_000, 3600
		var before, after runtime.MemStats
		hot := 0.
		for step := range steps {
			if step == steps/4 {
				runtime.GC()
				runtime.ReadMemStats(&before)
			}
			for i := step * distinct / steps; i < (step+1)*distinct/steps; i++ {
				r.Counter("by_name", metrics.Label{Name: "by_name", Value: strconv.Itoa(i)}).Inc()
				vec.With(struct{ ByVec string }{strconv.Itoa(i)}).Inc()
			}
			r.Counter("by_name", metrics.Label{Name: "by_name", Value: "hot"}).Inc()
			vec.With(struct{ ByVec string }{"hot"}).Inc()
			hot++
			time.Sleep(10 * time.Second)
			r.Tick()
			if step%6 == 0 {
				runtime.GC()
			}
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		require.Less(t, int64(after.HeapAlloc)-int64(before.HeapAlloc), int64(1<<20))
		for _, name := range []string{"by_name", "by_vec"} {
			all := expired[name]
			for _, line := range samples(t, r, name+"_total") {
				_, value, _ := strings.Cut(line, "} ")
				n, err := strconv.ParseFloat(value, 64)
				require.NoError(t, err)
				all += n
			}
			require.InDelta(t, distinct+hot, all, 0)
			require.Contains(t, samples(t, r, name+"_total"), fmt.Sprintf(`%s_total{%s="hot"} %v`, name, name, hot))
		}
		require.Greater(t, series, 2*30*1000, "of 60 times ten minutes")
		require.Equal(t, 2, strings.Count(log.String(), "\n"), log.String())
	})
}

// A value that comes while a tick takes the extremes may be seen in one of them only.
func TestHalfSeen(t *testing.T) {
	t.Parallel()
	require.True(t, metrics.IsSeen(math.Inf(1), 3))
	require.True(t, metrics.IsSeen(3, math.Inf(-1)))
	require.False(t, metrics.IsSeen(math.Inf(1), math.Inf(-1)))
}

// Every method of a handle keeps it until the end: no test meets the collector in the few instructions in which it matters.
func TestHandlesAreKept(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "holder.go", nil, parser.SkipObjectResolution)
	require.NoError(t, err)
	records := 0
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Recv == nil || !f.Name.IsExported() {
			continue
		}
		records++
		call, ok := f.Body.List[len(f.Body.List)-1].(*ast.ExprStmt)
		require.True(t, ok, f.Name)
		require.Equal(t, "runtime.KeepAlive("+f.Recv.List[0].Names[0].Name+")", types.ExprString(call.X), f.Name)
	}
	require.Equal(t, 5, records)
}

// Goroutines look series up, record, and keep the handle for a while or not, while series expire, the memory is collected and
// others export. What is exported in the end and what was there when series went is all that was recorded.
func TestExpiryLosesNothing(t *testing.T) {
	t.Parallel()
	r := expiring(t, metrics.Config{MaxSeries: 300})
	removed := make(map[string]float64)
	var series, recorded, collections atomic.Int64
	r.OnRemoved(func(kind string, _ []metrics.Label, value float64) { // with a lock
		removed[kind] += value
		series.Add(1)
	})
	const workers, rounds, values = 6, 30_000, 1_000
	vec := metrics.NewCounterVec[struct{ User string }](r, "counter")
	var working, helping sync.WaitGroup
	for w := range workers {
		working.Go(func() {
			random := rand.New(rand.NewPCG(uint64(w), 1))
			var kept [8]metrics.Counter
			for i := range rounds {
				for n := recorded.Add(1); collections.Load() < n/1000; { // so that they take turns
					runtime.Gosched()
				}
				name := strconv.Itoa(random.IntN(values))
				switch random.IntN(8) {
				case 0, 1, 2:
					r.Counter("counter", user(name)).Inc()
				case 3, 4:
					vec.With(struct{ User string }{name}).Inc()
				case 5:
					c := r.Counter("counter", user(name))
					kept[random.IntN(len(kept))] = c
					c.Inc()
				case 6:
					if c := kept[random.IntN(len(kept))]; c != nil {
						c.Inc()
						break
					}
					r.Counter("counter", user(name)).Inc()
				case 7:
					r.Counter("counter", user(name)).Inc()
					if i%1000 == 0 {
						kept = [8]metrics.Counter{}
					}
				}
				r.Gauge("gauge", user(name)).Add(1)
				r.Histogram("histogram", user(name)).Observe(1)
			}
		})
	}
	done := make(chan struct{})
	until := func(do func()) {
		helping.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					do()
				}
			}
		})
	}
	now := time.Now()
	until(func() {
		now = now.Add(maxIdle) // who was not seen since the last tick is idle
		r.TickAt(now)
	})
	until(func() {
		runtime.GC()
		collections.Add(1)
	})
	until(func() {
		_ = text(t, r)
		_ = r.Gather(t.Context())
		runtime.Gosched()
	})
	working.Wait()
	close(done)
	helping.Wait()
	exported := make(map[string]float64)
	for _, f := range r.Gather(t.Context()) {
		for _, s := range f.Samples {
			if s.Values != nil {
				s.Value = float64(s.Values.Count)
			}
			exported[strings.TrimSuffix(f.Name, "_total")] += s.Value
		}
	}
	require.Greater(t, series.Load(), int64(100))
	require.InDelta(t, series.Load(), exported["metrics_expired_series"], 0)
	for _, kind := range []string{"counter", "gauge", "histogram"} {
		require.InDelta(t, workers*rounds, removed[kind]+exported[kind], 0, "%s: %v went, %v stayed", kind, removed[kind], exported[kind])
	}
	t.Logf("%d values recorded, %d series went", recorded.Load(), series.Load())
}
