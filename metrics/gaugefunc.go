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
// does. While it fails, panics or is late, its gauge is not exported, and that is counted in
// metrics_callback_failures_total. A later func for the same series takes the place of an earlier one.
func (r *Registry) GaugeFunc(name string, f func(context.Context) (float64, error), labels ...Label) {
	s := r.series(name, KindGauge, labels)
	if s.detached {
		return
	}
	s.gauge.absent.Store(true)
	r.mu.Lock()
	fails := r.own(callbackFailuresName, Label{"metric", canonicalName(name, KindGauge)}).counter
	r.mu.Unlock()
	r.callbacks.mu.Lock()
	defer r.callbacks.mu.Unlock()
	if r.callbacks.list == nil {
		r.callbacks.list = make(map[*gauge]*callback)
	}
	r.callbacks.list[s.gauge] = &callback{gauge: s.gauge, f: f, fails: fails}
}

// refresh asks all funcs, and waits for those that answer in time, unless nobody waits for the export any more.
func (r *Registry) refresh(waiting context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(waiting), CallbackTimeout)
	context.AfterFunc(ctx, cancel) // also when nobody waits: then the funcs have their time all the same
	cs := &r.callbacks
	cs.mu.Lock()
	answers := make(chan struct{}, len(cs.list))
	var asked []*callback
	for _, c := range cs.list {
		if !c.busy {
			c.busy = true
			asked = append(asked, c)
			go cs.ask(ctx, c, answers)
		}
	}
	cs.mu.Unlock()
	for range asked {
		select {
		case <-answers:
		case <-waiting.Done():
			return
		case <-ctx.Done():
			cs.late(asked)
			return
		}
	}
	cancel()
}

// late takes the values of those out that have not answered in time.
func (cs *callbacks) late(asked []*callback) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	for _, c := range asked {
		if c.busy && cs.list[c.gauge] == c {
			c.fails.Inc()
			c.gauge.absent.Store(true)
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
