package cluster_test

import (
	"context"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/cluster"
)

// killed9 kills the primary and all its children while writes are under way.
func killed9(r *round) {
	returns, wait := r.coin(), r.between(0, 300)
	r.begin(cluster.Config{})
	r.caught()
	require.NoError(r, r.servers[0].Kill())
	r.refuses(0)
	time.Sleep(wait)
	winner := r.replaced()
	if returns {
		require.NoError(r, r.servers[0].Start(r.Context()))
		r.notef("the old primary is back")
	}
	r.finish(winner)
}

// backendKilled kills one process of the primary, which then ends all others and recovers by itself.
func backendKilled(r *round) {
	kind := []string{"client backend", "walsender", "checkpointer", "walwriter"}[r.rng.IntN(4)]
	r.patience = hang
	r.begin(cluster.Config{})
	r.caught()
	pid, err := strconv.Atoi(r.ask(0, "select pid from pg_stat_activity where backend_type = '"+kind+"' and pid <> pg_backend_pid() order by query like 'insert%' desc limit 1"))
	require.NoError(r, err)
	before := r.servers[0].PID()
	require.NoError(r, syscall.Kill(pid, syscall.SIGKILL))
	require.Eventually(r, func() bool { return strings.Contains(r.servers[0].LogTail(500), "was terminated by signal 9") }, hang, tick)
	r.notef("a %s was killed, and the server recovers", kind)
	r.stays()
	require.Equal(r, before, r.servers[0].PID(), "the server is the same")
	r.finish(0)
}

// stopped freezes the primary. It wakes up before, while, or after another one is promoted.
func stopped(r *round) {
	when, wait, step := r.rng.IntN(3), r.between(100, 900), 1+r.rng.IntN(steps)
	var wake sync.Once
	resume := func() {
		wake.Do(func() {
			if err := r.servers[0].Continue(); err != nil {
				r.Errorf("continue: %v", err)
			}
		})
	}
	defer resume()
	if when == 1 {
		r.obstinate = true // nobody else goes there any more
		r.onStep = func(n int) {
			if n == step {
				resume()
				time.Sleep(300 * time.Millisecond)
			}
		}
	}
	r.begin(cluster.Config{})
	r.caught()
	require.NoError(r, r.servers[0].Hang())
	r.frozen(0)
	switch when {
	case 0:
		time.Sleep(wait)
		resume()
		r.notef("it woke up after %v", wait)
		r.finish(r.settled())
		return
	case 1:
		if r.mode == follow {
			timer := time.AfterFunc(wait/3, resume)
			defer timer.Stop()
		}
	}
	winner := r.replaced()
	resume()
	r.notef("it woke up %s the promotion", []string{"", "during", "after"}[when])
	r.finish(winner)
}

// frozen says that a server is stopped.
func (r *round) frozen(i int) {
	r.Helper()
	require.Eventually(r, func() bool { // a signal takes its time
		text, err := os.ReadFile("/proc/" + strconv.Itoa(r.servers[i].PID()) + "/stat")
		_, state, _ := strings.Cut(string(text), ") ")
		return err != nil || strings.HasPrefix(state, "T") // not every system has it
	}, hang, time.Millisecond, "%s runs", r.servers[i].Name())
	r.notef("%s is frozen", r.servers[i].Name())
}

// replicaRestarts lets replicas die, or restart, one after the other or both at once.
func replicaRestarts(r *round) {
	victims := [][]int{{1}, {2}, {1, 2}, {2, 1}}[r.rng.IntN(4)]
	how, together, away := r.rng.IntN(3), r.coin(), r.between(0, 500)
	r.patience = hang // both may be away at once, and the primary acknowledges nothing
	r.begin(cluster.Config{})
	end := func(i int) {
		before := r.servers[i].PID()
		switch how {
		case 0:
			require.NoError(r, r.servers[i].Kill())
		case 1:
			require.NoError(r, r.servers[i].Stop(r.Context()))
		case 2:
			require.NoError(r, r.servers[i].Crash(r.Context()))
		}
		require.NotEqual(r, before, r.servers[i].PID())
		r.refuses(i)
	}
	start := func(i int) { require.NoError(r, r.servers[i].Start(r.Context())) }
	if together {
		for _, i := range victims {
			end(i)
		}
		time.Sleep(away)
	}
	for _, i := range victims {
		if !together {
			end(i)
			time.Sleep(away)
		}
		start(i)
		r.notef("%s is back", r.servers[i].Name())
	}
	r.stays()
	r.finish(0)
}

