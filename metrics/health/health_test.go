package health_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
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
	"go.uber.org/goleak"

	"github.com/prodwright/prodwright/metrics/health"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// quiet is a handler with checks that logs nowhere.
func quiet(t *testing.T, checks ...health.Check) *health.Handler {
	t.Helper()
	h := &health.Handler{Logger: slog.New(slog.DiscardHandler)}
	require.NoError(t, h.Add(checks...))
	return h
}

func pass(context.Context) error { return nil }

var errDown = errors.New("it is down")

func fail(context.Context) error { return errDown }

// toggle is a check whose outcome can be changed.
type toggle struct {
	err  atomic.Pointer[error]
	runs atomic.Int64
}

func (c *toggle) set(err error) { c.err.Store(&err) }

func (c *toggle) check(context.Context) error {
	c.runs.Add(1)
	if err := c.err.Load(); err != nil {
		return *err
	}
	return nil
}

func status(h *health.Handler, p health.Probe) health.Status {
	return h.Report(context.Background(), p).Status
}

func TestSeveritiesAndWarnings(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		severity health.Severity
		f        func(context.Context) error
		want     health.Status
	}{
		"critical pass":    {health.Critical, pass, health.Pass},
		"critical warn":    {health.Critical, func(context.Context) error { return health.Warn("low") }, health.Warning},
		"critical fail":    {health.Critical, fail, health.Fail},
		"degraded fail":    {health.Degraded, fail, health.Warning},
		"informative fail": {health.Informative, fail, health.Pass},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := quiet(t, health.Check{Name: "a", Func: pass}, health.Check{Name: "b", Func: tc.f, Severity: tc.severity})
			r := h.Report(t.Context(), health.Readiness)
			require.Equal(t, tc.want, r.Status)
			require.Len(t, r.Results, 2)
			require.Equal(t, health.Pass, status(h, health.Liveness), "liveness has no part in it")
		})
	}
}

func TestAddReportsAllProblemsAndAddsNothing(t *testing.T) {
	t.Parallel()
	h := quiet(t, health.Check{Name: "a", Func: pass})
	err := h.Add(
		health.Check{Name: "b", Func: pass},
		health.Check{Name: "a", Func: pass},
		health.Check{Name: "No Good", Timeout: -1, Severity: 9, Probes: 128},
		health.Check{Name: "db", Func: pass, Dependency: true, Probes: health.Liveness | health.Readiness},
	)
	require.ErrorIs(t, err, health.ErrInvalidCheck)
	require.ErrorIs(t, err, health.ErrDependencyInLiveness)
	for _, text := range []string{"another check of this name", "Func is missing", "lower-case letters", "must not be negative", "unknown", "use Readiness"} {
		require.ErrorContains(t, err, text)
	}
	require.Len(t, h.Report(t.Context(), health.Readiness).Results, 1)
}

func TestPanicAndGoexitAreFailures(t *testing.T) {
	t.Parallel()
	h := quiet(t,
		health.Check{Name: "panics", Func: func(context.Context) error { panic("boom") }},
		health.Check{Name: "exits", Func: func(context.Context) error { runtime.Goexit(); return nil }},
	)
	r := h.Report(t.Context(), health.Readiness)
	require.Equal(t, health.Fail, r.Status)
	var pe *health.PanicError
	require.ErrorAs(t, r.Results[0].Err, &pe)
	require.Equal(t, "boom", pe.Value)
	require.Contains(t, string(pe.Stack), "health_test.go")
	require.ErrorContains(t, r.Results[1].Err, "Goexit")
}

