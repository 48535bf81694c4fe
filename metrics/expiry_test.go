package metrics_test

import (
	"fmt"
	"log/slog"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics"
)

// Series that do not change are taken out, and make room. One that is held comes back with all that was recorded.
func TestIdleSeries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, err := metrics.New(metrics.Config{IdleExpiry: time.Minute, MaxSeries: 10, Logger: slog.New(slog.DiscardHandler)})
		require.NoError(t, err)
		go func() { _ = r.Run(t.Context()) }()
		label := func(i int) metrics.Label { return metrics.Label{Name: "i", Value: fmt.Sprint(i)} }
		for i := range 12 {
			r.Counter("jobs", label(i)).Add(float64(i))
		}
		held, busy, gauge, histogram := r.Counter("jobs", label(3)), r.Counter("jobs", label(4)), r.Gauge("level"), r.Histogram("size")
		gauge.Set(7)
		histogram.Observe(1)
		require.Len(t, samples(t, r, "jobs_total"), 11, "with the overflow")
		for range 12 {
			busy.Inc()
			time.Sleep(10 * time.Second)
		}
		synctest.Wait()
		require.Equal(t, []string{`jobs_total{i="4"} 16`, `jobs_total{otel_metric_overflow="true"} 21`}, samples(t, r, "jobs_total"))
		require.Empty(t, samples(t, r, "level"))
		require.Empty(t, samples(t, r, "size"))

		held.Inc()
		gauge.Set(7) // the same again
		histogram.Observe(2)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		require.Contains(t, samples(t, r, "jobs_total"), `jobs_total{i="3"} 4`)
		require.Equal(t, []string{"level 7"}, samples(t, r, "level"))
		require.Contains(t, samples(t, r, "size"), "size_sum 3")
		s, _ := r.Summary("jobs", 10*time.Second, label(3))
		require.InDelta(t, 1, s.Increase, 0)
		require.Same(t, held, r.Counter("jobs", label(3)))

		// One that is asked for again is the same, or begins anew when nobody held it.
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		require.Empty(t, samples(t, r, "jobs_total{i="))
		require.Same(t, held, r.Counter("jobs", label(3)))
		runtime.GC()
		r.Counter("jobs", label(5)).Inc()
		require.Equal(t, []string{`jobs_total{i="3"} 4`, `jobs_total{i="5"} 1`}, samples(t, r, "jobs_total{i="))
		for i := 100; i < 109; i++ {
			r.Counter("jobs", label(i)).Inc()
		}
		require.Len(t, samples(t, r, "jobs_total"), 11, "there was room, and then the overflow")
		require.Contains(t, samples(t, r, "jobs_total"), `jobs_total{otel_metric_overflow="true"} 22`)
		runtime.KeepAlive(held)
	})
}

// What a Vec remembers is asked for again after series were taken out.
func TestVecAfterExpiry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, err := metrics.New(metrics.Config{IdleExpiry: time.Minute})
		require.NoError(t, err)
		go func() { _ = r.Run(t.Context()) }()
		v := metrics.NewCounterVec[string](r, "jobs")
		v.With("a").Inc()
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		require.Empty(t, samples(t, r, "jobs_total"))
		v.With("a").Inc()
		require.Len(t, samples(t, r, "jobs_total"), 1)
	})
}
