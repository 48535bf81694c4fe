package cluster_test

import (
	"context"
	"os"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/internal/faultproxy"
	"github.com/prodwright/prodwright/internal/pgtest"
)

// lane is a trio that is used for one round after the other. Before each one all servers are as they were at the beginning.
type lane struct {
	*trio

	small bool // the primary has a small disk
}

// maxConnections of each server: few, so that they can be used up.
const maxConnections = 60

// newLane makes a trio and keeps what it is like. An idle primary speaks to its standbys every 1.5 s, see failover.
func newLane(t *testing.T) *lane {
	t.Helper()
	l := &lane{small: os.Getuid() == 0 && runtime.GOOS == "linux"}
	cfg := pgtest.Config{
		Name: "n0",
		Parameters: map[string]string{
			"wal_receiver_timeout": "5s", "wal_sender_timeout": "3s", "wal_receiver_status_interval": "10s", "wal_retrieve_retry_interval": "100ms",
			"max_connections": strconv.Itoa(maxConnections), "min_wal_size": "32MB", "max_wal_size": "64MB", "max_standby_streaming_delay": "0", "autovacuum": "off", "synchronous_commit": "on",
		},
		HBA: []string{"host postgres app 127.0.0.1/32 scram-sha-256", "host all all 127.0.0.1/32 trust", "host replication all 127.0.0.1/32 trust"},
	}
	var shm syscall.Statfs_t
	const room = 2 << 30 // containers often have no more than 64 MiB
	if err := syscall.Statfs("/dev/shm", &shm); err == nil && shm.Bavail*uint64(shm.Bsize) > room {
		cfg.Dir = "/dev/shm" // a disk that others use too makes a round ten times as long
	}
	if l.small {
		cfg.DiskSize = 384 << 20
	}
	l.trio = newTrioOf(t, cfg)
	l.must(0, "create role app login password 'first'", "grant select, insert on written to app", "grant pg_monitor to app")
	for _, s := range l.servers {
		require.NoError(t, s.Stop(t.Context()))
		require.NoError(t, s.Snapshot(t.Context()))
	}
	return l
}

// restore returns the trio as it was, for a test of its own.
func (l *lane) restore(t *testing.T) *trio {
	t.Helper()
	x := *l.trio
	x.T = t
	errs := make([]error, len(x.servers))
	var wg sync.WaitGroup
	for i, s := range x.servers {
		x.heal(i)
		x.clients[i].SetTarget(s.Addr())
		if i > 0 {
			x.streams[i].SetTarget(x.servers[0].Addr())
		}
		s.SetEnv()
		wg.Go(func() { errs[i] = s.Restore(t.Context()) })
	}
	wg.Wait()
	for i := range errs {
		require.NoError(t, errs[i])
	}
	x.quorate(0, 2)
	return &x
}

// heal ends what is wrong with the network of a server.
func (x *trio) heal(i int) {
	for _, p := range []*faultproxy.Proxy{x.clients[i], x.streams[i]} {
		if p != nil {
			p.SetFault(faultproxy.Fault{})
			require.NoError(x, p.Accept())
		}
	}
}

// quorate waits until a server has so many standbys of which it waits for one.
func (x *trio) quorate(i, n int) {
	x.Helper()
	require.Eventually(x, func() bool {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		return x.servers[i].Exec(ctx, "postgres", "select 1 / (count(*) = "+strconv.Itoa(n)+")::int from pg_stat_replication where sync_state = 'quorum'") == nil
	}, hang, tick, "%s has no quorum", x.servers[i].Name())
}
