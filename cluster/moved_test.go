package cluster_test

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/cluster"
)

// The name of a host has another address now: that of the standby, which was promoted.
func TestNamesAreLookedUp(t *testing.T) {
	t.Parallel()
	x := newTrio(t, nil)
	var at atomic.Int32
	c, err := cluster.Open(t.Context(), cluster.Config{
		Nodes:  []cluster.NodeConfig{{Name: "db", URL: cluster.NewSecret("postgres://postgres@db.example:5432/postgres?sslmode=disable")}},
		Lookup: 20 * time.Millisecond, ProbeInterval: 20 * time.Millisecond,
		BeforeConnect: func(_ context.Context, c *pgx.ConnConfig) error {
			c.LookupFunc = func(context.Context, string) ([]string, error) {
				return []string{fmt.Sprintf("192.0.2.%d", at.Load())}, nil
			}
			c.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
				var i int
				if _, err := fmt.Sscanf(address, "192.0.2.%d:5432", &i); err != nil {
					return nil, err
				}
				return new(net.Dialer).DialContext(ctx, network, x.servers[i].Addr())
			}
			return nil
		},
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close(context.Background())) })
	l := x.load(c, 2)
	x.acknowledged(l, 0, 10)
	// The old one lives on, and would take writes for ever.
	winner := x.failover(1, 2)
	x.must(0, "alter system set synchronous_standby_names = ''", "select pg_reload_conf()")
	x.acknowledged(l, 0, 10)
	at.Store(int32(winner))
	x.acknowledged(l, winner, 10)
	l.end()
	require.Empty(t, l.failures)
	require.Empty(t, l.readErrors)
	for _, e := range c.Report().Events {
		if e.Kind == cluster.NodeMoved {
			return
		}
	}
	t.Fatal("nobody was told")
}
