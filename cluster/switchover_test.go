package cluster_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/cluster"
	"github.com/prodwright/prodwright/cluster/failover"
	"github.com/prodwright/prodwright/internal/faultproxy"
	"github.com/prodwright/prodwright/internal/pgtest"
)

// rewindable are settings that pg_rewind needs.
var rewindable = map[string]string{"full_page_writes": "on", "wal_log_hints": "on", "wal_keep_size": "256MB"}

// rejoin brings back a server of a trio.
func (m *managers) rejoin(ctx context.Context, r failover.Rejoining) error {
	byName := func(name string) *pgtest.Server {
		return m.servers[slices.IndexFunc(m.servers, func(s *pgtest.Server) bool { return s.Name() == name })]
	}
	return byName(r.Node).Rewind(ctx, byName(r.Primary), r.Address)
}

// inQuorum waits until a primary waits for a standby.
func (m *managers) inQuorum(primary int, name string) {
	m.Helper()
	defer func() {
		if m.Failed() {
			for _, s := range m.servers {
				m.Logf("%s\n%s", s.Name(), s.LogTail(30))
			}
		}
	}()
	require.Eventually(m, func() bool {
		return m.ask(primary, "select exists (select from pg_stat_replication where application_name = '"+name+"' and sync_state = 'quorum')") == "true"
	}, 2*hang, tick, "%s is not in the quorum of n%d", name, primary)
}

// There and back again under load: no write fails, none is of unknown outcome, and the old primary is a standby that counts.
func TestSwitchover(t *testing.T) {
	t.Parallel()
	x := &managers{trio: newTrio(t, rewindable)}
	x.manager("a", failover.Config{Rejoin: x.rejoin, RejoinRetry: time.Second}, nil)
	asked := x.manager("b", failover.Config{Rejoin: x.rejoin, RejoinRetry: time.Second}, nil)
	c := x.open(cluster.Config{})
	l := x.load(c, 4)
	x.acknowledged(l, 0, 100)
	x.knows()
	for _, way := range [...]struct{ from, to int }{{0, 2}, {2, 0}} {
		from, to := x.servers[way.from].Name(), x.servers[way.to].Name()
		require.NoError(t, asked.Switchover(t.Context(), to))
		x.acknowledged(l, way.to, 100)
		require.Eventually(t, func() bool { return asked.Status().Record.Known.Primary == to }, hang, tick)
		x.inQuorum(way.to, from)
		x.acknowledged(l, way.to, 100)
		require.Eventually(t, func() bool { return x.ask(way.from, "current_setting('default_transaction_read_only')") == "off" }, hang, tick)
	}
	history := asked.Status().Record.History
	require.Len(t, history, 2)
	for _, p := range history {
		require.Positive(t, p.Took(failover.Draining))
		require.Positive(t, p.Took(failover.Promoting))
	}
	l.end()
	require.Empty(t, l.doubts)
	x.check(l, 0)
}

// What cannot be done is refused, and changes nothing.
func TestSwitchoverIsRefused(t *testing.T) {
	t.Parallel()
	x := &managers{trio: newTrio(t, nil)}
	m := x.manager("a", failover.Config{Drain: 500 * time.Millisecond}, nil)
	c := x.open(cluster.Config{})
	l := x.load(c, 2)
	x.acknowledged(l, 0, 20)
	x.knows()
	for to, why := range map[string]string{"n0": "n0 is the primary", "n9": `"n9" is none of the nodes`} {
		require.ErrorContains(t, m.Switchover(t.Context(), to), why)
	}
	// Whoever asked has gone long ago.
	value, version, err := x.register.Load(t.Context())
	require.NoError(t, err)
	var record map[string]any
	require.NoError(t, json.Unmarshal(value, &record))
	record["request"] = map[string]any{"id": "old", "to": "n1", "at": time.Now().Add(-time.Hour)}
	value, err = json.Marshal(record)
	require.NoError(t, err)
	for err = failover.ErrConflict; errors.Is(err, failover.ErrConflict); {
		if _, err = x.register.Swap(t.Context(), value, version); err != nil {
			_, version, _ = x.register.Load(t.Context())
		}
	}
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		a := m.Status().Record.Answers
		return len(a) > 0 && a[len(a)-1].ID == "old" && strings.Contains(a[len(a)-1].Refused, "1h0m")
	}, hang, tick)
	// The new one is not there, or does not come to have what the old one wrote.
	x.must(1, "select pg_wal_replay_pause()")
	err = m.Switchover(t.Context(), "n1")
	require.ErrorIs(t, err, failover.ErrRefused)
	require.ErrorContains(t, err, "n1: not at ")
	x.acknowledged(l, 0, 20)
	x.must(1, "select pg_wal_replay_resume()")
	require.NoError(t, x.servers[2].Kill())
	require.ErrorIs(t, m.Switchover(t.Context(), "n2"), failover.ErrRefused)
	x.acknowledged(l, 0, 20)
	require.Equal(t, "off", x.ask(0, "current_setting('default_transaction_read_only')"))
	require.NotContains(t, x.ask(1, "current_setting('primary_conninfo')"), "revoked")
	require.Empty(t, m.Status().Record.History)
	require.Empty(t, l.unknown)
	x.check(l, 0)
}

