package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/prodwright/prodwright/cluster"
	"github.com/prodwright/prodwright/internal/pgtest"
)

// pair starts a primary with a standby and opens a cluster of both.
func pair(ctx context.Context, cfg cluster.Config) (c *cluster.Cluster, standby *pgtest.Server, end func(), err error) {
	primary, err := pgtest.Start(ctx, pgtest.Config{})
	if err != nil {
		return nil, nil, nil, err
	}
	standby, err = primary.Standby(ctx, pgtest.StandbyConfig{Name: "standby", Synchronous: true})
	if err == nil {
		err = primary.Exec(ctx, "postgres", "set synchronous_commit = remote_apply; create table users (id int, name text)") // so that the standby sees it
	}
	cfg.Nodes = []cluster.NodeConfig{
		{Name: "db1", URL: cluster.NewSecret(primary.URL("postgres"))},
		{Name: "db2", URL: cluster.NewSecret(standby.URL("postgres"))},
	}
	if err == nil {
		c, err = cluster.Open(ctx, cfg)
	}
	return c, standby, func() { _ = errors.Join(c.Close(ctx), primary.Close()) }, err
}

func ExampleCluster() {
	ctx := context.Background()
	c, standby, end, err := pair(ctx, cluster.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer end()

	ctx = cluster.WithSession(ctx, new(cluster.Session)) // reads see the writes before them
	if _, err := c.Writer().Exec(ctx, "insert into users values (1, 'ann')"); err != nil {
		fmt.Println(err)
		return
	}
	var name string
	if err := c.Reader().QueryRow(ctx, "select name from users where id = 1").Scan(&name); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(name, "is read while", c.Report().Primary, "is the primary")

	if err := standby.Promote(ctx); err != nil { // somebody does
		fmt.Println(err)
		return
	}
	for c.Report().Primary != "db2" {
		time.Sleep(time.Millisecond)
	}
	err = c.Writer().InTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "insert into users values (2, 'bob')")
		return err
	})
	fmt.Println(err, "is the error on", c.Report().Primary)
	// Output:
	// ann is read while db1 is the primary
	// <nil> is the error on db2
}

func ExampleReport() {
	ctx := context.Background()
	c, _, end, err := pair(ctx, cluster.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer end()
	for !c.Report().Healthy {
		time.Sleep(time.Millisecond)
	}
	for _, n := range c.Report().Nodes {
		fmt.Println(n.Name, n.Health, n.Status.Role, n.State, "timeline", n.Status.Timeline)
	}
	// Output:
	// db1 up primary writable timeline 1
	// db2 up standby readable timeline 1
}

func ExampleWriter_QueryRow() {
	ctx := context.Background()
	c, _, end, err := pair(ctx, cluster.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer end()
	var id int
	err = c.Writer().QueryRow(ctx, "insert into users values (1, 'ann') returning id").Scan(&id)
	switch {
	case errors.Is(err, cluster.ErrOutcomeUnknown):
		fmt.Println("look for it before it is written again")
	case err != nil:
		fmt.Println("it was not written:", err)
	default:
		fmt.Println("written:", id)
	}
	// Output: written: 1
}

func ExampleReader_InTx() {
	ctx := context.Background()
	c, _, end, err := pair(ctx, cluster.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer end()
	err = c.Reader().InTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "insert into users values (1, 'ann')")
		return err
	})
	fmt.Println(err)
	// Output: ERROR: cannot execute INSERT in a read-only transaction (SQLSTATE 25006)
}

func ExampleSession() {
	var s cluster.Session
	s.Advance(cluster.Token{Timeline: 1, LSN: 0x16_b374d848}) // what a write does
	cookie := s.Token().String()

	token, err := cluster.ParseToken(cookie) // with the next request
	if err != nil {
		token = cluster.Token{} // somebody else wrote it
	}
	var next cluster.Session
	next.Advance(token)
	ctx := cluster.WithSession(context.Background(), &next) // its reads see the write
	fmt.Println(cookie, ctx.Err())
	// Output: 1-16/B374D848 <nil>
}

func ExampleToken() {
	token, err := cluster.ParseToken("2-0/4E8E9E0")
	fmt.Println(token.Timeline, token.LSN, err)
	// Output: 2 0/4E8E9E0 <nil>
}

func ExampleLSN() {
	a, _ := cluster.ParseLSN("0/4E8E9E0")
	b, _ := cluster.ParseLSN("0/4E8EA00")
	fmt.Println(b-a > 0, uint64(b-a))
	// Output: true 32
}

func ExampleConfig() {
	cfg := cluster.Config{
		Nodes: []cluster.NodeConfig{
			{Name: "db1", URL: cluster.NewSecret("postgres://app:s3cret@db1/app"), Zone: "a"},
			{Name: "db2", URL: cluster.NewSecret("postgres://app:s3cret@db2/app"), Zone: "b", Weight: 2},
		},
		Selector:       &cluster.ZoneFirst{Zone: "a"},
		MaxLag:         time.Second,
		WithoutReplica: cluster.FailTheReads,
		Primary:        cluster.PoolSize{Size: 5, MaxOverflow: -1},
		Replica:        cluster.ReplicaPoolSize{Size: 10},
	}
	fmt.Println(cfg.Validate())
	fmt.Println(cluster.Config{Nodes: []cluster.NodeConfig{{}, {URL: cluster.NewSecret("postgres://app:s3cret@db1,db2/app")}}, WriteWait: -1}.Validate())
	// Output:
	// <nil>
	// Nodes[0].URL is empty: must be as in postgres://user@host:5432/database
	// Nodes[1].URL has several hosts: must have one, each node has its own URL
	// WriteWait is -1ns: must be positive, or 0 for the default
}

func ExampleSelectorFunc() {
	newest := cluster.SelectorFunc(func(_ context.Context, rs []*cluster.Replica) (int, bool) {
		for i, r := range rs {
			if r.LagBytes() == 0 {
				return i, true
			}
		}
		return 0, false // the primary
	})
	replicas := []*cluster.Replica{
		cluster.NewReplica(cluster.ReplicaConfig{Name: "db2", LagBytes: 4711}),
		cluster.NewReplica(cluster.ReplicaConfig{Name: "db3"}),
	}
	i, ok := newest.SelectReplica(context.Background(), replicas)
	fmt.Println(replicas[i].Name(), ok)
	// Output: db3 true
}
