package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/cluster"
	"github.com/prodwright/prodwright/cluster/failover"
	"github.com/prodwright/prodwright/internal/faultproxy"
)

// managers are those of a trio.
type managers struct {
	*trio

	register failover.Memory
	steps    atomic.Int32 // of all of them
	prefer   int          // which node the next one prefers
	stops    []func()
}

// manager starts one. onStep is told each of its steps.
func (m *managers) manager(id string, cfg failover.Config, onStep func(cancel context.CancelFunc, n int)) *failover.Manager {
	m.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cfg.ID, cfg.Logger = id, slog.New(slog.NewTextHandler(m.Output(), nil)).With("manager", id)
	if cfg.Register == nil {
		cfg.Register = &m.register
	}
	n := 0
	cfg.OnStep = func(failover.Plan, failover.Step) {
		m.steps.Add(1)
		n++
		if onStep != nil {
			onStep(cancel, n)
		}
	}
	for i, s := range m.servers {
		cfg.Nodes = append(cfg.Nodes, failover.Node{Name: s.Name(), URL: cluster.NewSecret(s.URLVia(m.clients[i].Addr(), "postgres")), Address: s.Addr(), Priority: map[bool]int{true: 1}[i == m.prefer]})
	}
	one, err := failover.New(cfg)
	require.NoError(m, err)
	var runs sync.WaitGroup
	runs.Go(func() { require.ErrorIs(m, one.Run(ctx), context.Canceled) })
	m.stops = append(m.stops, func() {
		cancel()
		runs.Wait()
	})
	m.Cleanup(m.stopAll)
	return one
}

// stopAll stops the managers.
func (m *managers) stopAll() {
	for _, stop := range m.stops {
		stop()
	}
}

// knows waits until the managers know what the cluster is like.
func (m *managers) knows() {
	m.Helper()
	require.Eventually(m, func() bool {
		value, _, _ := m.register.Load(m.Context())
		return strings.Contains(string(value), `"names":"ANY 1 (`)
	}, hang, tick)
}

// primary waits until another node than the first one is the primary.
func (m *managers) primary(c *cluster.Cluster) (winner int) {
	m.Helper()
	require.Eventually(m, func() bool {
		for i, s := range m.servers {
			if c.Report().Primary == s.Name() && i > 0 {
				winner = i
			}
		}
		return winner > 0
	}, 2*hang, tick)
	return winner
}

// steps is how many a failover has.
const steps = 5

// chosen says whether the i-th of n cases runs: all in a campaign, and one of them in each day's tests.
func chosen(i, n int) bool {
	return os.Getenv("PRODWRIGHT_CAMPAIGN") != "" || i == time.Now().YearDay()%n
}

// killed is a register that a dead manager does not reach.
type killed struct {
	failover.Register

	dead atomic.Bool
}

func (k *killed) Load(ctx context.Context) ([]byte, string, error) {
	if k.dead.Load() {
		return nil, "", errors.New("dead")
	}
	return k.Register.Load(ctx)
}

func (k *killed) Swap(ctx context.Context, value []byte, version string) (string, error) {
	if k.dead.Load() {
		return "", errors.New("dead")
	}
	return k.Register.Swap(ctx, value, version)
}

// A manager that is killed at any step, or that sleeps there until another one has taken over, loses nothing and makes no
// second primary.
func TestManagersThatStopAtAnyStep(t *testing.T) {
	t.Parallel()
	const ttl = time.Second
	for step := 1; step <= steps; step++ {
		for _, sleeps := range []bool{false, true} {
			if !chosen(step-1, steps) {
				continue
			}
			t.Run(fmt.Sprintf("step %d, sleeps %v", step, sleeps), func(t *testing.T) {
				t.Parallel()
				x := &managers{trio: newTrio(t, nil)}
				first := &killed{Register: &x.register}
				x.manager("first", failover.Config{TTL: ttl, Register: first}, func(cancel context.CancelFunc, n int) {
					switch {
					case n != step:
					case sleeps:
						time.Sleep(3 * ttl)
					default:
						first.dead.Store(true)
						cancel()
					}
				})
				x.knows()
				x.manager("second", failover.Config{TTL: ttl}, nil)
				c := x.open(cluster.Config{})
				l := x.load(c, 2)
				x.stubborn(l, 0)
				x.acknowledged(l, 0, 50)
				require.NoError(t, x.servers[0].Kill())
				winner := x.primary(c)
				x.acknowledged(l, winner, 50)
				time.Sleep(3 * ttl) // whoever sleeps has woken up
				require.NoError(t, x.servers[0].Start(t.Context()))
				winner = x.primary(c)
				x.acknowledged(l, winner, 50)
				x.check(l, winner)
			})
		}
	}
}

