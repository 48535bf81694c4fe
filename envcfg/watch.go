package envcfg

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// DefaultWatchInterval is how often [Watcher.Run] looks.
const DefaultWatchInterval = 2 * time.Second

// WatchConfig is optional for [NewWatcher].
type WatchConfig struct {
	// Interval between two looks. Defaults to 2 s.
	Interval time.Duration
	// OnChange is called after each swap with what differs. OnError is called when the configuration has become invalid,
	// once for each new error; the old one stays in force. Both, and Options.OnWarning, which hears of a warning once for as
	// long as it lasts, are called one at a time, in order and without a lock held.
	OnChange func(changes []Change)
	OnError  func(err error)
}

// Change is a setting that differs from before. Old and New are shown as in a [Setting]; two secrets are both
// "[redacted]".
type Change struct {
	Name     string
	Old, New string
	Origin   Origin // of the new value
}

// Watcher holds a T that follows the .env files and the files of secrets, which must not be pipes. The process environment
// itself cannot change from outside. That a file is missing which was read before is an error: to take one out of force,
// empty it. A Watcher is safe for concurrent use.
type Watcher[T any] struct {
	o       Options
	cfg     WatchConfig
	current atomic.Pointer[T]
	loading sync.Mutex // one load at a time, with what follows from it

	mu      sync.Mutex // guards what follows; nothing is loaded or called with it held
	report  *Report
	lastErr string
	warned  []Problem // at the last look
	running bool
	queue   []func() // hooks to be called
	calling bool
}

// NewWatcher loads for the first time. Its error is that of [Load].
func NewWatcher[T any](o Options, c WatchConfig) (*Watcher[T], error) {
	c.Interval = cmp.Or(max(c.Interval, 0), DefaultWatchInterval)
	w := &Watcher[T]{o: o, cfg: c}
	t := new(T)
	report, err := fill(t, &loader{o: o, again: true}, &Report{})
	if err != nil {
		return nil, err
	}
	w.current.Store(t)
	w.report, w.warned = report, report.Warnings
	return w, nil
}

// Current returns the configuration in force. It is shared: do not change it. A later call may return another one, so a
// request should ask once.
func (w *Watcher[T]) Current() *T { return w.current.Load() }

// Report returns the report of the configuration in force.
func (w *Watcher[T]) Report() *Report {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.report
}

// Reload loads at once, on a signal for instance, and puts the result in force when it is valid. It returns what
// differs. After an error the old configuration stays. OnChange is called, OnError is not; while another call of a hook
// goes on, as when OnChange itself calls Reload, that comes after it and after Reload has returned. What is called while
// loading (Validate methods, parsers, checks) must not call it.
func (w *Watcher[T]) Reload() ([]Change, error) {
	defer w.deliver()
	w.loading.Lock()
	defer w.loading.Unlock()
	t, report, err := w.load()
	if err != nil {
		return nil, err
	}
	return w.swap(t, report), nil
}

// load loads, and has OnWarning told of what is new.
func (w *Watcher[T]) load() (*T, *Report, error) {
	o, t := w.o, new(T)
	o.OnWarning = nil
	report, err := fill(t, &loader{o: o, again: true}, &Report{})
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range report.Warnings {
		known := slices.ContainsFunc(w.warned, func(q Problem) bool { return q.Error() == p.Error() })
		if !known && w.o.OnWarning != nil {
			w.queue = append(w.queue, func() { w.o.OnWarning(p) })
		}
	}
	w.warned = report.Warnings
	if err == nil {
		err = report.lost(w.report)
	}
	return t, report, err
}

// swap puts a configuration in force if it differs.
func (w *Watcher[T]) swap(t *T, report *Report) []Change {
	w.mu.Lock()
	defer w.mu.Unlock()
	changes := w.report.diff(report)
	w.report, w.lastErr = report, ""
	if len(changes) > 0 {
		w.current.Store(t)
		if w.cfg.OnChange != nil {
			w.queue = append(w.queue, func() { w.cfg.OnChange(changes) })
		}
	}
	return changes
}

// deliver calls the hooks in the queue, unless somebody is doing it: then they are called by that one.
func (w *Watcher[T]) deliver() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.calling {
		return
	}
	w.calling = true
	defer func() { w.calling = false }()
	for len(w.queue) > 0 {
		hook := w.queue[0]
		w.queue = w.queue[1:]
		w.unlocked(hook)
	}
}

func (w *Watcher[T]) unlocked(hook func()) {
	w.mu.Unlock()
	defer w.mu.Lock()
	hook()
}

// Run looks for changes until ctx is done, then returns nil. A change is put in force when two looks in a row have found
// it, so that a file is not read while somebody writes it. A second Run at the same time returns an error.
func (w *Watcher[T]) Run(ctx context.Context) error {
	w.mu.Lock()
	if w.running {
		w.mu.Unlock()
		return errors.New("envcfg: the Watcher is running already")
	}
	w.running = true
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		w.running = false
		w.mu.Unlock()
	}()
	ticker := time.NewTicker(w.cfg.Interval)
	defer ticker.Stop()
	var pending *Report
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			pending = w.look(pending)
		}
	}
}

// look loads once and returns what is to be put in force if the next look finds the same.
func (w *Watcher[T]) look(pending *Report) *Report {
	defer w.deliver()
	w.loading.Lock()
	defer w.loading.Unlock()
	t, report, err := w.load()
	settled := pending != nil && len(pending.diff(report)) == 0
	if err != nil {
		if settled {
			w.failed(err)
		}
		return report
	}
	if len(w.Report().diff(report)) > 0 && (!settled || len(pending.Problems) > 0) {
		return report
	}
	w.swap(t, report)
	return nil
}

// failed has OnError told of an error, if it is a new one.
func (w *Watcher[T]) failed(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if text := err.Error(); text != w.lastErr {
		w.lastErr = text
		if w.cfg.OnError != nil {
			w.queue = append(w.queue, func() { w.cfg.OnError(err) })
		}
	}
}
