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

// callback is a gauge whose value is asked for. callbacks.mu guards what changes.
type callback struct {
	gauge *gauge
	f     func(context.Context) (float64, error)
	fails *counter

	question *question // nil when there is none
	late     bool      // it has not been answered in time
}

// question is one call of a func.
type question struct {
	asked    time.Time
	answered chan struct{} // closed by the answer
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
	s, h := r.series(name, KindGauge, labels)
	if s.detached {
		return
	}
	s.gauge.absent.Store(true)
	r.mu.Lock()
	if h != nil {
		s.lease.pinned = h
	}
	fails := r.own(callbackFailuresName, Label{"metric", canonicalName(name, KindGauge)}).counter
	r.mu.Unlock()
	r.callbacks.mu.Lock()
	defer r.callbacks.mu.Unlock()
	if r.callbacks.list == nil {
		r.callbacks.list = make(map[*gauge]*callback)
	}
	r.callbacks.list[s.gauge] = &callback{gauge: s.gauge, f: f, fails: fails}
}

// refresh has all funcs asked and waits for those that answer in time, unless nobody waits for the export any more.
func (r *Registry) refresh(waiting context.Context) {
	for c, q := range r.callbacks.ask(waiting) {
		patience := time.NewTimer(CallbackTimeout - time.Since(q.asked))
		select {
		case <-q.answered:
		case <-patience.C:
			r.callbacks.tooLate(c, q)
		case <-waiting.Done():
		}
		patience.Stop()
	}
}

// ask asks those funcs that are not being asked, and returns what is to be waited for.
func (cs *callbacks) ask(waiting context.Context) map[*callback]*question {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	open := make(map[*callback]*question, len(cs.list))
	for _, c := range cs.list {
		if c.question == nil {
			c.question, c.late = &question{time.Now(), make(chan struct{})}, false
			go cs.call(context.WithoutCancel(waiting), c, c.question)
		}
		if !c.late {
			open[c] = c.question
		}
	}
	return open
}

// call calls a func and sets its gauge.
func (cs *callbacks) call(ctx context.Context, c *callback, q *question) {
	ctx, cancel := context.WithTimeout(ctx, CallbackTimeout)
	defer cancel()
	value := math.NaN() // also when it panics or ends its goroutine
	defer func() {
		_ = recover() // it is counted
		cs.answer(c, q, value)
	}()
	if v, err := c.f(ctx); err == nil {
		value = v
	}
}

func (cs *callbacks) answer(c *callback, q *question, value float64) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	c.question = nil
	defer close(q.answered)
	if cs.list[c.gauge] != c {
		return // another func has taken its place
	}
	failed := math.IsNaN(value)
	if failed && !c.late {
		c.fails.Inc()
	}
	c.gauge.Set(value)
	c.gauge.absent.Store(failed)
}

// tooLate takes the value of a func out that has not answered in time.
func (cs *callbacks) tooLate(c *callback, q *question) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if c.question != q || c.late || cs.list[c.gauge] != c {
		return
	}
	c.late = true
	c.fails.Inc()
	c.gauge.absent.Store(true)
}
