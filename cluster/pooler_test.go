package cluster_test

import (
	"context"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/cluster"
	"github.com/prodwright/prodwright/internal/pgtest"
)

// A server that is dead behind a pooler that lives is down, and what the pooler has not given to it is sent again when it is back.
func TestPoolerWithoutServer(t *testing.T) {
	t.Parallel()
	if err := pgtest.BouncerInstalled(); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	ctx := t.Context()
	s := pgtest.New(t, pgtest.Config{Name: "n0", Durable: true})
	require.NoError(t, s.Exec(ctx, "postgres", "create table written (id bigint primary key, port int)"))
	b, err := pgtest.StartBouncer(ctx, pgtest.BouncerConfig{Server: s, PoolMode: "transaction", IgnoreStartupParameters: []string{"default_transaction_read_only"}})
	require.NoError(t, err)
	c, err := cluster.Open(ctx, cluster.Config{
		Nodes: []cluster.NodeConfig{{Name: "n0", URL: cluster.NewSecret(b.URL("postgres"))}}, WriteWait: 2 * hang,
		BeforeConnect: func(_ context.Context, c *pgx.ConnConfig) error {
			c.DefaultQueryExecMode = pgx.QueryExecModeExec // prepared statements are of one server connection
			return nil
		},
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close(context.Background())) })
	require.NoError(t, c.WaitPrimary(ctx))
	require.NoError(t, s.Kill())
	// The first one of each connection may break it.
	require.Eventually(t, func() bool { return c.Report().Nodes[0].Health == cluster.Down }, hang, tick, "nobody notices")
	x := &trio{T: t, servers: []*pgtest.Server{s}}
	l := x.load(c, 2)
	require.NoError(t, s.Start(ctx))
	x.acknowledged(l, 0, 20)
	l.end()
	require.Empty(t, l.unknown)
	require.Empty(t, l.failures)
	require.Empty(t, l.readErrors)
}
