package health_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics/health"
)

// kubelet is how long Kubernetes waits for a probe by default.
const kubelet = time.Second

// slow is a check that takes its time and does not honour ctx.
func slow(d time.Duration) func(context.Context) error {
	return func(context.Context) error { time.Sleep(d); return nil }
}

// Whatever checks of default settings do, a probe is answered before Kubernetes gives up on it, and what is not critical
// does not fail it.
func TestProbesAreAnsweredInTime(t *testing.T) {
	t.Parallel()
	for name, severity := range map[string]health.Severity{
		"critical": health.Critical, "degraded": health.Degraded, "informative": health.Informative,
	} {
		for kind, f := range map[string]func(context.Context) error{
			"honours ctx": func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
			"ignores ctx": slow(time.Minute),
			"is slow":     slow(health.DefaultTimeout - time.Millisecond),
		} {
			t.Run(name+" check "+kind, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					h := quiet(t, health.Check{Name: "ok", Func: pass}, health.Check{Name: "a", Func: f, Severity: severity})
					for range 20 {
						began := time.Now()
						r := h.Report(t.Context(), health.Readiness)
						require.Less(t, time.Since(began), kubelet)
						require.Equal(t, severity == health.Critical && kind != "is slow", r.Status == health.Fail)
						time.Sleep(10 * time.Second)
					}
					time.Sleep(time.Minute)
				})
			})
		}
	}
}

// The result of a check that is not critical is refreshed behind the probe's back.
func TestSlowCheckThatIsNotCriticalShowsItsLastResult(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &toggle{}
		h := quiet(t, health.Check{Name: "a", Severity: health.Degraded, Timeout: 30 * time.Second, Func: func(ctx context.Context) error {
			time.Sleep(700 * time.Millisecond)
			return c.check(ctx)
		}})
		look := func() (health.Result, time.Duration) {
			began := time.Now()
			r := h.Report(t.Context(), health.Readiness).Results[0]
			return r, time.Since(began)
		}
		r, took := look()
		require.Equal(t, health.Pass, r.Status)
		require.Equal(t, 700*time.Millisecond, took, "the first one is waited for")

		c.set(errDown)
		time.Sleep(10 * time.Second)
		r, took = look()
		require.Equal(t, health.Pass, r.Status)
		require.Equal(t, 100*time.Millisecond, took)
		require.Equal(t, 10100*time.Millisecond, time.Since(r.At))

		time.Sleep(10 * time.Second)
		_, body, _ := get(t, h, "/health")
		require.Contains(t, body, `"age_seconds": 9.5`)
		require.Contains(t, body, `"status": "warn"`)

		c.set(nil)
		time.Sleep(2 * time.Minute)
		r, took = look()
		require.Equal(t, health.Pass, r.Status, "a result of long ago is worth waiting")
		require.Equal(t, 700*time.Millisecond, took)
	})
}

func TestCheckThatIsNotCriticalWithoutAnyResult(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := quiet(t, health.Check{Name: "a", Severity: health.Degraded, Timeout: time.Minute, Func: slow(5 * time.Second)})
		r := h.Report(t.Context(), health.Readiness)
		require.Equal(t, health.Warning, r.Status)
		require.EqualError(t, r.Results[0].Err, "no result yet: the probe does not wait for longer than 800ms")
		time.Sleep(5 * time.Second)
		require.Equal(t, health.Pass, status(h, health.Readiness))
		time.Sleep(5 * time.Minute)
		r = h.Report(t.Context(), health.Readiness)
		require.Equal(t, health.Warning, r.Status)
		require.ErrorContains(t, r.Results[0].Err, "no fresh result, the last is 5m1.6s old")
		time.Sleep(5 * time.Second)
	})
}

// What a critical check said before its MaxAge says nothing, also when the probe's own time is up.
func TestOldResultOfACriticalCheckIsNotShown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &toggle{}
		h := quiet(t, health.Check{Name: "a", Timeout: time.Minute, MaxAge: 2 * time.Second, Func: func(ctx context.Context) error {
			if c.runs.Load() > 0 {
				time.Sleep(30 * time.Second)
			}
			return c.check(ctx)
		}})
		look := func() health.Result {
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			return h.Report(ctx, health.Readiness).Results[0]
		}
		require.Equal(t, health.Pass, look().Status)
		time.Sleep(time.Second)
		require.Equal(t, health.Pass, look().Status, "not older than MaxAge")
		time.Sleep(2 * time.Second)
		r := look()
		require.Equal(t, health.Fail, r.Status)
		require.EqualError(t, r.Err, "no fresh result, the last is 3.2s old: context deadline exceeded")
		require.ErrorIs(t, r.Err, context.DeadlineExceeded)
		time.Sleep(30 * time.Second)
		require.Equal(t, health.Pass, look().Status)
	})
}