// 1 000 probes of a check that hangs cost one goroutine and each gets its answer in time. It counts
// the process's goroutines, so it runs alone.
func TestHungCheckCostsOneGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var runs atomic.Int64
		h := quiet(t, health.Check{Name: "hangs", Timeout: 2 * time.Second, Func: func(context.Context) error {
			runs.Add(1)
			<-release // ignores ctx
			return nil
		}})
		before := runtime.NumGoroutine()
		for range 10 {
			var probes sync.WaitGroup
			for range 100 {
				probes.Go(func() {
					start := time.Now()
					r := h.Report(t.Context(), health.Readiness)
					require.LessOrEqual(t, time.Since(start), 2*time.Second)
					require.Equal(t, health.Fail, r.Status)
					var te *health.TimeoutError
					require.ErrorAs(t, r.Results[0].Err, &te)
					require.ErrorIs(t, r.Results[0].Err, context.DeadlineExceeded)
				})
			}
			probes.Wait()
			time.Sleep(10 * time.Second)
		}
		require.EqualValues(t, 1, runs.Load())
		require.LessOrEqual(t, runtime.NumGoroutine(), before+2) // the check, and its timer at most
		require.ErrorContains(t, h.Report(t.Context(), health.Readiness).Results[0].Err, "hangs for 1m")

		close(release)
		synctest.Wait()
		time.Sleep(2 * time.Second)
		require.Equal(t, health.Pass, status(h, health.Readiness), "it recovers once it returns")
		require.EqualValues(t, 2, runs.Load())
	})
}

func TestProbesShareOneRunAndItsResult(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int64
		slow := func(context.Context) error { runs.Add(1); time.Sleep(health.DefaultTimeout / 2); return nil }
		h := quiet(t, health.Check{Name: "a", Func: slow, MaxAge: 3 * time.Second}, health.Check{Name: "b", Func: slow, MaxAge: 3 * time.Second})
		start := time.Now()
		var probes sync.WaitGroup
		for range 100 {
			probes.Go(func() { require.Equal(t, health.Pass, status(h, health.Readiness)) })
		}
		probes.Wait()
		require.Equal(t, health.DefaultTimeout/2, time.Since(start), "all checks and all probes at the same time")
		require.EqualValues(t, 2, runs.Load())
		time.Sleep(2 * time.Second)
		status(h, health.Readiness)
		require.EqualValues(t, 2, runs.Load(), "the result is used again")
		time.Sleep(time.Second)
		status(h, health.Readiness)
		require.EqualValues(t, 4, runs.Load(), "but not for longer than MaxAge")
	})
}

func TestUncachedCheckRunsForEveryProbe(t *testing.T) {
	t.Parallel()
	c := &toggle{}
	h := quiet(t, health.Check{Name: "gate", Func: c.check, MaxAge: -1})
	for i := range 5 {
		require.Equal(t, health.Pass, status(h, health.Readiness))
		require.EqualValues(t, i+1, c.runs.Load())
	}
	c.set(errDown)
	require.Equal(t, health.Fail, status(h, health.Readiness), "at once")
}

func TestThresholds(t *testing.T) {
	t.Parallel()
	c := &toggle{}
	h := quiet(t, health.Check{Name: "a", Func: c.check, MaxAge: -1, FailAfter: 3, RecoverAfter: 2})
	step := func(err error, want health.Status, inARow int) {
		t.Helper()
		c.set(err)
		r := h.Report(t.Context(), health.Readiness).Results[0]
		require.Equal(t, want, r.Status)
		require.Equal(t, inARow, r.InARow)
		require.Equal(t, err, r.Err)
	}
	step(nil, health.Pass, 1)
	step(errDown, health.Pass, 1)
	step(errDown, health.Pass, 2)
	step(nil, health.Pass, 1)
	step(errDown, health.Pass, 1)
	step(errDown, health.Pass, 2)
	step(errDown, health.Fail, 3)
	step(errDown, health.Fail, 4)
	step(nil, health.Fail, 1)
	step(errDown, health.Fail, 1)
	step(nil, health.Fail, 1)
	step(nil, health.Pass, 2)

	first := quiet(t, health.Check{Name: "a", Func: fail, FailAfter: 3})
	require.Equal(t, health.Fail, status(first, health.Readiness), "what never passed does not pass")
}

