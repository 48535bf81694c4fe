package health

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"
)

// Probe is a set of probes.
type Probe uint8

// The probes. They may be combined with |.
const (
	Liveness Probe = 1 << iota
	Readiness
	Startup
)

// Severity says what a failed check means for a probe.
type Severity uint8

// The severities.
const (
	Critical    Severity = iota // the probe fails
	Degraded                    // the probe warns
	Informative                 // the probe is not affected
)

// String returns "critical", "degraded" or "informative".
func (s Severity) String() string {
	switch s {
	case Critical:
		return "critical"
	case Degraded:
		return "degraded"
	case Informative:
		return "informative"
	}
	return fmt.Sprintf("severity %d", uint8(s))
}

// Defaults of [Check]. The timeout leaves a probe some time to answer within the one second that Kubernetes waits by
// default.
const (
	DefaultTimeout = 800 * time.Millisecond
	DefaultMaxAge  = time.Second
)

// Check is something to look at.
type Check struct {
	// Name is part of a path: lower-case letters, digits, "-", "_" and ".". Required.
	Name string
	// Func returns nil when all is well, an error from [Warn] when something needs attention, another error when not. It
	// must honour ctx, which has the deadline, and may note what it saw with [Observe]. Required.
	Func func(ctx context.Context) error
	// Probes that the check belongs to. Defaults to Readiness.
	Probes Probe
	// Severity of a failure. Defaults to Critical.
	Severity Severity
	// Dependency marks a check of something outside this process. Liveness refuses it.
	Dependency bool
	// Timeout limits one run. Defaults to 800 ms. When a critical check needs more, give it an Interval, or the
	// orchestrator's probe a longer timeout than this.
	Timeout time.Duration
	// MaxAge is how long a result is used again instead of running the check. Defaults to 1 s, or to three Intervals; -1
	// means never. A critical check never shows an older result; one that is not critical may, see [Handler.Report].
	MaxAge time.Duration
	// Interval, when positive, is how often [Handler.Run] refreshes the result in the background, so that probes need not
	// wait for it. A result that is older than MaxAge is refreshed by the probe itself.
	Interval time.Duration
	// FailAfter is how many runs in a row must fail before the check fails, RecoverAfter how many must pass before it
	// passes again. Both default to 1. The very first run always counts. A run that hangs counts again with every probe,
	// but once per Timeout at most.
	FailAfter, RecoverAfter int
}

var checkName = regexp.MustCompile(`^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$`)

// ErrDependencyInLiveness is matched by the error of [Handler.Add] for a check of a dependency in the liveness probe.
var ErrDependencyInLiveness = errors.New("a dependency must not be part of liveness, because restarting this process does not mend it; use Readiness")

// ErrInvalidCheck is matched by every other error of [Handler.Add].
var ErrInvalidCheck = errors.New("invalid check")

// validate returns all problems of c.
func (c Check) validate() error {
	var errs []error
	add := func(rule string) {
		errs = append(errs, fmt.Errorf("health: %w %q: %s", ErrInvalidCheck, c.Name, rule))
	}
	if !checkName.MatchString(c.Name) {
		add("Name must consist of lower-case letters, digits, '-', '_' and '.'")
	}
	if c.Func == nil {
		add("Func is missing")
	}
	if c.Probes&^(Liveness|Readiness|Startup) != 0 {
		add("Probes has an unknown bit")
	}
	if c.Severity > Informative {
		add("Severity is unknown")
	}
	if c.Timeout < 0 || c.Interval < 0 || c.FailAfter < 0 || c.RecoverAfter < 0 || (c.MaxAge < 0 && c.MaxAge != -1) {
		add("Timeout, Interval, FailAfter, RecoverAfter and MaxAge must not be negative (MaxAge may be -1)")
	}
	if c.Dependency && c.Probes&Liveness != 0 {
		errs = append(errs, fmt.Errorf("health: check %q: %w", c.Name, ErrDependencyInLiveness))
	}
	return errors.Join(errs...)
}

func (c Check) withDefaults() Check {
	c.Probes = cmp.Or(c.Probes, Readiness)
	c.Timeout = cmp.Or(c.Timeout, DefaultTimeout)
	c.MaxAge = cmp.Or(c.MaxAge, 3*c.Interval, DefaultMaxAge)
	c.FailAfter = cmp.Or(c.FailAfter, 1)
	c.RecoverAfter = cmp.Or(c.RecoverAfter, 1)
	return c
}

// warning is an error that does not fail a check.
type warning struct{ err error }

func (w *warning) Error() string { return w.err.Error() }
func (w *warning) Unwrap() error { return w.err }

// Warn returns an error that makes a check warn instead of fail. It takes what fmt.Errorf takes.
func Warn(format string, args ...any) error { return &warning{fmt.Errorf(format, args...)} }

// observations is what one run of a check noted.
type observations map[string]any

type observationsKey struct{}

// Observe notes a value that a check saw, such as "free_percent", for the answer. It is shown to everybody who may ask,
// so it must not be a secret. It must be called with the ctx that the check got, on the check's own goroutine. Outside
// of a check it does nothing.
func Observe(ctx context.Context, name string, value any) {
	if o, ok := ctx.Value(observationsKey{}).(observations); ok {
		o[name] = value
	}
}
