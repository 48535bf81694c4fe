package metrics_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics"
)

// A func that hangs, fails, panics or exits takes nothing with it.
func TestGaugeFuncs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := new(metrics.Registry)
		running, stop := context.WithCancel(t.Context())
		defer func() { stop(); time.Sleep(2 * metrics.CallbackTimeout) }() // for what was asked at the very end
		go func() { _ = r.Run(running) }()
		var calls, sick atomic.Int32
		hanging := make(chan struct{})
		release := sync.OnceFunc(func() { close(hanging) })
		defer release() // also when the test fails, whose reason the blocked bubble would hide
		r.GaugeFunc("good", func(context.Context) (float64, error) { return 1, nil })
		r.GaugeFunc("hangs", func(context.Context) (float64, error) { calls.Add(1); <-hanging; return 5, nil })
		r.GaugeFunc("panics", func(context.Context) (float64, error) { panic("x") })
		r.GaugeFunc("exits", func(context.Context) (float64, error) { runtime.Goexit(); return 0, nil })
		r.GaugeFunc("waits", func(ctx context.Context) (float64, error) { <-ctx.Done(); return 0, ctx.Err() })
		r.GaugeFunc("moody", func(context.Context) (float64, error) {
			if sick.Load() == 0 {
				return 2, nil
			}
			return 0, errors.New("not now")
		})
		time.Sleep(2 * time.Second)
		require.Equal(t, []string{"good 1"}, samples(t, r, "good"))
		require.Equal(t, []string{"moody 2"}, samples(t, r, "moody"))
		for _, name := range []string{"hangs", "panics", "exits", "waits"} {
			require.Empty(t, samples(t, r, name), name)
		}
		sick.Store(1)
		time.Sleep(time.Minute)
		require.Equal(t, int32(1), calls.Load(), "it is not asked again before it has answered")
		require.Empty(t, samples(t, r, "moody"), "what is not known is not exported")
		require.NotContains(t, samples(t, r, "metrics_callback_failures"), `metrics_callback_failures_total{metric="panics"} 0`)
		require.Contains(t, samples(t, r, "metrics_callback_failures"), `metrics_callback_failures_total{metric="hangs"} 1`)
		s, _ := r.Summary("moody", time.Minute)
		require.Less(t, s.Count, uint64(3), "nor sampled")
		release()
		synctest.Wait()
		require.Equal(t, []string{"hangs 5"}, samples(t, r, "hangs"))
		require.ErrorContains(t, r.Run(t.Context()), "is running already")

		// A request that is given up takes no value out; a func that hangs after it has answered does.
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		r.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(gone, http.MethodGet, "/", nil))
		time.Sleep(5 * time.Second)
		require.Equal(t, []string{"good 1"}, samples(t, r, "good"))
		r.GaugeFunc("later", func() func(context.Context) (float64, error) {
			answered := false
			return func(context.Context) (float64, error) {
				if answered {
					<-t.Context().Done()
				}
				answered = true
				return 7, nil
			}
		}())
		require.Equal(t, []string{"later 7"}, samples(t, r, "later"))
		require.Empty(t, samples(t, r, "later"), "what is not known any more")

		// A later func for the same series takes the place of the earlier one.
		r.GaugeFunc("good", func(context.Context) (float64, error) { return 3, nil })
		time.Sleep(10 * time.Second)
		require.Equal(t, []string{"good 3"}, samples(t, r, "good"))
	})
}

