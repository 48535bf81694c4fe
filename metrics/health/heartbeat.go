package health

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

// Heartbeat watches a loop of the process, the one kind of check that belongs into liveness: a loop that has stopped
// turning is mended by a restart.
type Heartbeat struct {
	beat atomic.Pointer[time.Time]
}

// Beat says that the loop turns. It costs one small allocation.
func (b *Heartbeat) Beat() {
	now := time.Now()
	b.beat.Store(&now)
}

// Check returns a liveness check that fails when there was no Beat for longer than gap, counted from now at first.
func (b *Heartbeat) Check(name string, gap time.Duration) Check {
	began := time.Now()
	return Check{Name: name, Probes: Liveness, Func: func(ctx context.Context) error {
		last := began
		if t := b.beat.Load(); t != nil && t.After(began) {
			last = *t
		}
		silent := time.Since(last)
		Observe(ctx, "seconds_since_beat", silent.Seconds())
		if silent > gap {
			return fmt.Errorf("no heartbeat for %v", silent.Round(time.Millisecond))
		}
		return nil
	}}
}
