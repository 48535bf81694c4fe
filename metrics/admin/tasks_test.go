package admin_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics/admin"
)

// Runs are noted however they end, and there is one at a time.
func TestTasks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tasks := new(admin.Tasks)
		work := func(context.Context) error { return nil }
		run, err := tasks.Add(admin.Task{Name: "a/b", Every: time.Minute, Run: func(ctx context.Context) error { return work(ctx) }})
		require.NoError(t, err)
		h := surface(t, admin.Config{Tasks: tasks, Authorize: authorized(t), Logger: quiet()})
		state := func() admin.TaskState { return tasks.List()[0] }
		require.Nil(t, state().Last)
		require.Equal(t, time.Now().Add(time.Minute).UTC(), *state().Next, "from when it was added")
		time.Sleep(90 * time.Second)
		require.False(t, state().Overdue)
		time.Sleep(time.Nanosecond)
		require.True(t, state().Overdue)

		work = func(context.Context) error { time.Sleep(time.Second); return nil }
		began := time.Now().UTC()
		done := make(chan error)
		go func() { done <- run(t.Context()) }()
		synctest.Wait()
		require.Equal(t, began, *state().Running)
		require.False(t, state().Overdue, "it runs")
		require.ErrorIs(t, run(t.Context()), admin.ErrRunning)
		w := ask(h, "POST", "/tasks/a/b", "", bearer()...)
		require.Equal(t, http.StatusConflict, w.Code)
		require.NoError(t, <-done)
		require.Equal(t, admin.TaskState{Name: "a/b", Every: 60, Last: &began, Took: 1, Next: new(began.Add(time.Minute)), Runs: 1}, state())

		broken := errors.New("broken")
		work = func(context.Context) error { return broken }
		require.ErrorIs(t, run(t.Context()), broken)
		require.Equal(t, "broken", state().Error)
		work = func(context.Context) error { panic("the roof") }
		var panicked *admin.PanicError
		require.ErrorAs(t, run(t.Context()), &panicked)
		require.Equal(t, "admin: task a/b panicked: the roof", state().Error, "without a stack, which says too much")
		require.Contains(t, string(panicked.Stack), "TestTasks")
		work = func(context.Context) error { runtime.Goexit(); return nil }
		gone := make(chan struct{})
		go func() { defer close(gone); _ = run(t.Context()) }()
		<-gone
		require.Equal(t, "admin: task a/b ended its goroutine", state().Error)
		require.Equal(t, []uint64{4, 3}, []uint64{state().Runs, state().Failures})
		require.Nil(t, state().Running)

		work = func(ctx context.Context) error { return ctx.Err() }
		w = ask(h, "POST", "/tasks/a/b", "", bearer()...)
		require.Equal(t, http.StatusOK, w.Code)
		require.Empty(t, state().Error)
		work = func(context.Context) error { return broken }
		w = ask(h, "POST", "/tasks/a/b", "", bearer()...)
		require.Equal(t, http.StatusInternalServerError, w.Code)
		require.Contains(t, w.Body.String(), `"last_error": "broken"`)
		w = ask(h, "POST", "/tasks/a/b?format=html", "", bearer()...)
		require.Equal(t, http.StatusSeeOther, w.Code)
		require.Equal(t, "../../tasks/", w.Header().Get("Location"))
		require.Equal(t, http.StatusMethodNotAllowed, ask(h, "DELETE", "/tasks/a/b", "", bearer()...).Code)

		// A client that goes takes nothing with it; time does.
		work = func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}
		gone2, goes := context.WithCancel(t.Context())
		goes()
		began = time.Now().UTC()
		h.ServeHTTP(httptest.NewRecorder(), withToken(httptest.NewRequestWithContext(gone2, "POST", "/tasks/a/b/", nil)))
		require.Equal(t, admin.DefaultTaskTimeout, time.Since(began))
		require.Equal(t, "context deadline exceeded", state().Error)

		_, err = tasks.Add(admin.Task{Name: "a/b", Run: work})
		require.ErrorContains(t, err, `there is a task "a/b" already`)
		for _, wrong := range []admin.Task{{Run: work}, {Name: "x"}, {Name: "x/", Run: work}, {Name: "x", Run: work, Every: -1}, {Name: "x", Run: work, Timeout: -1}} {
			_, err = tasks.Add(wrong)
			require.ErrorContains(t, err, "needs a Name without a slash at its ends, a Run, and times")
		}
	})
}
