package lifecycle_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/prodwright/prodwright/metrics/lifecycle"
)

func TestMain(m *testing.M) {
	if role := os.Getenv(roleEnv); role != "" {
		beChild(role)
	}
	goleak.VerifyTestMain(m)
}

// newGroup makes a group that handles no signals and logs nowhere.
func newGroup(t *testing.T, c lifecycle.Config, parts ...lifecycle.Part) *lifecycle.Group {
	t.Helper()
	c.Signals = []os.Signal{}
	c.Logger = slog.New(slog.DiscardHandler)
	g, err := lifecycle.New(c)
	require.NoError(t, err)
	require.NoError(t, g.Add(parts...))
	return g
}

// journal notes what happens in which order.
type journal struct {
	mu     sync.Mutex
	events []string
}

func (j *journal) add(event string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.events = append(j.events, event)
}

// take returns the events since the last take.
func (j *journal) take() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	events := j.events
	j.events = nil
	return events
}

func (j *journal) part(name string, phase lifecycle.Phase) lifecycle.Part {
	return lifecycle.Part{
		Name: name, Phase: phase,
		Start: func(context.Context) error { j.add("start " + name); return nil },
		Run:   func(ctx context.Context) error { <-ctx.Done(); j.add("end " + name); return ctx.Err() },
		Stop:  func(context.Context) error { j.add("stop " + name); return nil },
	}
}

func run(g *lifecycle.Group, ctx context.Context) <-chan error { //nolint:revive // reads as g.Run(ctx)
	done := make(chan error, 1)
	go func() { done <- g.Run(ctx) }()
	return done
}

func TestOrderOfStartAndStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		g := newGroup(t, lifecycle.Config{},
			j.part("pool", lifecycle.Close), j.part("admin", lifecycle.Close), j.part("alerts", lifecycle.Flush),
			j.part("worker", lifecycle.Worker), j.part("api", lifecycle.Server), j.part("api2", lifecycle.Server), j.part("cron", lifecycle.Background),
		)
		require.ErrorIs(t, g.Ready(context.Background()), lifecycle.ErrStarting)
		done := run(g, t.Context())
		synctest.Wait()
		require.NoError(t, g.Ready(context.Background()))
		require.Equal(t, []string{"start pool", "start admin", "start alerts", "start worker", "start api", "start api2", "start cron"}, j.take())
		require.ErrorIs(t, g.Add(j.part("late", lifecycle.Worker)), lifecycle.ErrRunning)
		require.ErrorIs(t, g.Run(t.Context()), lifecycle.ErrRunning)

		began := time.Now()
		g.Shutdown()
		g.Shutdown()
		synctest.Wait()
		require.ErrorIs(t, g.Ready(context.Background()), lifecycle.ErrDraining)
		require.Equal(t, []string{"stop cron", "end cron"}, j.take(), "servers go on during the drain window")
		<-g.Draining()
		require.NoError(t, <-done)
		require.Equal(t, lifecycle.DefaultDrain, time.Since(began))
		require.ErrorIs(t, g.Ready(context.Background()), lifecycle.ErrShutdown)
		require.Equal(t, []string{
			"stop api2", "end api2", "stop api", "end api", "stop worker", "end worker",
			"stop alerts", "end alerts", "stop admin", "end admin", "stop pool", "end pool",
		}, j.take())

		r := g.Report()
		require.Len(t, r.Started, 7)
		require.Len(t, r.Stopped, 7)
		require.Equal(t, "Shutdown was called", r.Cause)
		require.Equal(t, lifecycle.DefaultDrain, r.StopTook)
		text, err := json.Marshal(r)
		require.NoError(t, err)
		require.Contains(t, string(text), `{"part":"pool","phase":"close","took_ns":0}`)
	})
}

func TestFailureOfAPartStopsTheRest(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func() error{
		"error": func() error { return errors.New("lost the broker") },
		"panic": func() error { panic("lost the broker") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				j := &journal{}
				g := newGroup(t, lifecycle.Config{}, j.part("pool", lifecycle.Close), lifecycle.Part{Name: "consumer", Run: func(context.Context) error {
					time.Sleep(time.Minute)
					return fail()
				}}, lifecycle.Part{Name: "migration", Run: func(context.Context) error { return nil }})
				began := time.Now()
				err := g.Run(t.Context())
				require.ErrorContains(t, err, "lifecycle: run consumer: ")
				require.ErrorContains(t, err, "lost the broker")
				require.Equal(t, time.Minute, time.Since(began), "a part that is done stops nobody")
				require.Equal(t, []string{"start pool", "stop pool", "end pool"}, j.take())
				require.Contains(t, g.Report().Cause, "lost the broker")
				var pe *lifecycle.PanicError
				require.Equal(t, name == "panic", errors.As(err, &pe))
			})
		})
	}
}

