package lifecycle

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"
)

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
	for i, p := range parts {
		if g.ended.Err() != nil {
			abandon(parts[i:])
			return runs, nil // the shutdown has its own cause; what was not started needs no report
		}
		stepBegan := time.Now()
		r, err := g.startOne(ctx, p)
		g.note("start", p, time.Since(stepBegan), err)
		if r != nil {
			runs = append(runs, r)
		}
		if err != nil {
			abandon(parts[i+1:])
			if g.ended.Err() != nil && isOnly(err, context.Cause(g.ended)) {
				return runs, nil // the shutdown's own doing
			}
			g.shutDown(err)
			return runs, err
		}
	}
	g.cfg.Logger.Info("lifecycle: started", "parts", len(runs), "took", time.Since(began))
	return runs, nil
}

// abandon tells parts that they will not be started.
func abandon(parts []Part) {
	for _, p := range parts {
		if p.abandon != nil {
			p.abandon()
		}
	}
}

// isOnly says whether err, under all its wrapping, is nothing but a cancelled context or its cause.
func isOnly(err, cause error) bool {
	switch e := err.(type) { //nolint:errorlint // it walks the tree itself
	case interface{ Unwrap() []error }:
		return !slices.ContainsFunc(e.Unwrap(), func(err error) bool { return !isOnly(err, cause) })
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			return isOnly(inner, cause)
		}
	}
	return errors.Is(err, context.Canceled) || errors.Is(err, cause)
}

// startOne waits for Start no longer than ctx, and starts Run. It returns a run whenever there is something to stop.
func (g *Group) startOne(ctx context.Context, p Part) (*run, error) {
	r := &run{Part: p}
	if p.Start != nil {
		if err := g.await(ctx, p); err != nil {
			return nil, &StepError{Part: p.Name, Action: "start", Err: err}
		}
		if ctx.Err() != nil && g.ended.Err() == nil {
			return r, &StepError{Part: p.Name, Action: "start", Err: context.Cause(ctx)} // done, but too late
		}
	}
	if p.Run != nil {
		ctx, cancel := context.WithCancel(g.logCtx)
		r.cancel, r.done = cancel, make(chan struct{})
		go contain(func() error { return p.Run(ctx) }, func(err error) {
			defer close(r.done)
			if err == nil {
				return
			}
			if ctx.Err() != nil && isOnly(err, context.Cause(ctx)) {
				if err != ctx.Err() { //nolint:errorlint // what wraps it may say what was lost
					g.cfg.Logger.Warn("lifecycle: a part ended in the middle of its work", "part", p.Name, "error", err)
				}
				return
			}
			r.outcome = &StepError{Part: p.Name, Action: "run", Err: err}
			g.shutDown(r.outcome)
		})
	}
	return r, nil
}

// await calls Start and waits for it. When it does not return about when ctx ends, it is left behind; if it succeeds later,
// its part is stopped then.
func (g *Group) await(ctx context.Context, p Part) error {
	started, gone := make(chan error), make(chan struct{})
	go contain(func() error { return p.Start(ctx) }, func(err error) {
		select {
		case started <- err:
		case <-gone:
			if err == nil && p.Stop != nil {
				g.stopLate(p)
			}
		}
	})
	select {
	case err := <-started:
		return err
	case <-ctx.Done():
	}
	// Start may be about to return: its own error says more, and what it has opened must be closed in its turn.
	grace := min(startGrace, g.cfg.Budget/2)
	select {
	case err := <-started:
		return err
	case <-time.After(grace):
	}
	close(gone)
	if g.ended.Err() != nil {
		return &OverdueError{Limit: grace}
	}
	return context.Cause(ctx)
}

// startGrace is how long a Start may take to notice that its context has ended.
const startGrace = time.Second

// stopLate stops what has started when nobody waited for it any more. Run may have returned, so only the end of the
// process is sure to end this.
func (g *Group) stopLate(p Part) {
	ctx, cancel := context.WithTimeout(g.logCtx, min(cmp.Or(p.StopTimeout, g.cfg.Budget), g.cfg.Budget))
	defer cancel()
	began := time.Now()
	contain(func() error { return p.Stop(ctx) }, func(err error) {
		if err != nil {
			err = &StepError{Part: p.Name, Action: "stop", Err: err}
		}
		g.note("stop", p, time.Since(began), err)
	})
}
