package bench

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"github.com/prodwright/prodwright/cluster"
	"github.com/prodwright/prodwright/cluster/failover"
	"github.com/prodwright/prodwright/cluster/failover/etcdregister"
)

// managed is a cluster that something manages.
type managed struct {
	urls   []string
	fault  func()        // which takes effect before it returns
	back   func()        // nil for one that does not come back
	leader func() int    // who is the primary in the end, as the manager sees it
	frozen time.Duration // how long at least before it comes back
	grace  time.Duration // how long the writers go on then
}

// stoppedLong is a fault that outlives all leases by far.
const (
	stoppedLong = "machine stopped for 70 s"
	frozenLong  = 70 * time.Second
)

// manageRounds lets rounds run: writes through a cluster in follow mode, a fault, and what became of the writes. From the fault to the
// first acknowledged write is the gap.
func manageRounds(t *testing.T, what string, rounds int, random time.Duration, strict bool, build func(t *testing.T) *managed) {
	t.Helper()
	var fates []fate
	for i := range rounds {
		t.Run(fmt.Sprint("round ", i+1), func(t *testing.T) {
			one := manageRound(t, random, build(t))
			fates = append(fates, one)
			t.Logf("%s: first write after %v, acknowledged %d, failed %d, unknown %d, lost %d, never again %v; after its return none for %v, and %d then", what, one.gap.Round(time.Millisecond), one.acked, one.failed, one.unknown, one.lost, one.never, one.returned.Round(time.Millisecond), one.returnedAcked)
			if strict {
				require.Zero(t, one.lost)
				require.Zero(t, one.wrong)
				require.Zero(t, one.failed, one.failures)
				require.False(t, one.never)
			}
		})
	}
	logFates(t, what, fates)
}

func manageRound(t *testing.T, random time.Duration, m *managed) fate {
	t.Helper()
	const wait, again = 2 * time.Minute, 50
	c := openCluster(t, m.urls, wait)
	_, err := c.Writer().Exec(t.Context(), createWritten) // Patroni's has none
	require.NoError(t, err)
	w := startWriting(t, "cluster", 4, wait, writeCluster(c))
	require.True(t, w.waitFor(200, time.Now(), time.Minute), "no writes")
	time.Sleep(rand.N(random + 1)) // anywhere in the manager's round
	fault := time.Now()
	m.fault()
	struck := time.Now()
	never := !w.waitFor(again, struck, wait)
	gap, _ := w.gap(fault, time.Now())
	var returned time.Duration
	if m.back != nil {
		time.Sleep(m.frozen - time.Since(fault))
	}
	back := time.Now()
	if m.back != nil {
		m.back()
		time.Sleep(m.grace)
		returned, _ = w.gap(back, time.Now())
	}
	n := w.since(back)
	var leader int
	require.Eventually(t, func() bool { leader = m.leader(); return leader >= 0 }, time.Minute, 100*time.Millisecond)
	one := w.settle(t, m.urls[leader])
	one.gap, one.after, one.never, one.returned, one.returnedAcked = gap, 0, never, returned, n
	return one
}

// TestCampaignClusterPeersPatroni lets Patroni manage.
func TestCampaignClusterPeersPatroni(t *testing.T) {
	campaign(t)
	store := etcd(t)
	for _, f := range []string{"machine killed", "postgres killed", "machine stopped", stoppedLong} {
		for _, p := range []struct {
			profile

			rounds int
		}{{patroniDefaults, 3}, {patroniFast, 5}, {patroniFastest, 5}} {
			if f == stoppedLong && p.profile != patroniDefaults {
				continue
			}
			t.Run(p.name+"/"+f, func(t *testing.T) {
				manageRounds(t, "Patroni "+p.name+", "+f, p.rounds, time.Duration(p.loop)*time.Second, false, func(t *testing.T) *managed {
					t.Helper()
					x := newPatroni(t, store, p.profile)
					m := &managed{urls: x.url, leader: x.leader, grace: time.Duration(p.loop)*time.Second + 5*time.Second}
					if f == stoppedLong {
						m.frozen = frozenLong
					}
					m.fault = func() {
						roots := x.roots(0)
						require.Len(t, roots, 2)
						switch f {
						case "machine killed":
							signalAll(syscall.SIGKILL, roots...)
						case "postgres killed":
							signalAll(syscall.SIGKILL, x.postmaster(0))
						default:
							signalAll(syscall.SIGSTOP, roots...)
							m.back = func() { signalAll(syscall.SIGCONT, roots...) }
						}
					}
					return m
				})
			})
		}
	}
}

