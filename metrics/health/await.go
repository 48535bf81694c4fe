package health

import (
	"context"
	"fmt"
	"time"
)

// How long a probe waits for a check that is not critical: a moment when there is a last result that will do, and as
// long as for a critical check of default settings when there is none.
const (
	moment   = 100 * time.Millisecond
	willDo   = time.Minute
	patience = DefaultTimeout
)

// await waits for a run that a probe which began at began needs, and returns its result. A critical check is waited for
// until the run is over or ctx ends, which fails it, because what was true before says nothing. The run of another check
// must not hold up the probe; when there is no result soon, its last one is shown.
func (m *monitor) await(ctx context.Context, done <-chan struct{}, began time.Time) Result {
	last := m.result()
	critical := m.Severity == Critical
	lastWillDo := !critical && !last.At.IsZero() && began.Sub(last.At) <= max(m.MaxAge, willDo)
	var enough <-chan time.Time
	if !critical {
		wait := patience
		if lastWillDo {
			wait = moment
		}
		timer := time.NewTimer(time.Until(began.Add(wait)))
		defer timer.Stop()
		enough = timer.C
	}
	cause := errLate
	select {
	case <-done:
	case <-enough:
	case <-ctx.Done():
		cause = context.Cause(ctx)
	}
	select {
	case <-done: // perhaps at the same time
		return m.result()
	default:
	}
	if lastWillDo {
		return last
	}
	o := outcomeOf(stale(last, cause))
	return Result{Name: m.Name, Status: o.status, Severity: m.Severity, Err: o.err, At: last.At, run: o}
}

var errLate = fmt.Errorf("the probe does not wait for longer than %v", patience)

// stale is the failure of a check whose result did not come in time.
func stale(last Result, cause error) error {
	if last.At.IsZero() {
		return fmt.Errorf("no result yet: %w", cause)
	}
	return fmt.Errorf("no fresh result, the last is %v old: %w", time.Since(last.At).Round(time.Millisecond), cause)
}
