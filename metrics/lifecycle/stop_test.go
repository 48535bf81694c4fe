package lifecycle_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics/lifecycle"
)

func TestStepsThatHangLeaveTimeForTheOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		forever := make(chan struct{})
		hang := func(context.Context) error { <-forever; return nil }
		j := &journal{}
		g := newGroup(t, lifecycle.Config{Drain: -1, Budget: 16 * time.Second},
			j.part("pool", lifecycle.Close),
			lifecycle.Part{Name: "deaf worker", Run: hang},
			lifecycle.Part{Name: "deaf stop", Stop: hang, StopTimeout: time.Hour},
			lifecycle.Part{Name: "quick to give up", Stop: hang, StopTimeout: time.Second, Phase: lifecycle.Server},
			lifecycle.Part{Name: "panics", Phase: lifecycle.Flush, Stop: func(context.Context) error { panic("at the end") }},
		)
		done := run(g, t.Context())
		synctest.Wait()
		began := time.Now()
		g.Shutdown()
		err := <-done
		require.Less(t, time.Since(began), 16*time.Second)
		require.Equal(t, []string{"start pool", "stop pool", "end pool"}, j.take(), "the last one stops in order")
		var oe *lifecycle.OverdueError
		require.ErrorAs(t, err, &oe)
		require.Equal(t, time.Second, oe.Limit)
		for _, text := range []string{
			"stop quick to give up: did not stop within 1s", "stop deaf stop: did not stop within 7.2s",
			"stop deaf worker: did not stop within 3.475s", "stop panics: panic: at the end", "stop_test.go",
		} {
			require.ErrorContains(t, err, text)
		}
		require.NotEmpty(t, g.Report().Stopped[0].Error)
		close(forever)
		synctest.Wait()
	})
}

// Whatever the parts do, Run keeps to its budget, and the drain window is not for what stops before it.
func TestBudgetHolds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const budget, drain = 2 * time.Second, 900 * time.Millisecond
		forever := make(chan struct{})
		hang := func(context.Context) error { <-forever; return nil }
		var closed time.Time
		g := newGroup(t, lifecycle.Config{Budget: budget, Drain: drain}, lifecycle.Part{
			Name: "pool", Phase: lifecycle.Close, Stop: hang,
		}, lifecycle.Part{
			Name: "cache", Phase: lifecycle.Close, Stop: func(ctx context.Context) error { return ctx.Err() },
		}, lifecycle.Part{
			Name: "api", Phase: lifecycle.Server, Stop: func(context.Context) error { closed = time.Now(); return nil },
		})
		for i := range 5 {
			require.NoError(t, g.Add(lifecycle.Part{Name: fmt.Sprint("consumer", i), Phase: lifecycle.Background, Stop: hang}))
		}
		done := run(g, t.Context())
		synctest.Wait()
		began := time.Now()
		g.Shutdown()
		err := <-done
		require.Equal(t, budget, time.Since(began), "the last one hangs as long as it can")
		require.Equal(t, budget, g.Report().StopTook)
		require.ErrorContains(t, err, "stop pool: did not stop within")
		require.NotContains(t, err.Error(), "stop cache")
		hung := g.Report().Stopped[:5]
		var before time.Duration
		for _, s := range hung {
			before += s.Took
		}
		require.Equal(t, drain, closed.Sub(began)-before, "the whole window")
		close(forever)
		synctest.Wait()
	})
}

// A Start that does not hear of the shutdown is part of the budget.
func TestBudgetHoldsDuringStart(t *testing.T) {
	t.Parallel()
	for _, budget := range []time.Duration{time.Second, 10 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			forever := make(chan struct{})
			hang := func(context.Context) error { <-forever; return nil }
			g := newGroup(t, lifecycle.Config{Budget: budget}, lifecycle.Part{Name: "pool", Stop: hang}, lifecycle.Part{Name: "deaf", Start: hang})
			done := run(g, t.Context())
			synctest.Wait()
			began := time.Now()
			g.Shutdown()
			require.ErrorContains(t, <-done, "start deaf: did not stop within")
			require.Equal(t, budget, time.Since(began))
			close(forever)
			synctest.Wait()
		})
	}
}
