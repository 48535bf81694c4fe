package lifecycle

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// Run starts all parts, waits for the reason to shut down and stops them. It returns nil after a shutdown that was asked
// for (a signal, the end of ctx, [Group.Shutdown]) in which every part stopped in order; otherwise the joined errors,
// each a [*StepError]. It may be called once.
func (g *Group) Run(ctx context.Context) error {
	g.mu.Lock()
	if g.ran {
		g.mu.Unlock()
		return ErrRunning
	}
	g.ran = true
	parts := g.parts
	g.mu.Unlock()

	g.logCtx = context.WithoutCancel(ctx)
	stopListening := g.listen()
	defer stopListening()
	defer context.AfterFunc(ctx, func() { g.end(context.Cause(ctx)) })()
	defer g.end(nil)

	runs, err := g.start(parts)
	ready := err == nil && g.ended.Err() == nil
	if ready {
		g.setState(nil)
		<-g.ended.Done()
	}
	return errors.Join(err, g.stop(runs, ready))
}

// listen begins the shutdown at the first signal and ends the process at the second. It returns what ends it.
func (g *Group) listen() func() {
	if len(g.cfg.Signals) == 0 {
		return func() {}
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, g.cfg.Signals...)
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for first := true; ; first = false {
			select {
			case s := <-signals:
				if !first {
					g.cfg.Logger.Error("lifecycle: second signal, exiting at once", "signal", s.String())
					g.cfg.Exit(exitCode(s))
					return
				}
				g.end(&SignalError{s})
			case <-quit:
				return
			}
		}
	}()
	return func() {
		signal.Stop(signals)
		close(quit)
		<-done
	}
}

// exitCode is the shell's convention for a process that a signal ended.
func exitCode(s os.Signal) int {
	if n, ok := s.(syscall.Signal); ok {
		return 128 + int(n)
	}
	return 1
}

// start starts the parts in order, until one fails or a shutdown begins.
func (g *Group) start(parts []Part) ([]*run, error) {
	began := time.Now()
	defer func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.report.StartTook = time.Since(began)
	}()
	ctx := g.ended
	if g.cfg.StartTimeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, g.cfg.StartTimeout)
		defer cancel()
	}
	var runs []*run
	for _, p := range parts {
		if g.ended.Err() != nil {
			return runs, nil // the shutdown has its own cause; what was not started needs no report
		}
		stepBegan := time.Now()
		r, err := g.startOne(ctx, p)
		g.note("start", p, time.Since(stepBegan), err)
		if r != nil {
			runs = append(runs, r)
		}
		if err != nil {
			g.end(err)
			return runs, err
		}
	}
	g.cfg.Logger.Info("lifecycle: started", "parts", len(runs), "took", time.Since(began))
	return runs, nil
}

// startOne waits for Start no longer than ctx, and starts Run. It returns a run whenever there is something to stop.
func (g *Group) startOne(ctx context.Context, p Part) (*run, error) {
	r := &run{Part: p}
	if p.Start != nil {
		started := make(chan error, 1)
		go func() { started <- contain(func() error { return p.Start(ctx) }) }()
		var err error
		select {
		case err = <-started:
		case <-ctx.Done():
			// Start may be about to return: its own error says more, and what it has opened must be closed.
			select {
			case err = <-started:
			case <-time.After(startGrace):
				err = context.Cause(ctx)
			}
		}
		if err != nil {
			return nil, &StepError{Part: p.Name, Action: "start", Err: err}
		}
		if ctx.Err() != nil && g.ended.Err() == nil {
			return r, &StepError{Part: p.Name, Action: "start", Err: context.Cause(ctx)} // done, but too late
		}
	}
	if p.Run != nil {
		ctx, cancel := context.WithCancel(g.logCtx)
		r.cancel, r.done = cancel, make(chan struct{})
		go func() {
			defer close(r.done)
			if err := contain(func() error { return p.Run(ctx) }); err != nil && (ctx.Err() == nil || !errors.Is(err, context.Canceled)) {
				r.outcome = &StepError{Part: p.Name, Action: "run", Err: err}
				g.end(r.outcome)
			}
		}()
	}
	return r, nil
}

// startGrace is how long a Start may take to notice that its context has ended.
const startGrace = time.Second
