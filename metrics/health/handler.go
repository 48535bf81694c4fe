package health

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"
)

// DefaultRetryAfter is the default of [Handler].RetryAfter.
const DefaultRetryAfter = 5 * time.Second

// Handler holds the checks and answers the probes. The zero value is ready to use; its fields must not be changed after
// the first use. It is safe for concurrent use.
type Handler struct {
	// Logger is told of every change of a status. Defaults to slog.Default.
	Logger *slog.Logger
	// OnChange is called for every change of a check's status, besides the log line: one at a time, in order, soon after
	// the change, without a lock held, so it may ask the handler. The first result of a check is a change when it does
	// not pass. A panic of it is logged.
	OnChange func(before, now Result)
	// ShowErrors says whether the answer to a request may contain error texts. Nil withholds them, and so does a panic.
	ShowErrors func(*http.Request) bool
	// RetryAfter is what a failed probe's Retry-After header says. Defaults to 5 s.
	RetryAfter time.Duration
	// Version and Service become "version" and "serviceId" of the JSON answer.
	Version, Service string

	mu       sync.Mutex
	monitors []*monitor
	started  bool // the start-up probe passed once, with checks
	warned   bool // of having no checks for readiness
	began    time.Time

	changes changes
}

// Report is the state of a probe.
type Report struct {
	Probe   Probe
	Status  Status
	Results []Result // in the order in which the checks were added
	Uptime  time.Duration
	Time    time.Time
}

// Add adds checks. Either all are added or none: the error names every problem, and matches [ErrInvalidCheck] or
// [ErrDependencyInLiveness].
func (h *Handler) Add(checks ...Check) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	var errs []error
	names := make(map[string]bool)
	for _, m := range h.monitors {
		names[m.Name] = true
	}
	added := make([]*monitor, 0, len(checks))
	for _, c := range checks {
		if err := c.validate(); err != nil {
			errs = append(errs, err)
		}
		if names[c.Name] {
			errs = append(errs, fmt.Errorf("health: %w %q: there is another check of this name", ErrInvalidCheck, c.Name))
		}
		names[c.Name] = true
		added = append(added, &monitor{Check: c.withDefaults(), changes: &h.changes})
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if h.changes.hook == nil {
		h.changes.hook = h.tell
	}
	h.monitors = append(h.monitors, added...)
	h.begin()
	return nil
}

// begin notes since when the handler exists. The caller holds the lock.
func (h *Handler) begin() {
	if h.began.IsZero() {
		h.began = time.Now()
	}
}

// of returns the checks of a probe. The start-up probe has those of readiness unless it has its own.
func (h *Handler) of(p Probe) []*monitor {
	h.mu.Lock()
	h.begin()
	monitors := slices.Clone(h.monitors)
	h.mu.Unlock()
	list := func(p Probe) []*monitor {
		return slices.DeleteFunc(slices.Clone(monitors), func(m *monitor) bool { return m.Probes&p == 0 })
	}
	found := list(p)
	if p == Startup && len(found) == 0 {
		return list(Readiness)
	}
	return found
}

// empty says whether a probe has no checks though it should have some, and warns of it, loudly, once. Having none for
// liveness is as it should be in a process that has others: it lives when it answers.
func (h *Handler) empty(p Probe, monitors []*monitor) bool {
	h.mu.Lock()
	empty := len(monitors) == 0 && (p != Liveness || len(h.monitors) == 0)
	warn := empty && !h.warned
	h.warned = h.warned || warn
	h.mu.Unlock()
	if warn {
		h.log(slog.LevelWarn, "HEALTH: NO CHECKS ARE REGISTERED FOR READINESS, so its probe passes whatever happens; call Handler.Add")
	}
	return empty
}

// log writes a record. A logger that panics costs the record, and nothing else.
func (h *Handler) log(level slog.Level, msg string, attrs ...any) {
	logger := h.Logger
	if logger == nil {
		logger = slog.Default()
	}
	_ = contain(func() { logger.Log(context.Background(), level, msg, attrs...) })
}

