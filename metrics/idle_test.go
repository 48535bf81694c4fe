package metrics_test

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics"
)

// What is looked up regularly stays, also when it does not grow, as the counters of package sysmon do.
func TestLookingUpKeeps(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := expiring(t, metrics.Config{})
		r.Counter("c", user("ann")).Add(12.5)
		for range 60 {
			pass(r, time.Minute)
			r.Counter("c", user("ann")).Add(0)
		}
		require.Equal(t, []string{`c_total{user="ann"} 12.5`}, samples(t, r, "c_total"))
		pass(r, maxIdle+20*time.Second)
		require.Empty(t, samples(t, r, "c_total"))
	})
}

// What was added to a gauge can be taken from it, however long that takes; at 0 it goes.
func TestSumsStay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := expiring(t, metrics.Config{})
		jobs := metrics.NewGaugeVec[string](r, "jobs")
		jobs.With("import").Add(1)
		r.Gauge("level", user("ann")).Set(1)
		for range 5 {
			pass(r, maxIdle)
		}
		require.Equal(t, []string{`jobs{value="import"} 1`}, samples(t, r, "jobs"))
		require.Empty(t, samples(t, r, "level"))
		jobs.With("import").Add(-1)
		require.Equal(t, []string{`jobs{value="import"} 0`}, samples(t, r, "jobs"))
		for range 4 {
			pass(r, maxIdle)
		}
		require.Empty(t, samples(t, r, "jobs"))
	})
}

// Figures that series may be missing from are errors, which are no silences.
func TestFiguresOutliveSeries(t *testing.T) {
	t.Parallel()
	r, err := metrics.New(metrics.Config{MaxIdle: 61 * time.Minute, Logger: quiet()})
	require.NoError(t, err)
	r.Counter("orders", user("ann")).Inc()
	for _, c := range []struct {
		f    func(context.Context) (float64, error)
		need string
	}{
		{r.RatePerHour("orders", time.Hour, metrics.Schedule{}), ""},
		{r.RatePerHour("orders", 61*time.Minute, metrics.Schedule{}), "1h2m0s"},
		{r.RatePerHour("orders", 2*time.Hour, metrics.Schedule{}), "2h10m0s"},
		{r.QueryRatio("orders", metrics.Rate, time.Minute, 2*time.Minute, metrics.Schedule{}), ""},
		{r.QueryRatio("orders", metrics.Rate, time.Hour, 24*time.Hour, metrics.Schedule{}), "25h10m0s"},
	} {
		_, err := c.f(t.Context())
		if c.need == "" {
			require.ErrorIs(t, err, metrics.ErrNoData, "only that nothing is known yet")
			continue
		}
		require.NotErrorIs(t, err, metrics.ErrNoData)
		require.EqualError(t, err, "metrics: with a MaxIdle of 1h1m0s series may be gone that a figure of the last "+c.need+" is of: MaxIdle must be at least that, or 0")
	}
	_, err = r.Compare("orders", metrics.Rate, time.Hour, 0)
	require.ErrorContains(t, err, "MaxIdle must be")
}

// Without Run, exports find what is idle.
func TestExportsExpire(t *testing.T) {
	t.Parallel()
	for name, export := range map[string]func(*testing.T, *metrics.Registry){
		"Gather":    func(t *testing.T, r *metrics.Registry) { t.Helper(); r.Gather(t.Context()) },
		"WriteText": func(t *testing.T, r *metrics.Registry) { t.Helper(); _ = text(t, r) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := expiring(t, metrics.Config{})
				r.Counter("c", user("ann")).Inc()
				for range 15 {
					export(t, r)
					runtime.GC()
					time.Sleep(time.Minute)
				}
				export(t, r)
				require.NotContains(t, text(t, r), "ann")
			})
		})
	}
}

// The registry's own counters take no place of the limit.
func TestOwnSeriesCountForNoLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := expiring(t, metrics.Config{MaxTotalSeries: 20})
		for round := range 5 {
			for i := range 10 {
				r.Counter(fmt.Sprint("c", i), user("ann")).Inc()
				r.Counter(fmt.Sprint("c", i), user("bob")).Inc()
			}
			require.Len(t, samples(t, r, "c9_total"), 2, "round %d", round)
			require.Empty(t, samples(t, r, "metrics_overflows"))
			pass(r, maxIdle+20*time.Second)
		}
		require.Len(t, samples(t, r, "metrics_expired"), 10)
	})
}

// What is infinite has no ratio.
func TestInfiniteRatio(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := new(metrics.Registry)
		go func() { _ = r.Run(t.Context()) }()
		g := r.Gauge("level")
		g.Set(1)
		time.Sleep(3 * time.Minute)
		for _, value := range []float64{math.Inf(1), math.Inf(1), math.Inf(1), 2} {
			g.Set(value)
			time.Sleep(35 * time.Second)
			_, err := r.Compare("level", metrics.Latest, time.Minute, time.Minute)
			require.ErrorIs(t, err, metrics.ErrNoData)
			require.ErrorContains(t, err, "has no ratio")
		}
	})
}

// A pattern of any length is answered at once, and none that long fits.
func TestLongPattern(t *testing.T) {
	t.Parallel()
	r := new(metrics.Registry)
	r.Counter("c")
	later := time.Now().Add(time.Hour)
	require.Len(t, r.Select(strings.Repeat("*", 1024), later), 1)
	require.Empty(t, r.Select(strings.Repeat("*", 1025), later))
}