// Windows of gauges: samples at equal distances, and the extremes between them.
func TestGaugeWindows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := new(metrics.Registry)
		go func() { _ = r.Run(t.Context()) }()
		g := r.Gauge("level")
		g.Set(10)
		time.Sleep(time.Millisecond)
		for i := range 60 { // ten minutes
			g.Set(1000) // for a moment
			g.Set(float64(i))
			time.Sleep(10 * time.Second)
		}
		s, ok := r.Summary("level", 2*time.Minute)
		require.True(t, ok)
		require.InDelta(t, 59, s.Latest, 0)
		require.InDelta(t, 47, s.Min, 0, "what it was when the window began counts")
		require.InDelta(t, 1000, s.Max, 0)
		require.Equal(t, uint64(13), s.Count)
		require.InDelta(t, (48.0+59)/2*12/13+59.0/13, s.Avg, 1, "the moments do not")
		require.Equal(t, 2*time.Minute+time.Millisecond, s.Covered)
		all, _ := r.Summary("level", time.Hour)
		require.InDelta(t, 0, all.Min, 0)
		require.Equal(t, 10*time.Minute+time.Millisecond, all.Covered, "there is no more")
		other := r.Gauge("level", metrics.Label{Name: "a", Value: "b"})
		other.Set(5)
		both, _ := r.Summary("level", time.Minute)
		require.Equal(t, 2, both.Series)
		require.InDelta(t, 64, both.Latest, 0, "the latest of all")
		_, ok = r.Summary("level", time.Minute, metrics.Label{Name: "a", Value: "c"})
		require.False(t, ok)

		points := r.Select("lev*", time.Now().Add(-time.Minute))[0].Points
		require.Len(t, points, 7)
		require.InDelta(t, 58, points[4].Value, 0)
		require.InDelta(t, 1000, points[4].Max, 0)
		require.Equal(t, 10*time.Second, points[4].Span)
	})
}

// What a gauge was before its func failed is no extreme of what comes after.
func TestGaugeFuncAfterAbsence(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := new(metrics.Registry)
		go func() { _ = r.Run(t.Context()) }()
		var value atomic.Int64
		value.Store(100)
		r.GaugeFunc("x", func(context.Context) (float64, error) {
			if v := value.Load(); v > 0 {
				return float64(v), nil
			}
			return 0, errors.New("away")
		}, metrics.Label{Name: "a", Value: "1"})
		time.Sleep(time.Minute)
		value.Store(-1)
		time.Sleep(30 * time.Minute)
		value.Store(1)
		time.Sleep(time.Minute)
		s, _ := r.Summary("x", 30*time.Second)
		require.InDelta(t, 1, s.Max, 0)
		r.Gauge("x", metrics.Label{Name: "a", Value: "0"}).Set(10)
		value.Store(-1)
		time.Sleep(time.Minute)
		s, _ = r.Summary("x", 30*time.Second)
		require.InDelta(t, 10, s.Latest, 0, "only what there is")
	})
}

// Scrapes at the same time wait for the same answer; one that was given up leaves nothing stale; a failure counts once.
func TestGaugeFuncsAskedTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := new(metrics.Registry)
		var calls atomic.Int32
		r.GaugeFunc("slow", func(context.Context) (float64, error) {
			time.Sleep(300 * time.Millisecond)
			return float64(calls.Add(1)), nil
		})
		both := make(chan string, 2)
		for range 2 {
			go func() {
				var b strings.Builder
				_ = r.WriteText(&b)
				both <- b.String()
			}()
		}
		require.Contains(t, <-both, "\nslow 1\n")
		require.Contains(t, <-both, "\nslow 1\n")
		require.Equal(t, int32(1), calls.Load())

		r.GaugeFunc("late", func(context.Context) (float64, error) {
			time.Sleep(1200 * time.Millisecond)
			return 0, errors.New("late, and wrong")
		})
		require.Empty(t, samples(t, r, "late"))
		time.Sleep(time.Second)
		r.GaugeFunc("late", func(context.Context) (float64, error) { return 1, nil })
		require.Contains(t, samples(t, r, "metrics_callback_failures"), `metrics_callback_failures_total{metric="late"} 1`)

		answered := false
		r.GaugeFunc("hangs", func(context.Context) (float64, error) {
			if answered {
				<-t.Context().Done()
			}
			answered = true
			return 7, nil
		})
		require.Equal(t, []string{"hangs 7"}, samples(t, r, "hangs"))
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		r.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(gone, http.MethodGet, "/", nil))
		time.Sleep(time.Minute)
		require.Empty(t, samples(t, r, "hangs"))
	})
}
