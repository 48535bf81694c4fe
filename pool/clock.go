package pool

import (
	"sync/atomic"
	"time"
)

// never is an age that no connection reaches. It is not the largest Duration, so that adding to it does not overflow.
const never = 100 * 365 * 24 * time.Hour

// clock is the pool's coarse time: how long the pool has existed, as of the last tick. Reading it costs one plain load,
// so every checkout can be stamped, where reading the system clock would cost a tenth of the whole checkout. Stamps are
// at most one tick old.
type clock struct {
	started time.Time
	tick    time.Duration
	now     atomic.Int64 // never 0: 0 marks a connection that is not checked out
}

func newClock(c Config) *clock {
	k := &clock{started: time.Now(), tick: time.Second}
	for _, limit := range []time.Duration{c.LeakThreshold / 4, c.Recycle / 10, c.IdleTimeout / 4} {
		if limit > 0 {
			k.tick = min(k.tick, limit)
		}
	}
	k.tick = max(k.tick, 10*time.Millisecond)
	k.advance()
	return k
}

// advance sets the clock. Once the pool runs, only a goroutine that does nothing else calls it.
func (k *clock) advance() { k.now.Store(int64(max(time.Since(k.started), 1))) }

// precise returns the exact time on the same scale, for reports.
func (k *clock) precise() time.Duration { return time.Since(k.started) }
