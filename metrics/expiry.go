package metrics

import (
	"time"
	"weak"
)

// gone is a series that is no longer exported. When somebody still holds its recorder it can come back, with what was
// recorded meanwhile.
type gone struct {
	labels    []Label
	past      past
	counter   weak.Pointer[counter]
	gauge     weak.Pointer[gauge]
	histogram weak.Pointer[histogram]
}

// back returns the series, or nil when nobody holds it.
func (g *gone) back() *series {
	s := &series{labels: g.labels, counter: g.counter.Value(), gauge: g.gauge.Value(), histogram: g.histogram.Value(), past: g.past}
	if s.counter == nil && s.gauge == nil && s.histogram == nil {
		return nil
	}
	return s
}

// expire takes out what has not changed for long, and back in what has changed again.
func (r *Registry) expire(now time.Time) {
	if r.cfg.IdleExpiry <= 0 {
		return
	}
	h := &r.history
	r.mu.Lock()
	defer r.mu.Unlock()
	took := false
	for _, f := range r.ordered {
		r.revive(f)
		rest := f.ordered[:0:0]
		for _, s := range f.ordered {
			if s.pinned || now.Sub(r.began)-s.past.changed < r.cfg.IdleExpiry {
				rest = append(rest, s)
				continue
			}
			r.takeOut(f, s)
			for tier := range tiers {
				h.budget += cap(s.past.log(tier).buf)
			}
		}
		if len(rest) == len(f.ordered) {
			continue
		}
		took = true
		f.ordered = rest
		f.series.remove(func(_ string, s *series) bool { return s.out })
		f.sealed.Store(nil) // there is room again
	}
	if took {
		r.generation.Add(1)
	}
}

func (r *Registry) takeOut(f *family, s *series) {
	s.out = true
	r.total--
	if f.gone == nil {
		f.gone = make(map[string]*gone)
	}
	g := &gone{labels: s.labels, past: s.past}
	g.past.logs = nil
	switch f.kind {
	case KindCounter:
		g.counter = weak.Make(s.counter)
	case KindGauge:
		g.gauge = weak.Make(s.gauge)
	case KindHistogram:
		g.histogram = weak.Make(s.histogram)
	}
	f.gone[string(appendKey(nil, s.labels))] = g
}

// revive brings back what has changed, and forgets what nobody holds.
func (r *Registry) revive(f *family) {
	var t *tally
	for key, g := range f.gone {
		s := g.back()
		if s == nil {
			delete(f.gone, key)
			continue
		}
		t = r.history.tally[f.kind]
		t.reset()
		s.since(t, false)
		if s.touched(t) {
			r.bringBack(f, key, s)
		}
	}
}

func (r *Registry) bringBack(f *family, key string, s *series) {
	delete(f.gone, key)
	s.past.changed = time.Since(r.began)
	f.series.store(key, s)
	f.ordered = append(f.ordered, s)
	r.total++
}

// touched says whether anything was recorded. A gauge is sampled in any case, so what was set counts, also when it is the
// same as before.
func (s *series) touched(t *tally) bool {
	if t.kind == KindGauge {
		return s.gauge.touched()
	}
	return t.whole > 0 || t.part != 0
}
