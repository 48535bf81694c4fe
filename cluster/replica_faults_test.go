package cluster_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/cluster"
	"github.com/prodwright/prodwright/internal/faultproxy"
)

// Whatever becomes of a replica, no read fails, and it serves again when it is back.
func TestReadsGoOn(t *testing.T) {
	t.Parallel()
	x := newTrio(t, map[string]string{"max_standby_streaming_delay": "0"})
	c := x.open(cluster.Config{Selector: &cluster.RoundRobin{}, MaxLag: 2 * time.Second})
	serving := func(i int) func() bool {
		return func() bool {
			for range 20 {
				var port int
				require.NoError(t, c.Reader().QueryRow(t.Context(), "select inet_server_port()").Scan(&port))
				if port == x.servers[i].Port() {
					return true
				}
			}
			return false
		}
	}
	not := func(f func() bool) func() bool { return func() bool { return !f() } }
	const longest, poll = hang, 20 * time.Millisecond
	require.Eventually(t, serving(1), longest, poll)
	require.Eventually(t, serving(2), longest, poll)
	for _, fault := range []struct {
		name        string
		begin, back func()
	}{
		{"kill -9", func() { require.NoError(t, x.servers[1].Kill()) }, func() { require.NoError(t, x.servers[1].Start(t.Context())) }},
		{"SIGSTOP", func() { require.NoError(t, x.servers[1].Hang()) }, func() { require.NoError(t, x.servers[1].Continue()) }},
		{
			"no answer comes through", func() { x.clients[1].SetFault(faultproxy.Fault{Partition: faultproxy.ServerToClient}) },
			func() { x.clients[1].SetFault(faultproxy.Fault{}) },
		},
		{"cut off from the primary", func() { x.streams[1].SetFault(faultproxy.Fault{Partition: faultproxy.Both}) }, func() { x.streams[1].SetFault(faultproxy.Fault{}) }},
		{"it does not replay", func() { x.must(1, "select pg_wal_replay_pause()") }, func() { x.must(1, "select pg_wal_replay_resume()") }},
	} {
		t.Log(fault.name)
		l := x.load(c, 2)
		fault.begin()
		require.Eventually(t, not(serving(1)), longest, poll, fault.name)
		require.True(t, not(serving(1))(), fault.name)
		fault.back()
		require.Eventually(t, serving(1), longest, poll, fault.name)
		l.end()
		require.Empty(t, l.readErrors, fault.name)
		require.Empty(t, l.failures, fault.name)
		require.Empty(t, l.unknown, fault.name)
		x.must(0, "truncate written")
	}
}

// Queries that are ended because of what is replayed run again elsewhere.
func TestConflictsWithReplay(t *testing.T) {
	t.Parallel()
	x := newTrio(t, map[string]string{"max_standby_streaming_delay": "0", "hot_standby_feedback": "off"})
	c := x.open(cluster.Config{})
	x.must(0, "insert into written select -i, 0 from generate_series(1, 1000) i")
	l := x.load(c, 4)
	for range 10 {
		x.must(0, "update written set port = port + 1 where id < 0", "vacuum written", "delete from written where id < 0", "vacuum written", "insert into written select -i, 0 from generate_series(1, 1000) i")
		time.Sleep(20 * time.Millisecond)
	}
	for i := range 2 {
		x.must(i+1, "select pg_terminate_backend(pid) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()")
	}
	l.end()
	require.Empty(t, l.readErrors)
	require.Empty(t, l.failures)
}
