package lifecycle

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"syscall"
	"time"
)

// Defaults of [Config].
const (
	DefaultStartTimeout = time.Minute
	DefaultDrain        = 5 * time.Second
	DefaultBudget       = 25 * time.Second
)

// Config of a [Group]. The zero value means the defaults named at each field.
type Config struct {
	// StartTimeout limits the start of all parts together. Defaults to 1 min; -1 means no limit.
	StartTimeout time.Duration `env:"SHUTDOWN_START_TIMEOUT" default:"1m" unit:"s"`
	// Drain is how long the service goes on after it stopped being ready, until load balancers have noticed. It should
	// exceed the readiness probe's period times its failure threshold. Defaults to 5 s, or to half of a Budget below
	// 10 s; -1 means none.
	Drain time.Duration `env:"SHUTDOWN_DRAIN" default:"5s" unit:"s"`
	// Budget is for the whole shutdown, from the signal or other cause to the return of Run, the drain window and a Start
	// in progress included. Run keeps to it whatever the parts do, up to the moments in which the system schedules it; what
	// has not stopped by then is left behind. It should be less than what the orchestrator waits before it kills
	// (Kubernetes: terminationGracePeriodSeconds, 30). Defaults to 25 s.
	Budget time.Duration `env:"SHUTDOWN_BUDGET" default:"25s" unit:"s"`
	// Signals begin the shutdown. Nil means SIGTERM and SIGINT; an empty slice means none.
	Signals []os.Signal
	// Exit ends the process at a second signal. Defaults to os.Exit.
	Exit func(code int)
	// Logger is told of every step. Defaults to slog.Default.
	Logger *slog.Logger
}

func (c Config) withDefaults() Config {
	c.StartTimeout = cmp.Or(c.StartTimeout, DefaultStartTimeout)
	c.Drain = cmp.Or(c.Drain, min(DefaultDrain, cmp.Or(max(c.Budget, 0), DefaultBudget)/2))
	c.Budget = cmp.Or(c.Budget, DefaultBudget)
	if c.Signals == nil {
		c.Signals = []os.Signal{syscall.SIGTERM, syscall.SIGINT}
	}
	if c.Exit == nil {
		c.Exit = os.Exit
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c
}

// Group is the parts of a service. Use [New].
type Group struct {
	cfg      Config
	draining chan struct{} // closed when the shutdown begins
	end      context.CancelCauseFunc
	ended    context.Context //nolint:containedctx // ends with the cause of the shutdown
	logCtx   context.Context //nolint:containedctx // of log records

	mu     sync.Mutex
	parts  []Part
	state  error // what Ready returns
	ran    bool
	began  time.Time // the shutdown
	report Report
}

// New makes a group without parts. The error names every problem of the configuration.
func New(c Config) (*Group, error) {
	c = c.withDefaults()
	var errs []error
	if c.Budget < 0 {
		errs = append(errs, fmt.Errorf("lifecycle: Budget is %v: must be positive", c.Budget))
	}
	for _, d := range []struct {
		name  string
		value time.Duration
	}{{"Drain", c.Drain}, {"StartTimeout", c.StartTimeout}} {
		if d.value < 0 && d.value != -1 {
			errs = append(errs, fmt.Errorf("lifecycle: %s is %v: must be positive, 0 (default) or -1 (none)", d.name, d.value))
		}
	}
	if c.Budget > 0 && c.Drain >= c.Budget {
		errs = append(errs, fmt.Errorf("lifecycle: Drain (%v) leaves nothing of Budget (%v) for the parts to stop", c.Drain, c.Budget))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	g := &Group{cfg: c, draining: make(chan struct{}), state: ErrStarting, logCtx: context.Background()}
	g.ended, g.end = context.WithCancelCause(context.Background())
	return g, nil
}

// Add adds parts, which start after those that were added before. Either all are added or none; the error names every
// problem. After Run was called it returns [ErrRunning].
func (g *Group) Add(parts ...Part) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ran {
		return ErrRunning
	}
	var errs []error
	names := make(map[string]bool)
	for _, p := range g.parts {
		names[p.Name] = true
	}
	for _, p := range parts {
		if err := p.validate(); err != nil {
			errs = append(errs, err)
		}
		if names[p.Name] && p.Name != "" {
			errs = append(errs, fmt.Errorf("lifecycle: there is another part %q", p.Name))
		}
		names[p.Name] = true
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	g.parts = append(g.parts, parts...)
	return nil
}

// Ready returns nil while the service may get requests, else [ErrStarting], [ErrDraining] or [ErrShutdown]. It does not
// use ctx: it is meant to be the Func of a readiness check, with a MaxAge of -1 so that probes see a shutdown at once.
func (g *Group) Ready(context.Context) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.state
}

// Draining returns a channel that is closed when the shutdown begins. Handlers of long streams should end theirs then.
func (g *Group) Draining() <-chan struct{} { return g.draining }

// Shutdown begins the shutdown, as a signal would. It does not wait for its end, which is that of Run.
func (g *Group) Shutdown() { g.shutDown(errAsked) }

var errAsked = errors.New("Shutdown was called")

// shutDown begins the shutdown unless it has begun.
func (g *Group) shutDown(cause error) {
	g.mu.Lock()
	if g.began.IsZero() {
		g.began = time.Now()
	}
	g.mu.Unlock()
	g.end(cause)
}

func (g *Group) setState(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.state = err
}
