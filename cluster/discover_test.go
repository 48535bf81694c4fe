package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/cluster"
)

// list is what is discovered.
type list struct {
	*trio

	nodes atomic.Pointer[[]cluster.NodeConfig]
	fail  atomic.Bool
	calls atomic.Int64
}

func (l *list) discover(context.Context) ([]cluster.NodeConfig, error) {
	l.calls.Add(1)
	if l.fail.Load() {
		return nil, errors.New("the list is out of order")
	}
	return *l.nodes.Load(), nil
}

// set makes a list of some of the servers, and waits until it was discovered for sure.
func (l *list) set(servers ...int) {
	l.Helper()
	l.will(servers...)
	l.settle()
}

// will makes the list before there is a cluster.
func (l *list) will(servers ...int) {
	var nodes []cluster.NodeConfig
	for _, i := range servers {
		nodes = append(nodes, cluster.NodeConfig{Name: l.servers[i].Name(), URL: cluster.NewSecret(l.servers[i].URLVia(l.clients[i].Addr(), "postgres"))})
	}
	l.nodes.Store(&nodes)
}

// settle waits until a discovery that began after now was taken.
func (l *list) settle() {
	l.Helper()
	was := l.calls.Load()
	require.Eventually(l, func() bool { return l.calls.Load() >= was+3 }, hang, tick)
}

func (l *list) open(cfg cluster.Config) *cluster.Cluster {
	l.Helper()
	cfg.Discover, cfg.DiscoverInterval, cfg.WriteWait = l.discover, 10*time.Millisecond, 2*hang
	c, err := cluster.Open(l.Context(), cfg)
	require.NoError(l, err)
	l.Cleanup(func() { require.NoError(l, c.Close(context.Background())) })
	return c
}

func discovered(t *testing.T) *list {
	t.Helper()
	l := &list{trio: newTrio(t, nil)}
	var none []cluster.NodeConfig
	l.nodes.Store(&none)
	return l
}

