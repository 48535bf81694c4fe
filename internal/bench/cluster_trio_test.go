package bench

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/cluster"
	"github.com/prodwright/prodwright/internal/pgtest"
)

// trio is a primary with two standbys of which one must have a commit before it is acknowledged.
type trio struct {
	*testing.T

	servers []*pgtest.Server // the first one is the primary at the beginning
}

// replication is how the servers of all campaigns replicate, those that others manage, too.
var replication = map[string]string{"wal_receiver_timeout": "5s", "wal_sender_timeout": "5s", "wal_receiver_status_interval": "1s", "wal_retrieve_retry_interval": "100ms"}

func newTrio(t *testing.T) *trio {
	t.Helper()
	x := &trio{t, []*pgtest.Server{pgtest.New(t, pgtest.Config{Name: "n0", Parameters: replication})}}
	require.NoError(t, x.servers[0].Exec(t.Context(), "postgres", createWritten))
	for _, name := range []string{"n1", "n2"} {
		standby, err := x.servers[0].Standby(t.Context(), pgtest.StandbyConfig{Name: name, Synchronous: true})
		require.NoError(t, err)
		x.servers = append(x.servers, standby)
	}
	return x
}

// urls returns where the servers are.
func (x *trio) urls() (urls []string) {
	for _, s := range x.servers {
		urls = append(urls, s.URL("postgres"))
	}
	return urls
}

// openCluster opens a cluster that follows whoever is promoted.
func openCluster(t *testing.T, urls []string, wait time.Duration) *cluster.Cluster {
	t.Helper()
	cfg := cluster.Config{WriteWait: wait}
	for i, url := range urls {
		cfg.Nodes = append(cfg.Nodes, cluster.NodeConfig{Name: fmt.Sprint("n", i), URL: cluster.NewSecret(url)})
	}
	c, err := cluster.Open(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		require.NoError(t, c.Close(ctx))
	})
	require.NoError(t, c.WaitPrimary(t.Context()))
	return c
}

// failover does what an outside authority does when the primary is lost: it takes the standbys away from it, so that nothing is
// acknowledged there any more, promotes the one that has most, and makes the other one follow. It returns which, and when that one
// acknowledged the authority's own first write.
func (x *trio) failover() (winner int, accepts time.Time) {
	x.Helper()
	var places [3]cluster.LSN
	for i := 1; i < 3; i++ {
		x.must(i, "alter system set primary_conninfo = ''", "select pg_reload_conf()")
	}
	for i := 1; i < 3; i++ {
		require.Eventually(x, func() bool {
			return ask(x.T, x.servers[i].URL("postgres"), "select not exists (select from pg_stat_wal_receiver)") == "true"
		}, 20*time.Second, 5*time.Millisecond)
		lsn, err := cluster.ParseLSN(ask(x.T, x.servers[i].URL("postgres"), "select greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())"))
		require.NoError(x, err)
		places[i] = lsn
	}
	winner, other := 1, 2
	if places[2] > places[1] {
		winner, other = 2, 1
	}
	conn, err := pgx.Connect(x.Context(), x.servers[winner].URL("postgres"))
	require.NoError(x, err)
	defer func() { _ = conn.Close(context.Background()) }()
	slot := "slot_" + x.servers[other].Name()
	x.must(winner, "alter system set synchronous_standby_names = 'ANY 1 ("+x.servers[other].Name()+")'", "select pg_reload_conf()", "select pg_promote()",
		"select pg_create_physical_replication_slot('"+slot+"') where not exists (select from pg_replication_slots where slot_name = '"+slot+"')")
	x.must(other, fmt.Sprintf("alter system set primary_conninfo = 'host=%s port=%d user=postgres application_name=%s'", x.servers[winner].Host(), x.servers[winner].Port(), x.servers[other].Name()), "select pg_reload_conf()")
	var port int
	require.NoError(x, conn.QueryRow(x.Context(), insertWritten, "authority", 1).Scan(&port))
	return winner, time.Now()
}

// must executes statements on a server.
func (x *trio) must(i int, statements ...string) {
	x.Helper()
	for _, sql := range statements {
		require.NoError(x, x.servers[i].Exec(x.Context(), "postgres", sql), "%s: %s", x.servers[i].Name(), sql)
	}
}

// ask asks a server for one value as text.
func ask(t *testing.T, url, sql string) (text string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	require.NoError(t, conn.QueryRow(t.Context(), "select ("+sql+")::text").Scan(&text), sql)
	return text
}