// tell reports a change.
func (h *Handler) tell(before, now Result) {
	attrs := []any{"check", now.Name, "status", string(now.Status), "before", string(before.Status), "severity", now.Severity.String()}
	if now.Err != nil {
		attrs = append(attrs, "error", now.run.text)
	}
	if now.run.stack != nil {
		attrs = append(attrs, "stack", string(now.run.stack))
	}
	level := slog.LevelWarn
	if now.Status == Pass {
		level = slog.LevelInfo
	}
	h.log(level, "health check changed", attrs...)
	if h.OnChange == nil {
		return
	}
	if err := contain(func() { h.OnChange(before, now) }); err != nil {
		h.hookFailed("OnChange", err)
	}
}

// hookFailed says that a function of the user panicked. The text of err is made by whoever logs it, where it is contained.
func (h *Handler) hookFailed(name string, err error) {
	var stack []byte
	if p := (*PanicError)(nil); errors.As(err, &p) {
		stack = p.Stack
	}
	h.log(slog.LevelError, "health: a hook did not return", "hook", name, "error", err, "stack", string(stack))
}

// Report looks at the checks of one probe, leaving out those named in exclude, and returns what they say. It waits for
// the slowest critical check, and not longer than ctx: a critical check that has not answered by then has failed. Another
// check is waited for 100 ms when its last result is not older than a minute, which is shown then (see Result.At), and
// 800 ms otherwise, after which it has failed. Readiness or start-up without any check is a Warning.
func (h *Handler) Report(ctx context.Context, p Probe, exclude ...string) Report {
	monitors := h.of(p)
	all, empty := len(monitors), h.empty(p, monitors)
	monitors = slices.DeleteFunc(monitors, func(m *monitor) bool { return slices.Contains(exclude, m.Name) })
	r := h.report(ctx, monitors)
	r.Probe = p
	if empty {
		r.Status = Warning
	}
	if p == Startup {
		h.mu.Lock()
		defer h.mu.Unlock()
		if r.Status != Fail && all == len(monitors) && !empty {
			h.started = true
		}
		if h.started && r.Status == Fail {
			r.Status = Warning // it has started; what fails now is a matter of readiness
		}
	}
	return r
}

func (h *Handler) report(ctx context.Context, monitors []*monitor) Report {
	began := time.Now()
	r := Report{Status: Pass, Results: make([]Result, len(monitors))}
	waits := make([]<-chan struct{}, len(monitors))
	for i, m := range monitors { // all take off before the first is waited for
		r.Results[i], waits[i] = m.fresh(m.MaxAge)
	}
	for i, m := range monitors {
		if waits[i] != nil {
			r.Results[i] = m.await(ctx, waits[i], began)
		}
		r.Status = worse(r.Status, r.Results[i].affects())
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	r.Time = time.Now()
	r.Uptime = r.Time.Sub(h.began)
	return r
}

func worse(a, b Status) Status {
	rank := func(s Status) int { return slices.Index([]Status{Pass, Warning, Fail}, s) }
	if rank(b) > rank(a) {
		return b
	}
	return a
}

// Run refreshes the checks that have an Interval until ctx ends, and returns nil. Checks that are added later are not
// refreshed by a Run that is already running.
func (h *Handler) Run(ctx context.Context) error {
	h.mu.Lock()
	monitors := slices.Clone(h.monitors)
	h.mu.Unlock()
	var loops sync.WaitGroup
	for _, m := range monitors {
		if m.Interval > 0 {
			loops.Go(func() { m.refresh(ctx) })
		}
	}
	loops.Wait()
	<-ctx.Done()
	return nil
}

func (m *monitor) refresh(ctx context.Context) {
	ticker := time.NewTicker(m.Interval)
	defer ticker.Stop()
	for {
		if _, done := m.fresh(m.Interval / 2); done != nil { // a probe may have refreshed it just now
			select {
			case <-done:
			case <-ctx.Done():
				return
			}
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}
