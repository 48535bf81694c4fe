package health_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics/health"
)

// pointed has a method that needs more than a nil pointer.
type pointed struct{ text string }

func (e *pointed) Error() string { return e.text }

// careless is an error whose every method panics.
type careless struct{}

func (careless) Error() string   { panic("Error") }
func (careless) Is(error) bool   { panic("Is") }
func (careless) As(any) bool     { panic("As") }
func (careless) Unwrap() []error { panic("Unwrap") }

// leaving is an error that ends the goroutine of whoever asks for its text.
type leaving struct{}

func (leaving) Error() string { runtime.Goexit(); return "" }

// What a check returns is as little to be trusted as the check itself.
func TestErrorsThatPanicAreFailures(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{"nil pointer": (*pointed)(nil), "careless": careless{}, "leaving": leaving{}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				h := &health.Handler{
					Logger:     slog.New(slog.NewTextHandler(&log, nil)),
					ShowErrors: func(*http.Request) bool { return true },
				}
				require.NoError(t, h.Add(health.Check{Name: "a", Func: func(context.Context) error { return err }}))
				code, body, _ := get(t, h, "/readyz")
				require.Equal(t, http.StatusServiceUnavailable, code)
				require.Contains(t, body, "[-]a failed: ")
				_, body, _ = get(t, h, "/health")
				require.True(t, json.Valid([]byte(body)), body)
				r := h.Report(t.Context(), health.Readiness).Results[0]
				require.NotEmpty(t, r.Err.Error())
				synctest.Wait()
				require.Contains(t, log.String(), "health check changed")
			})
		})
	}
}

// A hook or a logger that panics or ends its goroutine costs nothing but its own call: the next change is told.
func TestHooksThatDoNotReturn(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(){"panic": func() { panic("a careless hook") }, "Goexit": runtime.Goexit} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				var told []health.Status
				c := &toggle{}
				h := &health.Handler{
					Logger:     slog.New(slog.NewTextHandler(&log, nil)),
					OnChange:   func(_, now health.Result) { told = append(told, now.Status); leave() },
					ShowErrors: func(*http.Request) bool { leave(); return true },
				}
				require.NoError(t, h.Add(health.Check{Name: "a", Func: c.check, MaxAge: -1}))
				for _, err := range []error{errDown, nil, errDown} {
					c.set(err)
					status(h, health.Readiness)
					synctest.Wait()
				}
				require.Equal(t, []health.Status{health.Fail, health.Pass, health.Fail}, told)
				require.Contains(t, log.String(), "hook=OnChange")
				_, body, _ := get(t, h, "/readyz")
				require.Contains(t, body, "reason withheld")
				require.Contains(t, log.String(), "hook=ShowErrors")
			})
		})
	}
}

// carelessLog is a slog.Handler that panics.
type carelessLog struct{ slog.Handler }

func (carelessLog) Enabled(context.Context, slog.Level) bool  { return true }
func (carelessLog) Handle(context.Context, slog.Record) error { panic("a careless logger") }

func TestLoggerThatPanicsCostsItsRecordOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var told int
		h := &health.Handler{Logger: slog.New(carelessLog{}), OnChange: func(_, _ health.Result) { told++ }}
		require.Equal(t, health.Warning, status(h, health.Readiness), "it warns of having no checks")
		require.NoError(t, h.Add(health.Check{Name: "a", Func: fail}))
		require.Equal(t, health.Fail, status(h, health.Readiness))
		synctest.Wait()
		require.Equal(t, 1, told)
	})
}

// A hook that hangs keeps no probe waiting.
func TestHookThatHangsKeepsNoProbeWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		hang := func(context.Context) error { <-release; return nil }
		h := quiet(t)
		h.OnChange = func(_, _ health.Result) { <-release }
		c := &toggle{}
		first := func(ctx context.Context) error {
			if c.runs.Load() == 0 {
				return c.check(ctx)
			}
			return hang(ctx)
		}
		// Its second failure, which is the change, is counted by a probe.
		require.NoError(t, h.Add(health.Check{Name: "a", Func: first, MaxAge: -1, FailAfter: 2}))
		require.Equal(t, health.Pass, status(h, health.Readiness))
		for status(h, health.Readiness) != health.Fail {
			time.Sleep(health.DefaultTimeout)
		}
		close(release)
		synctest.Wait()
	})
}

// unshowable is a value whose own encoding panics.
type unshowable struct{}

func (unshowable) MarshalJSON() ([]byte, error) { panic("MarshalJSON") }

func TestObservationThatPanicsIsNotShown(t *testing.T) {
	t.Parallel()
	observing := func(v any) func(context.Context) error {
		return func(ctx context.Context) error { health.Observe(ctx, "n", v); return nil }
	}
	h := quiet(t, health.Check{Name: "a", Func: observing(unshowable{})}, health.Check{Name: "b", Func: observing(42)})
	code, body, _ := get(t, h, "/health")
	require.Equal(t, http.StatusOK, code)
	require.True(t, json.Valid([]byte(body)), body)
	require.Contains(t, body, "cannot be shown")
	require.Contains(t, body, `"n": 42`, "the other checks' values are shown")
}
