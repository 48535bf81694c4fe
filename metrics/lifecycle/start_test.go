package lifecycle_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics/lifecycle"
)

func TestStartReportHasDurations(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		slow := func(d time.Duration) func(context.Context) error {
			return func(context.Context) error { time.Sleep(d); return nil }
		}
		g, err := lifecycle.New(lifecycle.Config{Signals: []os.Signal{}, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		require.NoError(t, err)
		require.NoError(t, g.Add(lifecycle.Part{Name: "a", Start: slow(time.Second)}, lifecycle.Part{Name: "b", Start: slow(2 * time.Second), Stop: slow(3 * time.Second)}))
		ctx, cancel := context.WithCancel(t.Context())
		done := run(g, ctx)
		time.Sleep(4 * time.Second)
		cancel()
		require.NoError(t, <-done)
		r := g.Report()
		require.Equal(t, []lifecycle.Step{{Part: "a", Took: time.Second}, {Part: "b", Took: 2 * time.Second}}, r.Started)
		require.Equal(t, 3*time.Second, r.StartTook)
		require.Equal(t, []lifecycle.Step{{Part: "b", Took: 3 * time.Second}}, r.Stopped, "a has nothing to stop")
		require.Contains(t, log.String(), `msg="lifecycle: start" part=b phase=worker took=2s`)
		require.Contains(t, log.String(), `cause="context canceled"`)
	})
}

func TestFailedStartStopsWhatWasStarted(t *testing.T) {
	t.Parallel()
	cause := errors.New("port in use")
	for name, tc := range map[string]struct {
		cfg   lifecycle.Config
		start func(context.Context) error
		want  error
		took  time.Duration
		deaf  bool
	}{
		"error":                {lifecycle.Config{}, func(context.Context) error { return cause }, cause, 0, false},
		"too slow":             {lifecycle.Config{StartTimeout: 3 * time.Second}, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, context.DeadlineExceeded, 3 * time.Second, false},
		"too slow and deaf":    {lifecycle.Config{StartTimeout: 3 * time.Second}, func(context.Context) error { time.Sleep(time.Hour); return nil }, context.DeadlineExceeded, 4 * time.Second, true},
		"too slow, still done": {lifecycle.Config{StartTimeout: 3 * time.Second}, func(context.Context) error { time.Sleep(3500 * time.Millisecond); return nil }, context.DeadlineExceeded, 3500 * time.Millisecond, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				j := &journal{}
				var stopped atomic.Bool
				g := newGroup(t, tc.cfg, j.part("pool", lifecycle.Close), j.part("api", lifecycle.Server),
					lifecycle.Part{Name: "bad", Start: tc.start, Stop: func(context.Context) error { stopped.Store(true); return nil }}, j.part("never", lifecycle.Worker))
				began := time.Now()
				err := g.Run(t.Context())
				require.ErrorIs(t, err, tc.want)
				var se *lifecycle.StepError
				require.ErrorAs(t, err, &se)
				require.Equal(t, "bad", se.Part)
				require.Equal(t, "start", se.Action)
				require.Equal(t, tc.took, time.Since(began), "what was never ready need not drain")
				require.Equal(t, []string{"start pool", "start api", "stop api", "end api", "stop pool", "end pool"}, j.take())
				require.Equal(t, name == "too slow, still done", stopped.Load(), "what was opened is closed")
				require.ErrorIs(t, g.Ready(context.Background()), lifecycle.ErrShutdown)
				require.NotEmpty(t, g.Report().Started[2].Error)
				time.Sleep(2 * time.Hour) // the deaf one comes to its end
				require.Equal(t, tc.deaf || name == "too slow, still done", stopped.Load())
			})
		})
	}
}