func count(c *cluster.Cluster, kind cluster.EventKind) (n int) {
	for _, e := range c.Report().Events {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

// Nodes come and go, and nobody else is disturbed.
func TestNodesComeAndGo(t *testing.T) {
	t.Parallel()
	x := discovered(t)
	c := x.open(cluster.Config{Selector: new(cluster.RoundRobin)})
	x.settle()
	require.Empty(t, c.Report().Nodes)
	require.Equal(t, 1, count(c, cluster.DiscoveryFailed), "an empty list is told once")
	x.set(0)
	require.NoError(t, c.WaitPrimary(t.Context()))
	l := x.load(c, 2)
	reads := func(servers ...int) {
		t.Helper()
		want := map[int]bool{}
		for _, i := range servers {
			want[x.servers[i].Port()] = true
		}
		require.Eventually(t, func() bool {
			seen := map[int]bool{}
			for range 20 {
				var port int
				require.NoError(t, c.Reader().QueryRow(context.Background(), "select inet_server_port()").Scan(&port))
				seen[port] = true
			}
			return fmt.Sprint(seen) == fmt.Sprint(want)
		}, hang, tick)
	}
	x.acknowledged(l, 0, 10)
	for range 3 {
		x.set(2, 0, 1)
		reads(1, 2)
		x.set(2, 0)
		reads(2)
		x.set(0)
		reads(0)
		x.set(1, 0)
		reads(1)
	}
	x.fail.Store(true)
	x.settle()
	reads(1)
	require.Equal(t, 2, count(c, cluster.DiscoveryFailed))
	x.fail.Store(false)
	x.settle()
	duplicate := append(*x.nodes.Load(), (*x.nodes.Load())[0])
	x.nodes.Store(&duplicate)
	x.settle()
	reads(1)
	require.Equal(t, 3, count(c, cluster.DiscoveryFailed))
	x.acknowledged(l, 0, 10)
	x.check(l, 0)
	require.Equal(t, 1, count(c, cluster.PrimaryFound), "nothing happened to the primary")
}

// When the primary is not in the list any more, writes wait until it is back, or there is another one.
func TestThePrimaryLeavesTheList(t *testing.T) {
	t.Parallel()
	x := discovered(t)
	x.will(0, 1, 2)
	c := x.open(cluster.Config{})
	require.NoError(t, c.WaitPrimary(t.Context()))
	l := x.load(c, 2)
	x.acknowledged(l, 0, 10)
	x.set(1, 2)
	require.Empty(t, c.Report().Primary)
	limited, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err := c.Writer().Exec(limited, "insert into written values (-1)")
	require.ErrorIs(t, err, cluster.ErrNoPrimary)
	x.set(1, 0, 2)
	x.acknowledged(l, 0, 10)

	x.set(1, 2)
	winner := x.failover(1, 2)
	x.acknowledged(l, winner, 10)
	x.set(0, 1, 2) // the old one is back, and is not believed
	require.Eventually(t, func() bool { return c.Report().Nodes[2].State == cluster.Stale }, hang, tick)
	x.acknowledged(l, winner, 10)
	x.check(l, winner)
	failovers := c.Report().Failovers
	require.Equal(t, x.servers[winner].Name(), failovers[len(failovers)-1].To)
	require.Equal(t, "n0", failovers[len(failovers)-1].From)
}

// What is under way on a node that is gone may end, but not for ever.
func TestNodesAreDrained(t *testing.T) {
	t.Parallel()
	for name, drain := range map[string]time.Duration{"long": hang, "short": 200 * time.Millisecond, "not at all": -1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := discovered(t)
			x.will(0, 1)
			c := x.open(cluster.Config{Drain: drain})
			require.NoError(t, c.WaitPrimary(t.Context()))
			require.Eventually(t, func() bool { return c.Report().Healthy }, hang, tick)
			ctx := context.Background()
			tx, err := c.Reader().Begin(ctx)
			require.NoError(t, err)
			defer func() { _ = tx.Rollback(ctx) }()
			write, err := c.Writer().Begin(ctx)
			require.NoError(t, err)
			defer func() { _ = write.Rollback(ctx) }()
			x.set(2)
			works := func(tx pgx.Tx) bool {
				_, err := tx.Exec(ctx, "select 1")
				if err != nil {
					require.ErrorIs(t, err, cluster.ErrTxLost)
				}
				return err == nil
			}
			if name != "long" {
				require.Eventually(t, func() bool { return !works(tx) && !works(write) }, hang, tick)
				return
			}
			for range 10 { // longer than it takes to notice that it may be dropped
				require.True(t, works(tx))
				time.Sleep(50 * time.Millisecond)
			}
			require.NoError(t, tx.Commit(ctx))
			_, err = write.Exec(ctx, "insert into written values (1)")
			require.NoError(t, err)
			require.NoError(t, write.Commit(ctx))
		})
	}
}

// names is a resolver.
type names struct {
	hosts []string
	srv   []*net.SRV
	err   error
	asked string
}

func (n *names) LookupHost(_ context.Context, host string) ([]string, error) {
	n.asked = host
	return n.hosts, n.err
}

func (n *names) LookupSRV(_ context.Context, service, proto, name string) (string, []*net.SRV, error) {
	n.asked = service + "," + proto + "," + name
	return "", n.srv, n.err
}

func TestDiscoveryByHost(t *testing.T) {
	t.Parallel()
	x := newTrio(t, nil)
	host, port, err := net.SplitHostPort(x.clients[0].Addr())
	require.NoError(t, err)
	r := &names{hosts: []string{host, "127.0.0.99", host}}
	d := cluster.HostDiscovery{URL: cluster.NewSecret("postgres://postgres:s3cret@db.example:" + port + "/postgres?sslmode=disable"), Resolver: r}
	nodes, err := d.Nodes(t.Context())
	require.NoError(t, err)
	require.Equal(t, "db.example", r.asked)
	require.Len(t, nodes, 2)
	require.Equal(t, net.JoinHostPort("127.0.0.1", port), nodes[0].Name)
	c, err := cluster.Open(t.Context(), cluster.Config{Discover: d.Nodes})
	require.NoError(t, err)
	defer func() { require.NoError(t, c.Close(context.Background())) }()
	_, err = c.Writer().Exec(t.Context(), "insert into written values (1)")
	require.NoError(t, err, "db.example is nowhere, but its address is")

	r.err = errors.New("no such host")
	_, err = d.Nodes(t.Context())
	require.ErrorContains(t, err, "no such host")
	_, err = cluster.HostDiscovery{URL: cluster.NewSecret("postgres://u:s3cret@h:x/")}.Nodes(t.Context())
	require.ErrorContains(t, err, "URL is wrong")
	require.NotContains(t, err.Error(), "s3cret")
}