func TestRunEndsBecauseItsContextIsCancelled(t *testing.T) {
	t.Parallel()
	lost := errors.New("7 orders were lost")
	for name, tc := range map[string]struct {
		outcome func(ctx context.Context) error
		want    string
		logged  string
	}{
		"nil":                 {func(context.Context) error { return nil }, "", ""},
		"the context's own":   {func(ctx context.Context) error { return ctx.Err() }, "", ""},
		"the context's cause": {context.Cause, "", ""},
		"another":             {func(context.Context) error { return lost }, "lifecycle: run a: 7 orders were lost", ""},
		"joined":              {func(ctx context.Context) error { return errors.Join(lost, ctx.Err()) }, "7 orders were lost", ""},
		"wrapped, as drivers do": {
			func(ctx context.Context) error { return fmt.Errorf("commit of the last batch: %w", ctx.Err()) }, "", "commit of the last batch",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				g, err := lifecycle.New(lifecycle.Config{Drain: -1, Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))})
				require.NoError(t, err)
				require.NoError(t, g.Add(lifecycle.Part{Name: "a", Run: func(ctx context.Context) error {
					<-ctx.Done()
					return tc.outcome(ctx)
				}}))
				ctx, cancel := context.WithCancel(t.Context())
				done := run(g, ctx)
				synctest.Wait()
				cancel()
				if err := <-done; tc.want == "" {
					require.NoError(t, err)
					require.Equal(t, tc.logged != "", log.Len() > 0, log.String())
					require.Contains(t, log.String(), tc.logged)
				} else {
					require.ErrorContains(t, err, tc.want)
				}
			})
		})
	}
}

// A part that ends its goroutine has failed, wherever it does so, and nobody waits for it.
func TestGoexitIsAFailure(t *testing.T) {
	t.Parallel()
	leave := func(context.Context) error { runtime.Goexit(); return nil }
	for action, part := range map[string]lifecycle.Part{
		"start": {Name: "a", Start: leave}, "run": {Name: "a", Run: leave},
		"stop": {Name: "a", Run: func(ctx context.Context) error { <-ctx.Done(); return nil }, Stop: leave},
	} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g := newGroup(t, lifecycle.Config{StartTimeout: -1, Drain: -1}, part)
				began := time.Now()
				done := run(g, t.Context())
				synctest.Wait()
				if action == "stop" {
					g.Shutdown()
				}
				synctest.Wait()
				select {
				case err := <-done:
					require.ErrorContains(t, err, "lifecycle: "+action+" a: ended its goroutine")
					require.Zero(t, time.Since(began))
				default:
					g.Shutdown()
					require.Fail(t, "the group goes on", "%v", <-done)
				}
			})
		})
	}
}

func TestValidation(t *testing.T) {
	t.Parallel()
	_, err := lifecycle.New(lifecycle.Config{Budget: -1, Drain: -3, StartTimeout: -2})
	for _, text := range []string{"Budget", "Drain", "StartTimeout"} {
		require.ErrorContains(t, err, text)
	}
	_, err = lifecycle.New(lifecycle.Config{Budget: time.Second, Drain: time.Second})
	require.ErrorContains(t, err, "leaves nothing")
	_, err = lifecycle.New(lifecycle.Config{Budget: time.Second})
	require.NoError(t, err, "the default drain window fits into a small budget")

	g := newGroup(t, lifecycle.Config{})
	ok := lifecycle.Part{Name: "ok", Stop: func(context.Context) error { return nil }}
	err = g.Add(ok, ok, lifecycle.Part{}, lifecycle.Part{Name: "x", Phase: 9, StopTimeout: -1})
	for _, text := range []string{"another part", "needs a Name", "neither Start nor Run nor Stop", "unknown", "negative"} {
		require.ErrorContains(t, err, text)
	}
	require.NoError(t, g.Add(ok), "none was added before")
}