// However many probes ask for a check that hangs, it counts as often as a run could have failed.
func TestHungRunCountsOncePerTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		c := &toggle{}
		h := quiet(t, health.Check{Name: "a", Timeout: time.Second, MaxAge: -1, FailAfter: 5, Func: func(ctx context.Context) error {
			if c.runs.Load() > 0 {
				<-release
			}
			return c.check(ctx)
		}})
		require.Equal(t, health.Pass, status(h, health.Readiness))
		for n := 1; n <= 6; n++ {
			if n > 1 {
				time.Sleep(time.Second)
			}
			for range 100 {
				r := h.Report(t.Context(), health.Readiness)
				require.Equal(t, n, r.Results[0].InARow)
				require.Equal(t, n >= 5, r.Status == health.Fail)
			}
		}
	})
}

func TestStartupPassesForGood(t *testing.T) {
	t.Parallel()
	c := &toggle{}
	c.set(errDown)
	h := quiet(t, health.Check{Name: "a", Func: c.check, MaxAge: -1})
	require.Equal(t, health.Fail, status(h, health.Startup), "it has readiness's checks when it has none of its own")
	require.Equal(t, health.Pass, h.Report(t.Context(), health.Startup, "a").Status, "a probe that leaves checks out ...")
	require.Equal(t, health.Fail, status(h, health.Startup), "... does not count")
	c.set(nil)
	require.Equal(t, health.Pass, status(h, health.Startup))
	c.set(errDown)
	require.Equal(t, health.Warning, status(h, health.Startup))
	require.Equal(t, health.Fail, status(h, health.Readiness))
}

func TestRunRefreshesInTheBackground(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int64
		h := quiet(t, health.Check{Name: "slow", Interval: 10 * time.Second, Func: func(context.Context) error {
			runs.Add(1)
			time.Sleep(health.DefaultTimeout / 2)
			return nil
		}})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- h.Run(ctx) }()
		time.Sleep(95 * time.Second)
		require.EqualValues(t, 10, runs.Load())
		start := time.Now()
		require.Equal(t, health.Pass, status(h, health.Readiness))
		require.Zero(t, time.Since(start), "the probe does not wait")
		cancel()
		require.NoError(t, <-done)

		time.Sleep(31 * time.Second)
		require.Equal(t, health.Pass, status(h, health.Readiness))
		require.EqualValues(t, 11, runs.Load(), "without Run a result older than three intervals is refreshed by the probe")
	})
}

func TestProbeEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := quiet(t, health.Check{Name: "slow", Func: slow(health.DefaultTimeout / 2)})
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		r := h.Report(ctx, health.Readiness)
		require.Equal(t, health.Fail, r.Status)
		require.ErrorIs(t, r.Results[0].Err, context.DeadlineExceeded)
		synctest.Wait()
		time.Sleep(time.Second)
		require.Equal(t, health.Pass, status(h, health.Readiness), "the run itself went on")
	})
}

// The context of a check has the deadline, and it honours it.
func TestCheckGetsItsDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := quiet(t, health.Check{Name: "a", Timeout: 3 * time.Second, Func: func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}})
		start := time.Now()
		r := h.Report(t.Context(), health.Readiness)
		require.Equal(t, 3*time.Second, time.Since(start))
		require.EqualError(t, r.Results[0].Err, "no answer after 3s")
	})
}

func TestChangesAreLoggedAndTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		var changes []string
		c := &toggle{}
		h := &health.Handler{Logger: slog.New(slog.NewTextHandler(&log, nil))}
		h.OnChange = func(before, now health.Result) {
			changes = append(changes, string(before.Status)+">"+string(now.Status))
			status(h, health.Readiness) // a hook may ask: no lock is held
		}
		require.NoError(t, h.Add(health.Check{Name: "db", Func: c.check, MaxAge: -1}))
		for _, err := range []error{nil, nil, errDown, errDown, health.Warn("slow"), nil} {
			c.set(err)
			status(h, health.Readiness)
			synctest.Wait()
		}
		require.Equal(t, []string{"pass>fail", "fail>warn", "warn>pass"}, changes)
		require.Contains(t, log.String(), `level=WARN msg="health check changed" check=db status=fail before=pass severity=critical error="it is down"`)
		require.Contains(t, log.String(), "level=INFO")
	})
}

