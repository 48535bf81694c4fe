package cluster_test

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/cluster"
	"github.com/prodwright/prodwright/cluster/failover"
)

// lose takes the primary away, by kill -9 or by SIGSTOP.
func (r *round) lose(freeze bool) {
	r.Helper()
	r.caught()
	if freeze {
		require.NoError(r, r.servers[0].Hang())
		r.frozen(0)
		return
	}
	require.NoError(r, r.servers[0].Kill())
	r.refuses(0)
}

// again brings it back, and says who is the primary.
func (r *round) again(freeze bool) (winner int) {
	r.Helper()
	if freeze {
		require.NoError(r, r.servers[0].Continue())
	} else {
		require.NoError(r, r.servers[0].Start(r.Context()))
	}
	r.notef("the old one is back")
	return r.settled()
}

// managerKilled kills the manager that comes to a step of a failover. Another one goes on.
func managerKilled(r *round) {
	step, freeze := 1+r.rng.IntN(steps), r.coin()
	var died atomic.Bool
	for _, id := range []string{"first", "second"} {
		register := &killed{Register: r.audit}
		r.prefer = r.standby()
		r.guarded(id, failover.Config{Register: register}, func(cancel context.CancelFunc, n int) {
			if n == step && died.CompareAndSwap(false, true) {
				register.dead.Store(true)
				cancel()
			}
		})
	}
	r.knows()
	r.busy(cluster.Config{})
	r.lose(freeze)
	require.Eventually(r, died.Load, hang, tick, "no manager comes to step %d", step)
	r.notef("a manager was killed at step %d", step)
	r.replaced()
	r.settled()
	r.finish(r.again(freeze))
}

// twoManagers race, each with a favourite of its own. One of them falls asleep at a step, and wakes up when the other one has taken over, or
// before.
func twoManagers(r *round) {
	step, freeze, naps := 1+r.rng.IntN(steps), r.coin(), r.coin()
	nap := 3 * time.Second
	if naps {
		nap = r.between(100, 1500)
	} else if r.mode == manage {
		nap = 9 * time.Second
	}
	var slept atomic.Bool
	var once sync.Once
	for i, id := range []string{"a", "b"} {
		r.prefer = i + 1
		r.guarded(id, failover.Config{}, func(_ context.CancelFunc, n int) {
			if n == step {
				once.Do(func() { // whoever comes there first
					slept.Store(true)
					time.Sleep(nap)
				})
			}
		})
	}
	r.knows()
	r.busy(cluster.Config{})
	r.lose(freeze)
	require.Eventually(r, slept.Load, hang, tick, "no manager comes to step %d", step)
	r.notef("a manager sleeps for %v at step %d", nap, step)
	r.replaced()
	r.settled()
	r.finish(r.again(freeze))
}

// storeDown lets the register be down when the primary is lost, or from a step of its replacement on.
func storeDown(r *round) {
	how, step, freeze, length := 1+r.rng.Int32N(downs-1), r.rng.IntN(steps+1), r.coin(), r.between(200, 4000)
	var began atomic.Bool
	down := func() {
		if began.CompareAndSwap(false, true) {
			r.audit.down.Store(how)
			time.AfterFunc(length, func() { r.audit.down.Store(0) })
		}
	}
	if step > 0 {
		r.onStep = func(int) {
			if int(r.steps.Load()) >= step {
				down()
			}
		}
	}
	r.begin(cluster.Config{})
	if step == 0 {
		down()
	}
	r.lose(freeze)
	require.Eventually(r, began.Load, hang, tick, "nobody comes to step %d", step)
	r.replaced()
	require.Eventually(r, func() bool { return r.audit.down.Load() == 0 }, hang, tick)
	r.settled()
	require.Positive(r, r.audit.times(), "nobody asked while the store was down")
	r.notef("the store was down from step %d on, for %v: %s; it was asked %d times", step, length, []string{"", "fails", "hangs", "stores and fails"}[how], r.audit.times())
	r.finish(r.again(freeze))
}