// A Start that a shutdown cuts short is no failure, unless it has more to say than that.
func TestShutdownDuringStart(t *testing.T) {
	t.Parallel()
	lost := errors.New("half a schema was migrated")
	for name, tc := range map[string]struct {
		outcome func(ctx context.Context) error
		want    string
	}{
		"the context's error": {func(ctx context.Context) error { return ctx.Err() }, ""},
		"the context's cause": {context.Cause, ""},
		"wrapped":             {func(ctx context.Context) error { return fmt.Errorf("connect: %w", ctx.Err()) }, ""},
		"joined": {func(ctx context.Context) error {
			return errors.Join(ctx.Err(), fmt.Errorf("connect: %w", context.Cause(ctx)))
		}, ""},
		"a network's way":      {dialCancelled, ""},
		"another":              {func(context.Context) error { return lost }, "lifecycle: start slow: half a schema was migrated"},
		"another one joined":   {func(ctx context.Context) error { return errors.Join(ctx.Err(), lost) }, "half a schema was migrated"},
		"it does not return":   {func(context.Context) error { time.Sleep(time.Hour); return nil }, "lifecycle: start slow: did not stop within 1s and was left behind"},
		"it succeeds just so":  {func(context.Context) error { return nil }, ""},
		"it succeeds in grace": {func(context.Context) error { time.Sleep(time.Second / 2); return nil }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				j := &journal{}
				g := newGroup(t, lifecycle.Config{}, j.part("a", lifecycle.Close), lifecycle.Part{
					Name: "slow", Start: func(ctx context.Context) error { <-ctx.Done(); return tc.outcome(ctx) },
				}, j.part("b", lifecycle.Worker))
				done := run(g, t.Context())
				synctest.Wait()
				g.Shutdown()
				if err := <-done; tc.want == "" {
					require.NoError(t, err)
				} else {
					require.ErrorContains(t, err, tc.want)
				}
				require.Equal(t, []string{"start a", "stop a", "end a"}, j.take())
				time.Sleep(2 * time.Hour)
			})
		})
	}

	quick := newGroup(t, lifecycle.Config{}, lifecycle.Part{Name: "x", Start: func(context.Context) error { panic("started") }})
	quick.Shutdown()
	require.NoError(t, quick.Run(t.Context()))
	require.Empty(t, quick.Report().Started)
}

// dialCancelled returns the error of the net package, which is not context.Canceled but says that it is.
func dialCancelled(ctx context.Context) error {
	_, err := (&net.Dialer{}).DialContext(ctx, "tcp", "127.0.0.1:1")
	return err
}

// A Start that succeeds when Run has returned, or is about to, has opened something: its part is stopped even then.
func TestLateStartIsStopped(t *testing.T) {
	t.Parallel()
	for name, stop := range map[string]func(context.Context) error{
		"in order":  func(context.Context) error { return nil },
		"panics":    func(context.Context) error { panic("at the end") },
		"ends late": func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var stopped time.Time
				g := newGroup(t, lifecycle.Config{StartTimeout: time.Second, Budget: 10 * time.Second}, lifecycle.Part{
					Name:  "deaf",
					Start: func(context.Context) error { time.Sleep(time.Minute); return nil },
					Stop:  func(ctx context.Context) error { stopped = time.Now(); return stop(ctx) },
				}, lifecycle.Part{
					Name: "never", Start: func(context.Context) error { panic("started") },
				})
				began := time.Now()
				require.ErrorIs(t, g.Run(t.Context()), context.DeadlineExceeded)
				require.Equal(t, 2*time.Second, time.Since(began))
				time.Sleep(2 * time.Minute)
				synctest.Wait()
				require.Equal(t, time.Minute, stopped.Sub(began))
				r := g.Report()
				require.Len(t, r.Stopped, 1)
				require.Equal(t, name == "in order", r.Stopped[0].Error == "", "it is in the report")
				require.LessOrEqual(t, r.Stopped[0].Took, 10*time.Second)
			})
		})
	}
}

func TestWhatStartedDuringTheShutdownIsStopped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var opened, closed bool
		var g *lifecycle.Group
		g = newGroup(t, lifecycle.Config{}, lifecycle.Part{
			Name: "pool", Phase: lifecycle.Close,
			Start: func(context.Context) error { g.Shutdown(); synctest.Wait(); opened = true; return nil },
			Stop:  func(context.Context) error { closed = true; return nil },
		}, lifecycle.Part{Name: "never", Start: func(context.Context) error { panic("started") }})
		began := time.Now()
		require.NoError(t, g.Run(t.Context()))
		require.True(t, opened)
		require.True(t, closed)
		require.Len(t, g.Report().Started, 1)
		require.Zero(t, time.Since(began), "nobody saw it ready, so there is nothing to drain")
	})
}
