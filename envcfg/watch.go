package envcfg

import (
	"cmp"
	"context"
	"errors"
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
	// once for each new error; the old one stays in force. Both are called one at a time, without a lock held.
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

// Watcher holds a T that follows the .env files and the files of secrets. The process environment itself cannot change
// from outside. A Watcher is safe for concurrent use.
type Watcher[T any] struct {
	o       Options
	cfg     WatchConfig
	current atomic.Pointer[T]

	mu      sync.Mutex // one reload at a time; guards what follows
	report  *Report
	lastErr string
	running bool
}

// NewWatcher loads for the first time. Its error is that of [Load].
func NewWatcher[T any](o Options, c WatchConfig) (*Watcher[T], error) {
	c.Interval = cmp.Or(max(c.Interval, 0), DefaultWatchInterval)
	w := &Watcher[T]{o: o, cfg: c}
	t := new(T)
	report, err := Explain(t, o)
	if err != nil {
		return nil, err
	}
	w.current.Store(t)
	w.report = report
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
// differs. After an error the old configuration stays. OnChange is called, OnError is not.
func (w *Watcher[T]) Reload() ([]Change, error) {
	w.mu.Lock()
	t := new(T)
	report, err := Explain(t, w.o)
	if err != nil {
		w.mu.Unlock()
		return nil, err
	}
	changes := w.swap(t, report)
	w.mu.Unlock()
	w.changed(changes)
	return changes, nil
}

func (w *Watcher[T]) swap(t *T, report *Report) []Change {
	changes := w.report.diff(report)
	w.report, w.lastErr = report, ""
	if len(changes) > 0 {
		w.current.Store(t)
	}
	return changes
}

func (w *Watcher[T]) changed(changes []Change) {
	if len(changes) > 0 && w.cfg.OnChange != nil {
		w.cfg.OnChange(changes)
	}
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
	w.mu.Lock()
	t := new(T)
	report, err := Explain(t, w.o)
	if err != nil {
		fresh := err.Error() != w.lastErr
		settled := pending != nil && len(pending.diff(report)) == 0
		if fresh && settled {
			w.lastErr = err.Error()
		}
		w.mu.Unlock()
		if fresh && settled && w.cfg.OnError != nil {
			w.cfg.OnError(err)
		}
		return report
	}
	if len(w.report.diff(report)) == 0 {
		w.report, w.lastErr = report, ""
		w.mu.Unlock()
		return nil
	}
	if pending == nil || len(pending.diff(report)) > 0 || len(pending.Problems) > 0 {
		w.mu.Unlock()
		return report
	}
	changes := w.swap(t, report)
	w.mu.Unlock()
	w.changed(changes)
	return nil
}

// diff returns what differs in next, by the values themselves.
func (r *Report) diff(next *Report) []Change {
	before := make(map[string]*Setting, len(r.Settings))
	for i := range r.Settings {
		before[r.Settings[i].Name] = &r.Settings[i]
	}
	var changes []Change
	for _, s := range next.Settings {
		old := before[s.Name]
		if old == nil {
			old = &Setting{}
		}
		if old.text.Reveal() != s.text.Reveal() {
			changes = append(changes, Change{Name: s.Name, Old: old.Value, New: s.Value, Origin: s.Origin})
		}
	}
	return changes
}