// However many probes and changes at the same time: the hook sees them one at a time, each beginning where the last
// ended.
func TestChangesAreToldInOrder(t *testing.T) {
	t.Parallel()
	c := &toggle{}
	var seen []health.Status
	h := &health.Handler{Logger: slog.New(slog.DiscardHandler), OnChange: func(before, now health.Result) {
		if len(seen) > 0 {
			require.Equal(t, seen[len(seen)-1], before.Status)
		}
		seen = append(seen, now.Status)
	}}
	require.NoError(t, h.Add(health.Check{Name: "db", Func: c.check, MaxAge: -1}))
	var probes sync.WaitGroup
	for i := range 8 {
		probes.Go(func() {
			for j := range 200 {
				if (i+j)%2 == 0 {
					c.set(nil)
				} else {
					c.set(errDown)
				}
				status(h, health.Readiness)
			}
		})
	}
	probes.Wait()
}

func TestNoChecksIsALoudWarning(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	h := &health.Handler{Logger: slog.New(slog.NewTextHandler(&log, nil))}
	for range 3 {
		require.Equal(t, health.Warning, status(h, health.Readiness))
	}
	require.Equal(t, 1, strings.Count(log.String(), "NO CHECKS ARE REGISTERED"))
	code, body, _ := get(t, h, "/readyz?verbose")
	require.Equal(t, http.StatusOK, code)
	require.Contains(t, body, "no checks are registered")
	_, body, _ = get(t, h, "/health")
	require.Contains(t, body, "no checks are registered")
	require.Equal(t, health.Warning, status(h, health.Liveness), "a handler that was forgotten")
}

// Checks of liveness say nothing about readiness.
func TestOnlyLivenessChecksIsALoudWarning(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	var b health.Heartbeat
	h := &health.Handler{Logger: slog.New(slog.NewTextHandler(&log, nil))}
	require.NoError(t, h.Add(b.Check("loop", time.Hour)))
	require.Equal(t, health.Pass, status(h, health.Liveness))
	require.Empty(t, log.String(), "nobody has asked for readiness")
	for _, target := range []string{"/readyz?verbose", "/startupz?verbose", "/health"} {
		code, body, _ := get(t, h, target)
		require.Equal(t, http.StatusOK, code)
		require.Contains(t, body, "no checks are registered")
	}
	require.Equal(t, 1, strings.Count(log.String(), "NO CHECKS ARE REGISTERED FOR READINESS"))
}

func TestStartupWithoutChecksDoesNotCount(t *testing.T) {
	t.Parallel()
	c := &toggle{}
	c.set(errDown)
	h := quiet(t)
	require.Equal(t, health.Warning, status(h, health.Startup))
	require.NoError(t, h.Add(health.Check{Name: "a", Func: c.check, MaxAge: -1}))
	require.Equal(t, health.Fail, status(h, health.Startup))
	c.set(nil)
	require.Equal(t, health.Pass, status(h, health.Startup))
}

func TestHeartbeat(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var b health.Heartbeat
		h := quiet(t, b.Check("loop", 10*time.Second))
		time.Sleep(9 * time.Second)
		require.Equal(t, health.Pass, status(h, health.Liveness))
		time.Sleep(2 * time.Second)
		require.Equal(t, health.Fail, status(h, health.Liveness))
		b.Beat()
		time.Sleep(time.Second)
		require.Equal(t, health.Pass, status(h, health.Liveness))
	})
}

func get(t *testing.T, h http.Handler, target string, header ...string) (int, string, http.Header) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Body.String(), w.Header()
}
