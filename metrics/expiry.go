package metrics

import (
	"slices"
	"sync"
	"time"
)

// MinIdle is the least that [Config].MaxIdle may be. Prometheus takes a series for gone that it has not scraped for five
// minutes, so it scrapes more often: the last value of a series has been scraped before the series is removed. And what
// is recorded every minute by a name that is looked up each time, as package sysmon does, is not idle in between.
const MinIdle = 5 * time.Minute

const expiredName = "metrics_expired_series_total"

// lend makes a series one that may expire, if the registry has such.
func (r *Registry) lend(s *series) {
	if r.cfg.MaxIdle > 0 {
		s.lease = &lease{changed: s.created, vecs: &r.vecs}
	}
}

// again returns the holder of a series that nobody had when it was looked up without the lock, unless it has been removed.
func (r *Registry) again(f *family, key []byte) (*series, *holder) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, ok := f.series.locked(string(key))
	if !ok {
		return nil, nil
	}
	return s, s.hold()
}

// isIdle says whether a series was not recorded to for long, as far as the last tick knows, and is nobody's. The history's
// lock is held.
func (r *Registry) isIdle(s *series, now time.Time) bool {
	return s.lease != nil && now.Sub(s.lease.changed) >= r.cfg.MaxIdle && s.held() == nil && !s.isSum()
}

// isSum says whether a gauge was added to and is not back at 0: what is taken from it later would be taken from another one.
func (s *series) isSum() bool {
	return s.gauge != nil && s.lease.added.Load() && s.gauge.value() != 0
}

// expire removes idle series. The history's lock is held, and a tick is just over.
//
// No value is lost. Holders are only made with r.mu held, for series in the index, and one that is gone does not come back.
// So with r.mu held, and a holder gone, nobody records any more; what was recorded between the tick and the holder's end is
// there to be seen, and keeps the series until it has been in the export for as long as everything else.
func (r *Registry) expire(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range r.ordered {
		gone := 0
		for _, s := range f.ordered {
			if r.isIdle(s, now) && !s.lease.asked.Load() && !r.history.recorded(s, f.kind) {
				s.lease.over = true
				r.history.giveBack(s)
				gone++
				if r.removed != nil {
					r.removed(s)
				}
			}
		}
		if gone == 0 {
			continue
		}
		f.ordered = slices.DeleteFunc(slices.Clone(f.ordered), func(s *series) bool { return s.lease.over }) // exports read the old one
		f.series.remove(func(_ string, s *series) bool { return s.lease.over })
		r.total -= gone
		r.own(expiredName, Label{"metric", f.name}).counter.Add(float64(gone))
	}
	for _, f := range r.ordered {
		if f.sealed.Load() != nil && r.hasRoom(f) {
			f.sealed.Store(nil)
		}
	}
}

// expireIfDue is for exports: without [Registry.Run] nobody else may ask for a tick. It does not wait for the lock: who has it, ticks.
func (r *Registry) expireIfDue() {
	h := &r.history
	if r.cfg.MaxIdle == 0 || !h.mu.TryLock() {
		return
	}
	defer h.mu.Unlock()
	if !h.running {
		r.tick(time.Now())
	}
}

// recorded says whether something was recorded since the last tick.
func (h *history) recorded(s *series, kind Kind) bool {
	t := h.tally[kind]
	t.reset()
	s.since(t, false)
	return t.recorded
}

// giveBack gives back what the past of a series took.
func (h *history) giveBack(s *series) {
	h.budget += s.past.size()
}

// forgetters are the Vecs that have holders. The registry does not keep them alive: each is a func that has its Vec forget
// what it knows, or returns false when there is no such Vec any more.
type forgetters struct {
	mu   sync.Mutex
	list []func() bool

	last time.Time // when they forgot; guarded by the history's lock
}

func (f *forgetters) add(forget func() bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = append(f.list, forget)
}

// take returns all of them, and has none.
func (f *forgetters) take() []func() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := f.list
	f.list = nil
	return list
}

// forget has all Vecs forget, twice in the time after which series expire: those that are used are learnt anew, the others
// are nobody's from then on.
func (f *forgetters) forget(now time.Time, maxIdle time.Duration) {
	if now.Sub(f.last) < maxIdle/2 {
		return
	}
	f.last = now
	for _, forget := range f.take() { // they have locks of their own
		if forget() {
			f.add(forget)
		}
	}
}