// A switchover that cannot take enough standbys away gives them back, also when the manager is killed while it does so.
func TestSwitchoverIsGivenUp(t *testing.T) {
	t.Parallel()
	for _, dies := range []bool{false, true} {
		t.Run(fmt.Sprint("the manager is killed: ", dies), func(t *testing.T) {
			t.Parallel()
			x := &managers{trio: newTrio(t, nil)}
			first := &killed{Register: &x.register}
			m := x.manager("a", failover.Config{TTL: time.Second, Register: first}, func(cancel context.CancelFunc, n int) {
				switch n {
				case 2: // both are to be taken away
					x.clients[2].SetFault(faultproxy.Fault{Partition: faultproxy.Both})
				case 3: // it is given up
					if dies {
						first.dead.Store(true)
						cancel()
					}
				}
			})
			x.knows()
			if dies {
				x.manager("b", failover.Config{TTL: time.Second}, nil)
			}
			outside, err := failover.New(failover.Config{Register: &x.register, Nodes: []failover.Node{
				{Name: "n0", URL: cluster.NewSecret(x.servers[0].URL("postgres"))}, {Name: "n1", URL: cluster.NewSecret(x.servers[1].URL("postgres"))},
			}})
			require.NoError(t, err)
			c := x.open(cluster.Config{})
			l := x.load(c, 2)
			x.acknowledged(l, 0, 20)
			err = outside.Switchover(t.Context(), "n1")
			require.ErrorIs(t, err, failover.ErrRefused)
			require.ErrorContains(t, err, "only 1 standbys")
			x.acknowledged(l, 0, 20)
			require.Equal(t, "true", x.ask(1, "pg_is_in_recovery()"))
			x.clients[2].SetFault(faultproxy.Fault{})
			require.Eventually(t, func() bool { return x.ask(2, "exists (select from pg_stat_wal_receiver)") == "true" }, 2*hang, tick)
			require.Empty(t, m.Status().Record.History)
			x.check(l, 0)
		})
	}
}

// Nobody is promoted during a pause, and at once after it.
func TestPause(t *testing.T) {
	t.Parallel()
	x := &managers{trio: newTrio(t, nil)}
	m := x.manager("a", failover.Config{Patience: -1}, nil)
	c := x.open(cluster.Config{})
	l := x.load(c, 2)
	x.acknowledged(l, 0, 20)
	x.knows()
	outside, err := failover.New(failover.Config{Register: &x.register, Nodes: []failover.Node{
		{Name: "n0", URL: cluster.NewSecret(x.servers[0].URL("postgres"))}, {Name: "n1", URL: cluster.NewSecret(x.servers[1].URL("postgres"))},
	}})
	require.NoError(t, err)
	require.ErrorContains(t, outside.Pause(t.Context(), ""), "reason is empty")
	require.NoError(t, outside.Pause(t.Context(), "new memory for db1, by jane"))
	require.Eventually(t, func() bool { return m.Status().Record.Paused != "" }, hang, tick)
	require.True(t, m.Status().Leads, "it keeps the lease")
	require.NoError(t, x.servers[0].Kill())
	require.Eventually(t, func() bool { return c.Report().Primary == "" && m.Status().Cluster.Primary == "" }, hang, tick)
	time.Sleep(time.Second)
	require.Zero(t, x.steps.Load())
	last := m.Status().Decisions
	require.Equal(t, "paused: new memory for db1, by jane", last[len(last)-1].Text)
	require.NoError(t, outside.Resume(t.Context()))
	winner := x.primary(c)
	x.acknowledged(l, winner, 20)
	x.check(l, winner)
}

