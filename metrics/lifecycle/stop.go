package lifecycle

import (
	"context"
	"errors"
	"slices"
	"time"
)

// stop stops what was started, phase by phase. drain says whether the service was ready before.
func (g *Group) stop(runs []*run, drain bool) error {
	cause := context.Cause(g.ended)
	g.setState(ErrDraining)
	close(g.draining)
	g.mu.Lock()
	began := g.began
	g.report.Cause = cause.Error()
	g.mu.Unlock()
	g.cfg.Logger.Info("lifecycle: shutting down", "cause", cause.Error())

	steps := inOrder(runs)
	deadline := began.Add(g.cfg.Budget)
	var errs []error
	drained := !drain || g.cfg.Drain < 0 || !slices.ContainsFunc(runs, func(r *run) bool { return r.Phase == Server })
	for i, r := range steps {
		if !drained && r.Phase != Background {
			drained = true
			window := min(g.cfg.Drain, time.Until(deadline))
			g.cfg.Logger.Info("lifecycle: draining", "window", window)
			time.Sleep(window)
		}
		left := time.Until(deadline)
		if !drained {
			left -= g.cfg.Drain // which is not for what stops before
		}
		stepBegan := time.Now()
		err := g.stopOne(r, left, i == len(steps)-1)
		g.note("stop", r.Part, time.Since(stepBegan), err)
		errs = append(errs, err)
	}
	g.setState(ErrShutdown)
	took := time.Since(began)
	g.mu.Lock()
	g.report.StopTook = took
	g.mu.Unlock()
	g.cfg.Logger.Info("lifecycle: stopped", "took", took)
	return errors.Join(errs...)
}

// inOrder returns the parts that have something to stop in the order in which they stop: by phase, the last one started
// first.
func inOrder(runs []*run) []*run {
	var steps []*run
	for _, phase := range order {
		for _, r := range slices.Backward(runs) {
			if r.Phase == phase && (r.Stop != nil || r.Run != nil) {
				steps = append(steps, r)
			}
		}
	}
	return steps
}

// share returns how long a step may take, and how long it is waited for after that, so that it may notice its deadline:
// together half of what is left, so that a step that hangs leaves something for the others, or all of it for the last;
// or less when the part asks for less.
func share(asked, left time.Duration, last bool) (limit, grace time.Duration) {
	if !last {
		left /= 2
	}
	left = max(left, 0)
	limit = left - min(left/11, stopGrace)
	if asked > 0 {
		limit = min(asked, limit)
	}
	return limit, min(limit/10, stopGrace)
}

// stopGrace is the most that a part may take to notice that its context has ended; otherwise it is a tenth of its time.
const stopGrace = 250 * time.Millisecond

// stopOne stops one part within its share of what is left.
func (g *Group) stopOne(r *run, left time.Duration, last bool) error {
	limit, grace := share(r.StopTimeout, left, last)
	ctx, cancel := context.WithTimeout(g.logCtx, limit)
	defer cancel()
	stopped := make(chan error, 1)
	go contain(func() error {
		if r.Stop == nil {
			return nil
		}
		return r.Stop(ctx)
	}, func(err error) {
		if r.cancel != nil {
			r.cancel()
			<-r.done
		}
		stopped <- err
	})
	var err error
	select {
	case err = <-stopped:
	case <-ctx.Done():
		// Whoever stops when its deadline says so returns about now.
		select {
		case err = <-stopped:
		case <-time.After(grace):
			err = &OverdueError{Limit: limit}
		}
	}
	if r.cancel != nil {
		r.cancel() // also when Stop hangs
	}
	if err != nil {
		err = &StepError{Part: r.Name, Action: "stop", Err: err}
	}
	if r.done != nil {
		select {
		case <-r.done:
			err = errors.Join(r.outcome, err)
		default:
		}
	}
	return err
}
