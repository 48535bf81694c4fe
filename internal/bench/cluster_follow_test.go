package bench

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
)

// followed is what a comparison of those who follow an outside authority is about.
type followed struct {
	fault  string
	delay  time.Duration // until the authority acts
	rounds int
	limit  time.Duration     // how long a client may take to write again
	pools  map[string]string // pgxpool's settings, by the name of the client
}

// settled is what a pool of an experienced operator has; defaults are what it has without.
var (
	settled  = map[string]string{"pgxpool, connect_timeout 2 s": "connect_timeout=2 pool_max_conns=50"}
	defaults = map[string]string{"pgxpool, defaults": ""}
)

// TestClusterPeersFollow is the short form of the campaign. That peers write again soon is not required of them.
func TestClusterPeersFollow(t *testing.T) {
	followed{fault: "kill -9", rounds: 1, limit: 20 * time.Second, pools: settled}.run(t)
}

// TestCampaignClusterPeersFollow compares what an application sees while another authority replaces the primary: through package
// cluster, and at the same time on the same servers through a pool that has all hosts.
func TestCampaignClusterPeersFollow(t *testing.T) {
	campaign(t)
	for _, f := range []followed{
		{"kill -9", 0, 20, time.Minute, settled},
		{"SIGSTOP", 0, 20, time.Minute, settled},
		{"SIGSTOP", 3 * time.Second, 20, time.Minute, settled}, // as most authorities do at the earliest
		{"kill -9", 0, 3, 3 * time.Minute, defaults},
		{"SIGSTOP", 0, 3, 3 * time.Minute, defaults},
	} {
		for name := range f.pools {
			t.Run(fmt.Sprintf("%s, then %v, %s", f.fault, f.delay, name), func(t *testing.T) { f.run(t) })
		}
	}
}

// run lets the rounds run and logs the figures. Ours may lose nothing and may fail nothing.
func (f followed) run(t *testing.T) {
	t.Helper()
	fates := map[string][]fate{}
	for i := range f.rounds {
		t.Run(fmt.Sprint("round ", i+1), func(t *testing.T) {
			for name, one := range f.round(t) {
				fates[name] = append(fates[name], one)
				t.Logf("%-30s gap %v, %v after the new primary took writes; acknowledged %d, failed %d, unknown %d, lost %d", name, one.gap.Round(time.Millisecond), one.after.Round(time.Millisecond), one.acked, one.failed, one.unknown, one.lost)
				if name == "cluster" {
					require.Zero(t, one.lost)
					require.Zero(t, one.wrong)
					require.Zero(t, one.failed, one.failures)
					require.False(t, one.never)
				}
			}
		})
	}
	for name, all := range fates {
		logFates(t, fmt.Sprintf("%s, then %v, %s", f.fault, f.delay, name), all)
	}
}

// round makes servers, writes, lets the primary fail, and returns what became of the writes of each client.
func (f followed) round(t *testing.T) map[string]fate {
	t.Helper()
	const writers, deadline = 4, 5 * time.Second
	x := newTrio(t)
	c := openCluster(t, x.urls(), time.Minute)
	all := []*writing{startWriting(t, "cluster", writers, deadline, writeCluster(c))}
	for name, settings := range f.pools {
		all = append(all, startWriting(t, name, writers, deadline, writePool(x.multiHost(settings))))
	}
	began := time.Now()
	for _, w := range all {
		require.True(t, w.waitFor(200, began, time.Minute), "%s: no writes", w.name)
	}
	fault := time.Now()
	if f.fault == "SIGSTOP" {
		require.NoError(t, x.servers[0].Hang())
	} else {
		require.NoError(t, x.servers[0].Kill())
	}
	time.Sleep(f.delay)
	winner, accepts := x.failover()
	const again = 50
	fates := map[string]fate{}
	never := map[string]bool{}
	for _, w := range all {
		never[w.name] = !w.waitFor(again, accepts, f.limit)
	}
	to := time.Now()
	if f.fault == "SIGSTOP" { // the old one comes back
		require.NoError(t, x.servers[0].Continue())
	} else {
		require.NoError(t, x.servers[0].Start(t.Context()))
	}
	time.Sleep(2 * time.Second)
	for _, w := range all {
		gap, ended := w.gap(fault, to)
		one := w.settle(t, x.servers[winner].URL("postgres"))
		one.gap, one.after, one.never = gap, max(ended.Sub(accepts), 0), never[w.name]
		fates[w.name] = one
	}
	return fates
}

// multiHost opens a pool that has all hosts and wants the one that can write.
func (x *trio) multiHost(settings string) *pgxpool.Pool {
	x.Helper()
	var hosts, ports []string
	for _, s := range x.servers {
		hosts, ports = append(hosts, s.Host()), append(ports, fmt.Sprint(s.Port()))
	}
	p, err := pgxpool.New(x.Context(), fmt.Sprintf("host=%s port=%s user=postgres dbname=postgres sslmode=disable target_session_attrs=read-write %s", strings.Join(hosts, ","), strings.Join(ports, ","), settings))
	require.NoError(x, err)
	x.Cleanup(func() {
		done := make(chan struct{})
		go func() {
			p.Close()
			close(done)
		}()
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second) // those that hang are destroyed after 15 s
		defer cancel()
		select {
		case <-done:
		case <-ctx.Done():
		}
	})
	return p
}
