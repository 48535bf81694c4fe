package lifecycle

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
)

// Run starts all parts, waits for the reason to shut down and stops them. It returns nil after a shutdown that was asked
// for (a signal, the end of ctx, [Group.Shutdown]) in which every part stopped in order; otherwise the joined errors,
// each a [*StepError]. A Start that such a shutdown cuts short is no error if its own is nothing but the cancellation,
// so that Ctrl-C during the start ends in order, too. It may be called once.
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
	defer context.AfterFunc(ctx, func() { g.shutDown(context.Cause(ctx)) })()
	defer g.end(nil)

	runs, err := g.start(parts)
	ready := err == nil && g.ended.Err() == nil
	if ready {
		g.setState(nil)
		<-g.ended.Done()
	}
	return errors.Join(err, g.stop(runs, ready))
}

// listen begins the shutdown at the first signal and ends the process at the second. When the first one finds a shutdown
// that has begun otherwise, it asks for what is happening already and must not cut it off: it may be the orchestrator's,
// or the same that ended Run's context. It returns what ends it.
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
				switch {
				case !first:
					g.cfg.Logger.Error("lifecycle: second signal, exiting at once", "signal", s.String())
					g.cfg.Exit(exitCode(s))
					return
				case g.ended.Err() != nil:
					g.cfg.Logger.Warn("lifecycle: shutting down already, another signal exits at once", "signal", s.String())
				default:
					g.shutDown(&SignalError{s})
				}
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
