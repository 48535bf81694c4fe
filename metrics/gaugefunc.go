package metrics

import (
	"context"
	"math"
	"sync"
	"time"
)

// CallbackTimeout is how long [Registry.Run] and the export wait for the funcs of [Registry.GaugeFunc].
const CallbackTimeout = time.Second

const callbackFailuresName = "metrics_callback_failures_total"

// callback is a gauge whose value is asked for.
type callback struct {
	gauge *gauge
	f     func(context.Context) (float64, error)
	fails *counter
	busy  bool // guarded by callbacks.mu
}

type callbacks struct {
	mu   sync.Mutex
	list map[*gauge]*callback
}

// GaugeFunc makes a gauge whose value f returns. It is asked every 10 s by [Registry.Run] and for every export, in a
// goroutine of its own, whose context ends after one second. One that does not return then is not called again before it
// does; one that fails or panics is counted in metrics_callback_failures_total, and its gauge is not exported until it
// succeeds. A later func for the same series takes the place of an earlier one.
func (r *Registry) GaugeFunc(name string, f func(context.Context) (float64, error), labels ...Label) {
	s := r.series(name, KindGauge, labels)
	s.gauge.absent.Store(true)
	r.mu.Lock()
	s.pinned = true
	fails := r.own(callbackFailuresName, Label{"metric", canonicalName(name, KindGauge)}).counter
	r.mu.Unlock()
	r.callbacks.mu.Lock()
	defer r.callbacks.mu.Unlock()
	if r.callbacks.list == nil {
		r.callbacks.list = make(map[*gauge]*callback)
	}
	r.callbacks.list[s.gauge] = &callback{gauge: s.gauge, f: f, fails: fails}
}

// refresh asks all funcs, and waits for those that answer in time.
func (r *Registry) refresh(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, CallbackTimeout)
	defer cancel()
	r.callbacks.mu.Lock()
	answers := make(chan struct{}, len(r.callbacks.list))
	asked := 0
	for _, c := range r.callbacks.list {
		if !c.busy {
			c.busy = true
			asked++
			go r.callbacks.ask(ctx, c, answers)
		}
	}
	r.callbacks.mu.Unlock()
	for range asked {
		select {
		case <-answers:
		case <-ctx.Done():
			return
		}
	}
}

// ask calls a func and sets its gauge.
func (cs *callbacks) ask(ctx context.Context, c *callback, answers chan<- struct{}) {
	value := math.NaN() // also when it panics or ends its goroutine
	defer func() {
		_ = recover() // it is counted
		cs.answer(c, value)
		answers <- struct{}{}
	}()
	if v, err := c.f(ctx); err == nil {
		value = v
	}
}

func (cs *callbacks) answer(c *callback, value float64) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	c.busy = false
	if cs.list[c.gauge] != c {
		return // another func has taken its place
	}
	failed := math.IsNaN(value)
	if failed {
		c.fails.Inc()
	}
	c.gauge.Set(value)
	c.gauge.absent.Store(failed)
}