// promotedBeside promotes a standby while the primary lives, which is shut down late. Either the standbys are taken away from the
// primary before, or it needs both, so that it acknowledges nothing without the one that is promoted.
func promotedBeside(r *round) {
	needsBoth, late, how := r.coin(), r.between(0, 3500), r.rng.IntN(3)
	victim := r.standby()
	r.begin(cluster.Config{})
	var winner int
	if needsBoth {
		r.must(0, "alter system set synchronous_standby_names = 'ANY 2 (n1, n2)'", "select pg_reload_conf()")
		require.Eventually(r, func() bool { return r.ask(0, "current_setting('synchronous_standby_names')") == "ANY 2 (n1, n2)" }, hang, tick)
		time.Sleep(100 * time.Millisecond) // what was under way
		r.acknowledged(r.l, 0, 5)
		winner = victim
		r.must(winner, "select pg_promote()")
	} else {
		winner = r.failover(1, 2)
	}
	require.Equal(r, "false", r.ask(0, "select pg_is_in_recovery()"))
	require.Equal(r, "false", r.ask(winner, "select pg_is_in_recovery()"))
	r.notef("two are primaries (the old one needs both: %v)", needsBoth)
	time.Sleep(late)
	switch how {
	case 0:
		require.NoError(r, r.servers[0].Stop(r.Context()))
	case 1:
		require.NoError(r, r.servers[0].Kill())
	}
	r.notef("after %v the old one %s", late, []string{"is shut down", "is killed", "stays"}[how])
	r.acknowledged(r.l, winner, 20)
	r.finish(winner)
}

// staleReturns brings the old primary back, and lets it acknowledge without standbys. Nobody goes there: not those who know of the new
// one, not those who come now, and not while the new one is frozen.
func staleReturns(r *round) {
	killed, freezes, freshWhileFrozen, wait := r.coin(), r.coin() && r.mode == follow, r.coin(), r.between(300, 3000)
	r.obstinate = false
	r.begin(cluster.Config{})
	if killed {
		require.NoError(r, r.servers[0].Kill())
	} else {
		require.NoError(r, r.servers[0].Stop(r.Context()))
	}
	winner := r.replaced()
	if r.mode != follow {
		winner = r.settled()
	}
	old := r.servers[0]
	require.NoError(r, old.Start(r.Context()))
	r.must(0, "alter system set synchronous_standby_names = ''", "select pg_reload_conf()")
	r.must(0, "insert into written values (-10)")
	r.notef("the old primary is back and acknowledges")
	writes, reads := r.l.count(old), r.l.readsOf(old.Port())
	var fresh *cluster.Cluster
	if freezes {
		require.NoError(r, r.servers[winner].Hang())
		r.frozen(winner)
		if freshWhileFrozen {
			fresh = r.openNow(cluster.Config{})
		}
		time.Sleep(wait)
		require.NoError(r, r.servers[winner].Continue())
	}
	if fresh == nil {
		fresh = r.openNow(cluster.Config{})
	}
	ctx, cancel := context.WithTimeout(r.Context(), hang)
	defer cancel()
	require.NoError(r, fresh.WaitPrimary(ctx))
	r.more(r.l, fresh, 2, 2, r.sessions)
	r.acknowledged(r.l, winner, 40)
	r.finish(winner)
	require.Equal(r, writes, r.l.count(old), "writes went to the old primary")
	require.Equal(r, reads, r.l.readsOf(old.Port()), "reads went to the old primary")
	require.Equal(r, r.servers[winner].Name(), fresh.Report().Primary)
}
