package lifecycle

import (
	"context"
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
		go contain(func() error { return p.Start(ctx) }, func(err error) { started <- err })
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
		go contain(func() error { return p.Run(ctx) }, func(err error) {
			defer close(r.done)
			if err == nil || err == ctx.Err() { //nolint:errorlint // what wraps it may say what was lost
				return
			}
			r.outcome = &StepError{Part: p.Name, Action: "run", Err: err}
			g.end(r.outcome)
		})
	}
	return r, nil
}

// startGrace is how long a Start may take to notice that its context has ended.
const startGrace = time.Second
