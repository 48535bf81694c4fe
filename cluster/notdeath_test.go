package cluster_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/cluster"
	"github.com/prodwright/prodwright/internal/pgtest"
)

// A server that answers that it does not want us is not dead: nothing is ejected, and what is connected goes on.
func TestWhatIsNotDeath(t *testing.T) {
	t.Parallel()
	srv := pgtest.New(t, pgtest.Config{SCRAM: true, Parameters: map[string]string{"max_connections": "20", "superuser_reserved_connections": "3"}})
	ctx := t.Context()
	require.NoError(t, srv.Exec(ctx, "postgres", "create role app login password 'first'; create table written (id bigint)"))
	require.NoError(t, srv.Exec(ctx, "postgres", "grant all on written to app"))
	config, err := pgx.ParseConfig(srv.URL("postgres"))
	require.NoError(t, err)
	var password atomic.Value
	password.Store("first")
	var events atomic.Int64
	c, err := cluster.Open(ctx, cluster.Config{
		Nodes: []cluster.NodeConfig{{Name: "n0", URL: cluster.NewSecret(srv.URL("postgres"))}},
		BeforeConnect: func(_ context.Context, c *pgx.ConnConfig) error {
			c.User, c.Password = "app", password.Load().(string)
			return nil
		},
		ProbeInterval: 20 * time.Millisecond, UrgentInterval: 20 * time.Millisecond, ProbeTimeout: hang,
		OnEvent: func(cluster.Event) { events.Add(1) },
	})
	require.NoError(t, err)
	defer func() { require.NoError(t, c.Close(context.Background())) }()
	require.NoError(t, c.WaitPrimary(ctx))
	write := func() {
		_, err := c.Writer().Exec(ctx, "insert into written values (1)")
		require.NoError(t, err)
	}
	write()
	require.Eventually(t, func() bool { return events.Load() == 2 }, 10*time.Second, time.Millisecond)

	// All connections are taken, and the probe's own is ended.
	var held []*pgx.Conn
	for {
		conn, err := pgx.ConnectConfig(ctx, config)
		if err != nil {
			break
		}
		held = append(held, conn)
	}
	require.NotEmpty(t, held)
	probe := "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'app' and query like '%pg_control_system%'"
	_, err = held[0].Exec(ctx, probe)
	require.NoError(t, err)
	extra, err := pgx.ConnectConfig(ctx, config) // its place
	if err == nil {
		held = append(held, extra)
	}
	failing := func() bool { return c.Report().Nodes[0].Error != "" }
	require.Eventually(t, failing, 20*time.Second, 5*time.Millisecond)
	require.Never(t, func() bool { return c.Report().Primary == "" }, 500*time.Millisecond, 5*time.Millisecond)
	write()
	for _, conn := range held {
		require.NoError(t, conn.Close(ctx))
	}
	require.Eventually(t, func() bool { return !failing() }, 20*time.Second, 5*time.Millisecond)

	// The password is another one now, and nobody was told.
	require.NoError(t, srv.Exec(ctx, "postgres", "alter role app password 'second'"))
	require.NoError(t, srv.Exec(ctx, "postgres", probe))
	require.Eventually(t, failing, 20*time.Second, 5*time.Millisecond)
	require.Never(t, func() bool { return c.Report().Primary == "" }, 500*time.Millisecond, 5*time.Millisecond)
	write()
	password.Store("second")
	require.Eventually(t, func() bool { return !failing() }, 20*time.Second, 5*time.Millisecond)
	require.Equal(t, int64(2), events.Load(), "nothing happened to the node")
}
