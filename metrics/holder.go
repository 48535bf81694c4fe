package metrics

import (
	"runtime"
	"sync/atomic"
	"time"
	"weak"
)

// holder is what callers get of a series in a registry with [Config].MaxIdle. The registry keeps what was recorded, and of
// the holder only a weak pointer: when that has become nil nobody has the holder any more, so nobody can record.
//
// Its methods keep the holder until they have recorded. Without that the garbage collector might find, in the middle of a
// method, that the holder has been used for the last time.
type holder struct{ of *series }

type (
	heldCounter   holder
	heldGauge     holder
	heldHistogram holder
)

// Inc adds 1.
func (h *heldCounter) Inc() {
	h.of.counter.Inc()
	runtime.KeepAlive(h)
}

// Add adds v, unless it is negative or no number.
func (h *heldCounter) Add(v float64) {
	h.of.counter.Add(v)
	runtime.KeepAlive(h)
}

// Set makes v the value, unless it is NaN.
func (h *heldGauge) Set(v float64) {
	h.of.gauge.Set(v)
	runtime.KeepAlive(h)
}

// Add adds v, unless that gives no number.
func (h *heldGauge) Add(v float64) {
	if a := &h.of.lease.added; !a.Load() {
		a.Store(true)
	}
	h.of.gauge.Add(v)
	runtime.KeepAlive(h)
}

// Observe adds one value, unless it is NaN or infinite.
func (h *heldHistogram) Observe(v float64) {
	h.of.histogram.Observe(v)
	runtime.KeepAlive(h)
}

// leased is a handle of a series that may expire.
type leased interface{ terms() *lease }

func (h *heldCounter) terms() *lease   { return h.of.lease }
func (h *heldGauge) terms() *lease     { return h.of.lease }
func (h *heldHistogram) terms() *lease { return h.of.lease }

// lease is what decides how long a series stays.
type lease struct {
	holder  atomic.Pointer[weak.Pointer[holder]] // replaced with Registry.mu held
	pinned  *holder                              // of a series that stays for ever; guarded by Registry.mu, as is
	over    bool                                 // the series has been removed
	changed time.Time                            // the last tick before which something was recorded; guarded by the history's lock
	vecs    *forgetters                          // the registry's
	asked   atomic.Bool                          // somebody has looked it up since the last tick
	added   atomic.Bool                          // a gauge's value is a sum, which would be lost
}

// held returns the holder that somebody has, or nil. It needs no lock: once a holder is gone it is gone, and a series that is
// removed after that gets no other.
func (s *series) held() *holder {
	if s.lease == nil {
		return nil
	}
	if w := s.lease.holder.Load(); w != nil {
		return w.Value()
	}
	return nil
}

// hold returns the holder of a series that has not been removed; there is one at a time. Registry.mu is held. It is nil when
// series do not expire.
func (s *series) hold() *holder {
	if s.lease == nil {
		return nil
	}
	s.lease.lookedUp()
	if h := s.held(); h != nil {
		return h
	}
	h := &holder{s}
	w := weak.Make(h)
	s.lease.holder.Store(&w)
	return h
}

// lookedUp has a series stay for a while, because somebody asks for it. It is read before it is written to, so that
// processors do not take its memory from each other.
func (l *lease) lookedUp() {
	if !l.asked.Load() {
		l.asked.Store(true)
	}
}

// pin keeps a series for ever: it holds itself. Registry.mu is held.
func (s *series) pin() {
	if s.lease != nil {
		s.lease.pinned = s.hold()
	}
}