// mortal is a register that a manager who is dead, or frozen, does not reach.
type mortal struct {
	failover.Register

	dead atomic.Bool
}

var errDead = errors.New("dead")

func (m *mortal) Load(ctx context.Context) ([]byte, string, error) {
	if m.dead.Load() {
		return nil, "", errDead
	}
	return m.Register.Load(ctx)
}

func (m *mortal) Swap(ctx context.Context, value []byte, version string) (string, error) {
	if m.dead.Load() {
		return "", errDead
	}
	return m.Register.Swap(ctx, value, version)
}

// ours is how three managers of ours are configured.
type ours struct {
	name string
	cfg  failover.Config
	with bool // the one that acts is lost with the primary
}

var oursFast = ours{"fast", failover.Config{}.Fast(), false}

// TestClusterPeersManage is the short form of the campaign.
func TestClusterPeersManage(t *testing.T) {
	oursFast.run(t, etcdClient(t), "machine killed", 1)
}

// TestCampaignClusterPeersManage lets our managers manage, with the same store and the same faults.
func TestCampaignClusterPeersManage(t *testing.T) {
	campaign(t)
	client := etcdClient(t)
	for _, f := range []string{"machine killed", "machine stopped", stoppedLong} {
		for _, o := range []ours{
			{"defaults", failover.Config{}, false},
			oursFast,
			{"defaults, and the manager with it", failover.Config{}, true},
			{"fast, and the manager with it", failover.Config{}.Fast(), true},
		} {
			if f == stoppedLong && o.name != "defaults" {
				continue
			}
			t.Run(o.name+"/"+f, func(t *testing.T) { o.run(t, client, f, 5) })
		}
	}
}

func etcdClient(t *testing.T) *clientv3.Client {
	t.Helper()
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{etcd(t)}, Logger: zap.NewNop()})
	require.NoError(t, err)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func (o ours) run(t *testing.T, client *clientv3.Client, fault string, rounds int) {
	t.Helper()
	manageRounds(t, "failover "+o.name+", "+fault, rounds, time.Second, true, func(t *testing.T) *managed {
		t.Helper()
		return o.build(t, client, fault)
	})
}

// build starts servers and managers, and waits until the first one acts.
func (o ours) build(t *testing.T, client *clientv3.Client, fault string) *managed {
	t.Helper()
	x := newTrio(t)
	key := fmt.Sprint("/bench/", time.Now().UnixNano())
	m := &managed{urls: x.urls(), grace: 5 * time.Second}
	var end func() // of the one that acts
	for i := range 3 {
		register := &mortal{Register: etcdregister.New(client, key)}
		one, stop := x.manage(i, o.cfg, register)
		if i == 0 {
			require.Eventually(t, func() bool { return strings.Contains(one.Status().Record.Known.Names, "ANY 1 (") }, time.Minute, 10*time.Millisecond)
			end = func() {
				register.dead.Store(true)
				stop()
			}
		}
	}
	if fault == stoppedLong {
		m.frozen = frozenLong
	}
	m.fault = func() {
		if fault == "machine killed" {
			require.NoError(t, x.servers[0].Kill())
		} else {
			require.NoError(t, x.servers[0].Hang())
			m.back = func() { require.NoError(t, x.servers[0].Continue()) }
		}
		if o.with {
			end()
		}
	}
	m.leader = func() int { // the one that was promoted
		for i := 1; i < len(m.urls); i++ {
			if ask(t, m.urls[i], "select pg_is_in_recovery()") == "false" {
				return i
			}
		}
		return -1
	}
	return m
}

// manage starts a manager and returns it and what ends it at once.
func (x *trio) manage(i int, cfg failover.Config, register failover.Register) (_ *failover.Manager, end func()) {
	x.Helper()
	cfg.ID, cfg.Register = fmt.Sprint("m", i), register
	cfg.Logger = slog.New(slog.NewTextHandler(x.Output(), nil)).With("manager", cfg.ID)
	for _, s := range x.servers {
		cfg.Nodes = append(cfg.Nodes, failover.Node{Name: s.Name(), URL: cluster.NewSecret(s.URL("postgres")), Address: s.Addr()})
	}
	m, err := failover.New(cfg)
	require.NoError(x, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- m.Run(ctx) }()
	x.Cleanup(func() {
		cancel()
		require.ErrorIs(x, <-done, context.Canceled)
	})
	return m, cancel
}
