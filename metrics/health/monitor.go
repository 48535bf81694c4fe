package health

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Status is the state of a check or a probe.
type Status string

// The states, in the words of the health+json draft.
const (
	Pass    Status = "pass"
	Warning Status = "warn"
	Fail    Status = "fail"
)

// Result is what is known of a check.
type Result struct {
	Name     string
	Status   Status
	Severity Severity
	// Err is why the last run did not pass, nil when it did. A check whose FailAfter is not reached has a passing Status
	// and an Err. It is what the check returned, or a [*TimeoutError] or [*PanicError]; the latter also when the returned
	// error itself panicked on being asked for its text, as a nil pointer in an error does.
	Err error
	// Observed is what the last run noted with [Observe]. It must not be changed.
	Observed map[string]any
	At       time.Time     // end of the last run
	Took     time.Duration // of the last run
	InARow   int           // runs with the same outcome, the last one included

	run outcome // the last one's
}

// affects returns what the result means for its probe.
func (r Result) affects() Status {
	switch {
	case r.Status == Pass, r.Severity == Informative:
		return Pass
	case r.Status == Fail && r.Severity == Critical:
		return Fail
	}
	return Warning
}

// TimeoutError is the error of a check that did not return in time.
type TimeoutError struct {
	Limit   time.Duration
	Hanging time.Duration // how long the run has lasted that still does not return
}

// Error says how long.
func (e *TimeoutError) Error() string {
	if e.Hanging > e.Limit {
		return fmt.Sprintf("no answer after %v (hangs for %v)", e.Limit, e.Hanging.Round(time.Millisecond))
	}
	return fmt.Sprintf("no answer after %v", e.Limit)
}

// Timeout returns true, as in net.Error.
func (e *TimeoutError) Timeout() bool { return true }

// Is makes the error match context.DeadlineExceeded.
func (e *TimeoutError) Is(target error) bool { return target == context.DeadlineExceeded }

// PanicError is the error of a check that panicked.
type PanicError struct {
	Value any
	Stack []byte
}

// Error returns the value; the stack is only logged.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// monitor runs one check and remembers its state.
type monitor struct {
	Check
	changes *changes

	mu     sync.Mutex
	last   Result
	flight *flight
}

// flight is one run. Those who need its result wait for done.
type flight struct {
	began time.Time
	done  chan struct{} // closed at the end of the run, or when its time is up
	over  bool          // done is closed
}

// fresh returns the last result when it may be used again. Otherwise it makes sure that a run is on its way and returns
// what to wait for.
func (m *monitor) fresh(maxAge time.Duration) (Result, <-chan struct{}) {
	m.mu.Lock()
	now := time.Now()
	if !m.last.At.IsZero() && now.Sub(m.last.At) < maxAge {
		defer m.mu.Unlock()
		return m.last, nil
	}
	f := m.flight
	switch {
	case f == nil:
		f = m.takeOff(now)
	case f.over && now.Sub(m.last.At) < m.Timeout: // it hangs, and another run would not have failed yet
		defer m.mu.Unlock()
		return m.last, nil
	case f.over: // it hangs: that is one more failure, without waiting again
		r := m.record(nil, outcomeOf(&TimeoutError{Limit: m.Timeout, Hanging: now.Sub(f.began)}), now.Sub(f.began))
		m.mu.Unlock()
		go m.changes.tell() // a probe does not wait for hooks
		return r, nil
	}
	m.mu.Unlock()
	return Result{}, f.done
}

// result returns the last result.
func (m *monitor) result() Result {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.last
}

// takeOff starts a run. The caller holds the lock.
func (m *monitor) takeOff(now time.Time) *flight {
	f := &flight{began: now, done: make(chan struct{})}
	m.flight = f
	ctx, cancel := context.WithTimeout(context.Background(), m.Timeout)
	observed := observations{}
	timeUp := time.AfterFunc(m.Timeout, func() { m.land(f, nil, outcomeOf(&TimeoutError{Limit: m.Timeout}), false) })
	go func() {
		o := outcomeOf(errGoexit)
		defer func() {
			cancel()
			timeUp.Stop()
			m.land(f, observed, o, true)
		}()
		o = m.call(context.WithValue(ctx, observationsKey{}, observed))
	}()
	return f
}

// land records the outcome of a run, unless its time was up before. The run is over when the check has returned.
func (m *monitor) land(f *flight, observed observations, o outcome, returned bool) {
	m.mu.Lock()
	if returned {
		m.flight = nil
	}
	if f.over {
		m.mu.Unlock()
		return
	}
	f.over = true
	m.record(observed, o, time.Since(f.began))
	close(f.done)
	m.mu.Unlock()
	m.changes.tell()
}

// record takes an outcome into the state. The caller holds the lock.
func (m *monitor) record(observed observations, o outcome, took time.Duration) Result {
	before := m.last
	r := Result{
		Name: m.Name, Status: o.status, Severity: m.Severity, Err: o.err, Observed: observed, At: time.Now(), Took: took, InARow: 1, run: o,
	}
	if !before.At.IsZero() {
		failed := o.status == Fail
		if failed == (before.run.status == Fail) {
			r.InARow = before.InARow + 1
		}
		switch {
		case failed && before.Status != Fail && r.InARow < m.FailAfter,
			!failed && before.Status == Fail && r.InARow < m.RecoverAfter:
			r.Status = before.Status
		}
	}
	m.last = r
	m.changes.add(before, r)
	return r
}