// The whole life of a cluster: each primary is lost in its turn, comes back by pg_rewind, and counts again.
func TestPrimariesComeBack(t *testing.T) {
	t.Parallel()
	x := &managers{trio: newTrio(t, rewindable)}
	x.manager("a", failover.Config{Patience: -1, Rejoin: x.rejoin, RejoinRetry: time.Second}, nil)
	c := x.open(cluster.Config{})
	l := x.load(c, 2)
	x.acknowledged(l, 0, 20)
	x.knows()
	primary := 0
	for round := range 3 {
		if round > 0 && !chosen(round, 3) {
			continue
		}
		if round == 1 {
			require.NoError(t, x.servers[primary].Hang())
		} else {
			require.NoError(t, x.servers[primary].Kill())
		}
		old, was := x.servers[primary].Name(), primary
		require.Eventually(t, func() bool {
			primary = slices.IndexFunc(x.servers, func(s *pgtest.Server) bool { return s.Name() == c.Report().Primary })
			return primary >= 0 && primary != was
		}, 2*hang, tick)
		if round == 1 {
			require.NoError(t, x.servers[was].Continue())
		}
		x.acknowledged(l, primary, 20)
		x.inQuorum(primary, old)
	}
	x.check(l, primary)
}

// A standby that was away while the others were made to follow the new primary is fetched when it comes back.
func TestStandbyThatWasAway(t *testing.T) {
	t.Parallel()
	x := &managers{trio: newTrio(t, nil)}
	x.prefer = 1
	m := x.manager("a", failover.Config{Patience: -1}, func(_ context.CancelFunc, n int) {
		if n == 4 { // n1 is promoted
			x.clients[2].SetFault(faultproxy.Fault{Partition: faultproxy.Both})
		}
	})
	c := x.open(cluster.Config{})
	l := x.load(c, 2)
	x.acknowledged(l, 0, 20)
	x.knows()
	require.NoError(t, x.servers[0].Kill())
	require.Eventually(t, func() bool { return len(m.Status().Record.History) == 1 }, hang, tick)
	require.Contains(t, x.ask(2, "current_setting('primary_conninfo')"), "revoked")
	x.clients[2].SetFault(faultproxy.Fault{})
	x.acknowledged(l, 1, 20)
	x.check(l, 1)
}

// What a manager would do is told, and not done.
func TestDryRun(t *testing.T) {
	t.Parallel()
	x := &managers{trio: newTrio(t, nil)}
	var told []failover.Decision
	m := x.manager("dry", failover.Config{DryRun: true, Patience: -1, OnDecision: func(d failover.Decision) { told = append(told, d) }}, nil)
	require.Eventually(t, func() bool { return m.Status().Record.Known.Names != "" }, hang, tick)
	require.NoError(t, x.servers[0].Kill())
	would := func() bool {
		last := m.Status().Decisions
		return len(last) > 0 && strings.HasPrefix(last[len(last)-1].Text, "n0 does not answer: of n1, n2, the one that has most would be promoted")
	}
	require.Eventually(t, would, hang, tick)
	require.True(t, m.Status().DryRun)
	value, _, err := x.register.Load(t.Context())
	require.NoError(t, err)
	require.Empty(t, value)
	require.Equal(t, "true", x.ask(1, "select pg_is_in_recovery()"))
	require.NotContains(t, x.ask(1, "current_setting('primary_conninfo')"), "revoked")
	x.stopAll()
	require.NotEmpty(t, told)
	require.Equal(t, failover.Critical, told[len(told)-1].Severity)
}