func TestDiscoveryBySRV(t *testing.T) {
	t.Parallel()
	x := newTrio(t, nil)
	r := new(names)
	for i, p := range x.clients {
		r.srv = append(r.srv, &net.SRV{Target: p.Host() + ".", Port: uint16(p.Port()), Weight: uint16(i)})
	}
	d := cluster.SRVDiscovery{URL: cluster.NewSecret("postgres://postgres:s3cret@any/postgres?sslmode=disable"), Service: "postgresql", Proto: "tcp", Name: "db.example", Resolver: r}
	nodes, err := d.Nodes(t.Context())
	require.NoError(t, err)
	require.Equal(t, "postgresql,tcp,db.example", r.asked)
	for _, n := range nodes {
		_, port, err := net.SplitHostPort(n.Name)
		require.NoError(t, err)
		at, err := strconv.Atoi(port)
		require.NoError(t, err)
		require.Equal(t, at, x.clients[n.Weight].Port())
	}
	c, err := cluster.Open(t.Context(), cluster.Config{Discover: d.Nodes})
	require.NoError(t, err)
	defer func() { require.NoError(t, c.Close(context.Background())) }()
	require.NoError(t, c.WaitPrimary(t.Context()))
	require.Eventually(t, func() bool { return c.Report().Healthy && len(c.Report().Nodes) == 3 }, hang, tick)

	for _, url := range []string{"", "host=db password=s3cret", "postgres://u:s3cret@h:x/%zz"} {
		_, err = cluster.SRVDiscovery{URL: cluster.NewSecret(url)}.Nodes(t.Context())
		require.ErrorContains(t, err, "URL is wrong")
		require.NotContains(t, err.Error(), "s3cret")
	}
}

func ExampleHostDiscovery() {
	d := cluster.HostDiscovery{URL: cluster.NewSecret("postgres://app:s3cret@db/app"), Resolver: &names{hosts: []string{"10.0.0.2", "10.0.0.1"}}}
	nodes, err := d.Nodes(context.Background()) // Config{Discover: d.Nodes} calls it
	for _, n := range nodes {
		fmt.Println(n.Name, n.Address)
	}
	fmt.Println(err)
	// Output:
	// 10.0.0.1:5432 10.0.0.1
	// 10.0.0.2:5432 10.0.0.2
	// <nil>
}

func ExampleSRVDiscovery() {
	records := []*net.SRV{{Target: "db1.example.", Port: 5433}, {Target: "db2.example.", Port: 5432, Weight: 2}}
	d := cluster.SRVDiscovery{URL: cluster.NewSecret("postgres://app:s3cret@any/app"), Service: "postgresql", Proto: "tcp", Name: "example", Resolver: &names{srv: records}}
	nodes, err := d.Nodes(context.Background()) // Config{Discover: d.Nodes} calls it
	for _, n := range nodes {
		fmt.Println(n.Name, n.Weight)
	}
	fmt.Println(err)
	// Output:
	// db1.example:5433 0
	// db2.example:5432 2
	// <nil>
}

func ExampleResolver() {
	r := &net.Resolver{PreferGo: true} // is one
	d := cluster.HostDiscovery{URL: cluster.NewSecret("postgres://app@127.0.0.1/app"), Resolver: r}
	nodes, err := d.Nodes(context.Background())
	fmt.Println(len(nodes), err)
	// Output: 1 <nil>
}
