package metrics

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// tiers are how the past is kept: the last 6 minutes in steps of 10 seconds, 65 minutes in minutes, 25 hours in steps of
// 10 minutes, and 50 in hours, so that a day can be compared with the one before. There is one step more of each, because
// ticks that come a little early make steps a little short.
var tiers = [...]struct {
	step time.Duration
	keep int
}{{10 * time.Second, 37}, {time.Minute, 66}, {10 * time.Minute, 151}, {time.Hour, 51}}

// MaxWindow is how long a window may be that a [Registry] looks back on, and MaxAgo how long ago it may have begun.
const (
	MaxWindow = 25 * time.Hour
	MaxAgo    = 50 * time.Hour
)

// history is when the slots of all series were made.
type history struct {
	mu      sync.Mutex // guards it, and the pasts of all series
	ends    [len(tiers)][]time.Time
	limit   int // bytes that series may take for their past
	budget  int // those that they still may
	share   int // those that one of them may, see memory.go
	started bool
	running bool
	forgets bool // everything that was before the last tick

	series []*series // a copy of the registry's, for one pass
	kinds  []Kind
	tally  [KindHistogram + 1]*tally
	slot   []byte
	sizes  []int

	short, told bool // there was too little memory, which was logged
}

// start begins to remember, if that has not been done.
func (h *history) start(r *Registry, now time.Time) {
	if h.started {
		return
	}
	h.started = true
	h.limit, h.forgets = limitOr(r.cfg.MaxHistory, DefaultMaxHistory), r.cfg.MaxHistory < 0
	h.budget, h.share = h.limit, unlimited
	r.mu.Lock()
	if r.began.IsZero() {
		r.began = now
	}
	began := r.began
	r.mu.Unlock()
	for i := range h.ends {
		h.ends[i] = append(h.ends[i], began)
	}
	for kind := range h.tally {
		h.tally[kind] = newTally(Kind(kind))
	}
}

// Run remembers at the right times until ctx is done; then it returns nil. Without it, the past is divided where somebody
// asks for it. A second Run at the same time returns an error.
func (r *Registry) Run(ctx context.Context) error {
	if err := r.history.claim(); err != nil {
		return err
	}
	defer r.history.release()
	r.refresh(ctx)
	r.Tick()
	ticker := time.NewTicker(tiers[0].step)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			r.refresh(ctx)
			r.Tick()
		}
	}
}

func (h *history) claim() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.running {
		return errors.New("metrics: the Registry is running already")
	}
	h.running = true
	return nil
}

func (h *history) release() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.running = false
}

// Tick remembers what happened since the last one, if that is ten seconds ago or nearly. [Registry.Run] calls it. It logs a
// warning, once, when [Config].MaxHistory is used up.
func (r *Registry) Tick() {
	h := &r.history
	h.mu.Lock()
	r.tick(time.Now())
	tell := h.short && !h.told
	h.told = h.told || tell
	h.mu.Unlock()
	if tell { // without the lock: the logger may ask for figures
		r.logger().LogAttrs(context.Background(), slog.LevelWarn, "metrics: the memory for the past is used up; it does not reach back as far any more", slog.Int("max_history_bytes", h.limit))
	}
}

// tick is [Registry.Tick] with the lock held.
func (r *Registry) tick(now time.Time) {
	h := &r.history
	h.start(r, now)
	if now.Sub(h.lastEnd(0)) < tiers[0].step-tiers[0].step/20 {
		return
	}
	h.undivided()
	idle := false
	r.eachSeries(func(s *series, t *tally) {
		t.reset()
		s.since(t, true)
		if s.lease != nil && (s.lease.asked.Swap(false) || t.recorded) {
			s.lease.changed = now
		}
		idle = idle || r.isIdle(s, now)
		if h.forgets {
			return
		}
		if s.past.logs == nil {
			s.past.logs = new([len(tiers)]slotLog)
		}
		h.slot = t.appendTo(h.slot[:0])
		h.push(&s.past, 0, tiers[0].keep, h.slot, false)
	})
	h.end(0, now)
	if r.cfg.MaxIdle > 0 {
		r.vecs.forget(now, r.cfg.MaxIdle)
	}
	if idle {
		r.expire(now)
	}
	for i := 1; i < len(tiers); i++ {
		if now.Sub(h.lastEnd(i)) < tiers[i].step-tiers[0].step/2 {
			return
		}
		h.merge(r, i)
		h.end(i, now)
	}
}

// merge makes a slot of a tier from those of the finer one since its last.
func (h *history) merge(r *Registry, tier int) {
	n := h.after(tier-1, h.lastEnd(tier))
	r.eachSeries(func(s *series, t *tally) {
		t.reset()
		if s.past.logs == nil { // nothing is remembered, or it was just made
			return
		}
		fine := s.past.log(tier - 1)
		fine.between(n, 0, t.add)
		h.slot = t.appendTo(h.slot[:0])
		h.push(&s.past, tier, tiers[tier].keep, h.slot, fine.missing(n, 0) > 0)
	})
}

// eachSeries calls do with every series and a tally of its kind.
func (r *Registry) eachSeries(do func(*series, *tally)) {
	h := &r.history
	r.mu.Lock()
	h.series, h.kinds = h.series[:0], h.kinds[:0]
	for _, f := range r.ordered {
		for _, s := range f.ordered {
			h.series, h.kinds = append(h.series, s), append(h.kinds, f.kind)
		}
	}
	r.mu.Unlock()
	for i, s := range h.series {
		do(s, h.tally[h.kinds[i]])
	}
	clear(h.series) // so that those which are removed are not kept
}

func (h *history) lastEnd(tier int) time.Time { return h.ends[tier][len(h.ends[tier])-1] }

// end notes that a slot of a tier is complete. One time more than slots is kept, which is when the oldest began.
func (h *history) end(tier int, now time.Time) {
	if len(h.ends[tier]) > tiers[tier].keep {
		h.ends[tier] = h.ends[tier][:copy(h.ends[tier], h.ends[tier][1:])]
	}
	h.ends[tier] = append(h.ends[tier], now)
}
