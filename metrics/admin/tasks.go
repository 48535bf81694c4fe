package admin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"
)

// Task is something that runs at times, or on request.
type Task struct {
	Name, About string
	// Every is how often it runs, for showing when the next run is due. Zero means only on request.
	Every time.Duration
	// Run does it. It should return when its context ends.
	Run func(context.Context) error
	// Timeout limits a run on request, which goes on when the client goes: half a migration is worse than none that is
	// watched. Defaults to [DefaultTaskTimeout].
	Timeout time.Duration
}

// DefaultTaskTimeout is the default of [Task].Timeout.
const DefaultTaskTimeout = 10 * time.Minute

// PanicError is the error of a [Task] that panicked.
type PanicError struct {
	Task  string
	Value any
	Stack []byte
}

// Error names the task and the value. The stack is not part of it, because the error is shown.
func (e *PanicError) Error() string {
	return fmt.Sprintf("admin: task %s panicked: %v", e.Task, e.Value)
}

// TaskState is a [Task] and what became of it.
type TaskState struct {
	Name     string     `json:"name"`
	About    string     `json:"about"`
	Every    float64    `json:"every_seconds,omitempty"`
	Running  *time.Time `json:"running_since,omitempty"`
	Last     *time.Time `json:"last_began,omitempty"`
	Took     float64    `json:"last_took_seconds,omitempty"`
	Error    string     `json:"last_error,omitempty"`
	Next     *time.Time `json:"next,omitempty"`
	Overdue  bool       `json:"overdue,omitempty"` // by more than half of Every
	Runs     uint64     `json:"runs"`
	Failures uint64     `json:"failures"`
}

// ErrRunning says that a task was not run because it is running.
var ErrRunning = errors.New("admin: the task is running already")

// Tasks notes the runs of tasks, and runs them on request, one run of each at a time. Who runs them at their times is the
// caller's choice. The zero value is ready to use and safe for concurrent use.
type Tasks struct {
	mu   sync.Mutex // guards what follows
	list []*taskRuns
}

// taskRuns is a task and what became of its runs.
type taskRuns struct {
	Task

	added   time.Time
	running time.Time // when the run began, or zero
	last    time.Time
	took    time.Duration
	err     error
	runs    uint64
	fails   uint64
}

// Add adds a task and returns a func that runs it and notes that. That returns what Run does, a [*PanicError], or
// [ErrRunning]. The error of Add says what is missing, or that there is a task of that name.
func (t *Tasks) Add(task Task) (run func(context.Context) error, err error) {
	if task.Name == "" || strings.Trim(task.Name, "/") != task.Name || task.Run == nil || task.Every < 0 || task.Timeout < 0 {
		return nil, fmt.Errorf("admin: task %q: needs a Name without a slash at its ends, a Run, and times that are not negative", task.Name)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if slices.ContainsFunc(t.list, func(other *taskRuns) bool { return other.Name == task.Name }) {
		return nil, fmt.Errorf("admin: there is a task %q already", task.Name)
	}
	entry := &taskRuns{Task: task, added: time.Now()}
	t.list = append(t.list, entry)
	return func(ctx context.Context) error { return t.run(ctx, entry) }, nil
}

func (t *Tasks) run(ctx context.Context, e *taskRuns) (err error) {
	t.mu.Lock()
	if since := e.running; !since.IsZero() {
		t.mu.Unlock()
		return fmt.Errorf("%w: %s, since %s", ErrRunning, e.Name, since.Format(time.RFC3339))
	}
	e.running = time.Now()
	t.mu.Unlock()
	returned := false
	defer func() {
		if p := recover(); p != nil {
			err = &PanicError{Task: e.Name, Value: p, Stack: debug.Stack()}
		} else if !returned {
			err = fmt.Errorf("admin: task %s ended its goroutine", e.Name)
		}
		t.mu.Lock()
		defer t.mu.Unlock()
		e.last, e.took, e.err = e.running, time.Since(e.running), err
		e.running = time.Time{}
		e.runs++
		if err != nil {
			e.fails++
		}
	}()
	err = e.Run(ctx)
	returned = true
	return err
}

// List returns the states of all tasks, in the order in which they were added.
func (t *Tasks) List() []TaskState {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := make([]TaskState, 0, len(t.list))
	for _, e := range t.list {
		list = append(list, e.state(time.Now()))
	}
	return list
}

func (e *taskRuns) state(now time.Time) TaskState {
	s := TaskState{Name: e.Name, About: e.About, Every: e.Every.Seconds(), Runs: e.runs, Failures: e.fails}
	if e.err != nil {
		s.Error = e.err.Error()
	}
	if !e.running.IsZero() {
		s.Running = new(e.running.UTC())
	}
	from := e.added
	if !e.last.IsZero() {
		s.Last, s.Took = new(e.last.UTC()), e.took.Seconds()
		from = e.last
	}
	if e.Every > 0 {
		s.Next = new(from.Add(e.Every).UTC())
		s.Overdue = e.running.IsZero() && now.Sub(from) > e.Every+e.Every/2 // by the monotonic clock
	}
	return s
}

// find returns a task, or nil.
func (t *Tasks) find(name string) *taskRuns {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, e := range t.list {
		if e.Name == name {
			return e
		}
	}
	return nil
}

// tasks lists all tasks, shows one, or runs it.
func (h *Handler) tasks(w http.ResponseWriter, r *http.Request) {
	name := strings.Trim(r.URL.Path, "/")
	all := h.cfg.Tasks
	if name == "" {
		if allowed(w, r, http.MethodGet, http.MethodHead) {
			writeJSON(w, http.StatusOK, all.List())
		}
		return
	}
	e := all.find(name)
	if e == nil {
		writeError(w, http.StatusNotFound, "there is no such task")
		return
	}
	if !allowed(w, r, http.MethodGet, http.MethodHead, http.MethodPost) {
		return
	}
	status := http.StatusOK
	if r.Method == http.MethodPost {
		_ = http.NewResponseController(w).SetWriteDeadline(time.Time{}) // a run may take long; without the method it has no deadline to lift
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), cmp.Or(e.Timeout, DefaultTaskTimeout))
		err := all.run(ctx, e)
		cancel()
		switch {
		case errors.Is(err, ErrRunning):
			status = http.StatusConflict
		case err != nil:
			status = http.StatusInternalServerError
		}
		h.logger.Info("task run on request", "task", name, "status", status, "remote", r.RemoteAddr)
		if p, ok := errors.AsType[*PanicError](err); ok {
			h.logger.Error("task panicked", "task", name, "reason", h.mask.Text(p.Error()), "stack", string(p.Stack))
		}
		if viewOf(r).html {
			viewOf(r).back(w)
			return
		}
	}
	all.mu.Lock()
	state := e.state(time.Now())
	all.mu.Unlock()
	writeJSON(w, status, state)
}
