package metrics_test

import (
	"bytes"
	"log/slog"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics"
)

// When the memory for the past is used up, all series remember what was recently, new ones too; those that need little
// remember all, and those that need much as far as each other.
func TestSharesOfTheMemory(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		const limit = 1 << 20
		r, err := metrics.New(metrics.Config{MaxHistory: limit, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		require.NoError(t, err)
		go func() { _ = r.Run(t.Context()) }()
		time.Sleep(time.Millisecond)
		orders, random := r.Counter("orders"), rand.New(rand.NewPCG(1, 2))
		var routes []metrics.Histogram
		var registrations metrics.Counter
		for step := range 30 * 360 {
			if step == 0 || step == 28*360 {
				for range 40 - len(routes)/4 {
					routes = append(routes, r.Histogram("http_seconds", metrics.Label{Name: "route", Value: strconv.Itoa(len(routes))}))
				}
			}
			if step == 28*360 {
				registrations = r.Counter("registrations")
			}
			for _, route := range routes {
				for range 3 {
					route.Observe(math.Exp(random.NormFloat64()*2 - 3))
				}
			}
			orders.Inc()
			if registrations != nil {
				registrations.Inc()
			}
			time.Sleep(10 * time.Second)
			if step%101 != 0 || step < 30 {
				continue
			}
			hour := func(name string) metrics.Summary {
				s, _ := r.Summary(name, time.Hour)
				return s
			}
			recent, _ := r.Summary("http_seconds", 5*time.Minute)
			require.GreaterOrEqual(t, recent.Covered, 5*time.Minute, "in step %d", step)
			if since := step - 28*360; since < 0 || since > 30 {
				require.Equal(t, uint64(3*len(routes))*uint64(recent.Covered/(10*time.Second)), recent.Count, "in step %d", step)
			}
			require.GreaterOrEqual(t, hour("http_seconds").Covered, min(time.Duration(step)*10*time.Second, time.Hour), "in step %d", step)
			all, _ := r.Summary("orders", 25*time.Hour)
			require.GreaterOrEqual(t, all.Covered, min(time.Duration(step)*10*time.Second, 25*time.Hour), "a counter needs little")
			if registrations != nil {
				require.InDelta(t, min(step+1-28*360, 360), hour("registrations").Increase, 7)
			}
			require.GreaterOrEqual(t, r.HistoryBudget(), 0)
		}
		far, _ := r.Summary("http_seconds", 25*time.Hour)
		require.Less(t, far.Covered, 20*time.Hour)
		require.Greater(t, far.Covered, 90*time.Minute)
		require.Less(t, r.HistoryBudget(), limit/2)
		var most, least time.Duration
		for i := range 40 {
			s, _ := r.Summary("http_seconds", 25*time.Hour, metrics.Label{Name: "route", Value: strconv.Itoa(i)})
			most = max(most, s.Covered)
			if least == 0 || s.Covered < least {
				least = s.Covered
			}
		}
		require.Less(t, most, 2*least, "they shrink evenly")
		require.Equal(t, 1, strings.Count(log.String(), "the memory for the past is used up"), log.String())
		require.Equal(t, r.HistoryTaken(), limit-r.HistoryBudget())
	})
}

// What expires makes room for the past of the others again.
func TestSharesEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := expiring(t, metrics.Config{MaxHistory: 100_000})
		for range 60 {
			for i := range 100 {
				h := r.Histogram("many", user(strconv.Itoa(i)))
				for range 20 {
					h.Observe(rand.ExpFloat64())
				}
			}
			r.Histogram("one").Observe(1)
			pass(r, time.Minute)
		}
		s, _ := r.Summary("one", time.Hour)
		require.Less(t, s.Covered, time.Hour)
		pass(r, 2*maxIdle)
		one := r.Histogram("one")
		for range 5 * 360 {
			for range 20 {
				one.Observe(rand.ExpFloat64())
			}
			pass(r, 10*time.Second)
		}
		s, _ = r.Summary("one", 5*time.Hour)
		require.GreaterOrEqual(t, s.Covered, 5*time.Hour)
		require.Equal(t, r.HistoryTaken(), 100_000-r.HistoryBudget())
	})
}