func TestManaged(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func(x *trio){
		"kill -9": func(x *trio) { require.NoError(x, x.servers[0].Kill()) },
		"SIGSTOP": func(x *trio) { require.NoError(x, x.servers[0].Hang()) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := &managers{trio: newTrio(t, nil)}
			x.manager("a", failover.Config{}, nil)
			x.manager("b", failover.Config{}, nil)
			c := x.open(cluster.Config{})
			l := x.load(c, 4)
			x.stubborn(l, 0)
			x.acknowledged(l, 0, 100)
			x.knows()
			fault(x.trio)
			winner := x.primary(c)
			x.acknowledged(l, winner, 100)
			if name == "SIGSTOP" {
				require.NoError(t, x.servers[0].Continue())
			} else {
				require.NoError(t, x.servers[0].Start(t.Context()))
			}
			time.Sleep(time.Second)
			x.acknowledged(l, winner, 100)
			x.check(l, winner)
		})
	}
}

// The manager does not reach the primary, but the standbys do: that is no reason to promote one.
func TestPrimaryThatOnlyTheManagerDoesNotReach(t *testing.T) {
	t.Parallel()
	x := &managers{trio: newTrio(t, map[string]string{"wal_sender_timeout": "3s", "wal_receiver_status_interval": "10s"})} // so they hear from it each 1.5 s
	x.manager("a", failover.Config{}, nil)
	x.knows()
	for i := range 3 {
		if !chosen(i, 3) {
			continue
		}
		x.clients[0].SetFault(faultproxy.Fault{Partition: faultproxy.Both})
		time.Sleep(5 * time.Second)
		x.clients[0].SetFault(faultproxy.Fault{})
		time.Sleep(500 * time.Millisecond)
	}
	require.Zero(t, x.steps.Load())
	require.Equal(t, "false", x.ask(0, "select pg_is_in_recovery()"))
	c := x.open(cluster.Config{})
	l := x.load(c, 2)
	x.acknowledged(l, 0, 20)
	x.check(l, 0)
}

// A primary that was frozen and wakes up in the middle of its replacement acknowledges nothing any more.
func TestPrimaryThatWakesUp(t *testing.T) {
	t.Parallel()
	for step := 1; step <= steps; step++ {
		if !chosen(step-1, steps) {
			continue
		}
		t.Run(fmt.Sprint("step ", step), func(t *testing.T) {
			t.Parallel()
			x := &managers{trio: newTrio(t, nil)}
			x.manager("a", failover.Config{}, func(_ context.CancelFunc, n int) {
				if n == step {
					require.NoError(t, x.servers[0].Continue())
					time.Sleep(300 * time.Millisecond)
				}
			})
			x.knows()
			c := x.open(cluster.Config{})
			l := x.load(c, 2)
			x.stubborn(l, 0)
			x.acknowledged(l, 0, 50)
			require.NoError(t, x.servers[0].Hang())
			winner := x.primary(c)
			x.acknowledged(l, winner, 50)
			require.Eventually(t, func() bool { return x.steps.Load() >= 5 }, hang, tick)
			time.Sleep(300 * time.Millisecond)
			x.check(l, winner)
		})
	}
}

// A manager that sleeps before it promotes a standby, until another manager has promoted another one, promotes nobody when it wakes up.
func TestManagerThatWakesUp(t *testing.T) {
	t.Parallel()
	const ttl = time.Second
	x := &managers{trio: newTrio(t, nil)}
	asleep, awake := make(chan struct{}), make(chan struct{})
	x.prefer = 1
	x.manager("first", failover.Config{TTL: ttl}, func(_ context.CancelFunc, n int) {
		if n == 3 { // the next thing it does is to promote n1
			close(asleep)
			<-awake
		}
	})
	var wake sync.Once
	t.Cleanup(func() { wake.Do(func() { close(awake) }) })
	x.knows()
	require.NoError(t, x.servers[0].Kill())
	select {
	case <-asleep:
	case <-time.After(hang):
		t.Fatal("nobody begins")
	}
	x.prefer = 2
	x.manager("second", failover.Config{TTL: ttl}, nil)
	require.Eventually(t, func() bool { return x.ask(2, "select pg_is_in_recovery()") == "false" }, hang, tick)
	wake.Do(func() { close(awake) })
	time.Sleep(ttl)
	require.Equal(t, "true", x.ask(1, "select pg_is_in_recovery()"), "there is one primary, and it is that of the manager who was awake")
}

// A primary that is only restarted is not replaced.
func TestRestartIsNoLoss(t *testing.T) {
	t.Parallel()
	x := &managers{trio: newTrio(t, nil)}
	x.manager("a", failover.Config{Patience: hang}, nil)
	x.knows()
	c := x.open(cluster.Config{})
	l := x.load(c, 2)
	x.acknowledged(l, 0, 20)
	require.NoError(t, x.servers[0].Restart(t.Context()))
	x.acknowledged(l, 0, 20)
	require.NoError(t, x.servers[0].Kill())
	require.NoError(t, x.servers[0].Start(t.Context()))
	x.acknowledged(l, 0, 20)
	require.Zero(t, x.steps.Load())
	x.check(l, 0)
}
