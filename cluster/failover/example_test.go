package failover_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/prodwright/prodwright/cluster"
	"github.com/prodwright/prodwright/cluster/failover"
	"github.com/prodwright/prodwright/internal/pgtest"
)

func ExampleManager() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	db1, err := pgtest.Start(ctx, pgtest.Config{Name: "db1"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = db1.Close() }()
	nodes := []failover.Node{{Name: "db1", URL: cluster.NewSecret(db1.URL("postgres"))}}
	for _, name := range []string{"db2", "db3"} {
		standby, err := db1.Standby(ctx, pgtest.StandbyConfig{Name: name, Synchronous: true})
		if err != nil {
			fmt.Println(err)
			return
		}
		nodes = append(nodes, failover.Node{Name: name, URL: cluster.NewSecret(standby.URL("postgres"))})
	}

	done := make(chan failover.Plan, 1)
	m, err := failover.New(failover.Config{
		Nodes: nodes, Register: new(failover.Memory),
		OnStep: func(p failover.Plan, _ failover.Step) {
			if p.Phase == failover.Done {
				done <- p
			}
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ended := make(chan error)
	go func() { ended <- m.Run(ctx) }()
	for m.Status().Record.Known.Primary == "" {
		time.Sleep(time.Millisecond)
	}
	if err := db1.Kill(); err != nil {
		fmt.Println(err)
		return
	}
	p := <-done
	fmt.Println(p.From, "was replaced:", p.Reason)
	fmt.Println("by one of its standbys:", p.To == "db2" || p.To == "db3", "after", len(p.Steps), "steps")
	cancel()
	fmt.Println(<-ended)
	// Output:
	// db1 was replaced: db1 does not answer
	// by one of its standbys: true after 5 steps
	// context canceled
}

func ExampleConfig() {
	_, err := failover.New(failover.Config{Nodes: []failover.Node{{Name: "db1"}}, TTL: -1})
	fmt.Println(err)
	// Output:
	// failover: invalid configuration:
	// Nodes[0].URL is empty: must be as in postgres://admin@host:5432/postgres
	// Nodes has 1: must have two at least
	// Register is nil: all managers of the cluster must share one
	// TTL is -1ns: must be 1s at least, or 0 for 3s
}

func ExampleNode() {
	n := failover.Node{Name: "db2", URL: cluster.NewSecret("postgres://admin:s3cret@db2/postgres"), Address: "10.0.0.2:5432", Priority: 1}
	fmt.Println(n.Name, n.URL, n.Address, n.Priority)
	// Output: db2 [redacted] 10.0.0.2:5432 1
}

func ExampleRegister() {
	var r failover.Register = new(failover.Memory)
	ctx := context.Background()
	first, err := r.Swap(ctx, []byte("mine"), "")
	fmt.Println(first != "", err)
	_, err = r.Swap(ctx, []byte("mine, too"), "") // of another manager, at the same time
	fmt.Println(errors.Is(err, failover.ErrConflict))
	// Output:
	// true <nil>
	// true
}

func ExampleMemory() {
	var m failover.Memory
	value, version, err := m.Load(context.Background())
	fmt.Printf("%q %q %v\n", value, version, err)
	// Output: "" "" <nil>
}

func ExamplePostgres() {
	ctx := context.Background()
	srv, err := pgtest.Start(ctx, pgtest.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = srv.Close() }()
	pool, err := pgxpool.New(ctx, srv.URL("postgres")) // of another server than those that are managed
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()
	register := failover.NewPostgres(pool, "orders")
	if err := register.Migrate(ctx); err != nil {
		fmt.Println(err)
		return
	}
	version, err := register.Swap(ctx, []byte("{}"), "")
	fmt.Println(version, err)
	// Output: 1 <nil>
}

func ExampleQuerier() {
	var _ failover.Querier = (*pgxpool.Pool)(nil)
	// Output:
}

func ExampleRecord() {
	r := failover.Record{Epoch: 3, Holder: "host-a", Known: failover.Known{Primary: "db1", Timeline: 1, Names: "ANY 1 (db2, db3)"}}
	fmt.Println(r.Holder, "may act, in epoch", r.Epoch)
	// Output: host-a may act, in epoch 3
}

func ExampleKnown() {
	k := failover.Known{Primary: "db1", Timeline: 1, Names: "ANY 1 (db2, db3)"}
	fmt.Println(k.Primary, "waits for", k.Names)
	// Output: db1 waits for ANY 1 (db2, db3)
}

func ExamplePlan() {
	p := failover.Plan{Phase: failover.Promoting, From: "db1", To: "db2", Taken: []failover.Taken{{Node: "db2"}, {Node: "db3"}}}
	fmt.Println(p.Phase, p.To, "instead of", p.From)
	// Output: promoting db2 instead of db1
}

func ExampleTaken() {
	t := failover.Taken{Node: "db2", Received: 0x4005cb8}
	fmt.Println(t.Node, "has the log up to", t.Received)
	// Output: db2 has the log up to 0/4005CB8
}

func ExampleStep() {
	s := failover.Step{At: time.Unix(1_700_000_000, 0).UTC(), Text: "promote db2"}
	fmt.Println(s.At.Format(time.TimeOnly), s.Text)
	// Output: 22:13:20 promote db2
}

func ExamplePhase() {
	fmt.Println(failover.Revoking, failover.Promoting, failover.Repointing, failover.Done)
	// Output: revoking promoting repointing done
}

func ExampleManager_Switchover() {
	ctx := context.Background()
	db1, err := pgtest.Start(ctx, pgtest.Config{Name: "db1"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = db1.Close() }()
	db2, err := db1.Standby(ctx, pgtest.StandbyConfig{Name: "db2", Synchronous: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := failover.New(failover.Config{
		Nodes: []failover.Node{
			{Name: "db1", URL: cluster.NewSecret(db1.URL("postgres"))},
			{Name: "db2", URL: cluster.NewSecret(db2.URL("postgres"))},
		},
		Register: new(failover.Memory),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	ended := make(chan error)
	go func() { ended <- m.Run(ctx) }()

	if err := m.Switchover(ctx, "db1"); errors.Is(err, failover.ErrRefused) {
		fmt.Println(err)
	}
	fmt.Println(m.Switchover(ctx, "db2"))
	last := m.Status().Record.History
	for len(last) == 0 { // it is published a moment later
		time.Sleep(time.Millisecond)
		last = m.Status().Record.History
	}
	fmt.Println(last[0].From, "was replaced by", last[0].To, "because", last[0].Reason)
	cancel()
	fmt.Println(<-ended)
	// Output:
	// failover: refused: db1 is the primary
	// <nil>
	// db1 was replaced by db2 because a switchover was asked for
	// context canceled
}

func ExampleManager_Pause() {
	ctx := context.Background()
	var register failover.Memory
	nodes := []failover.Node{{Name: "db1", URL: cluster.NewSecret("postgres://db1/postgres")}, {Name: "db2", URL: cluster.NewSecret("postgres://db2/postgres")}}
	m, err := failover.New(failover.Config{Nodes: nodes, Register: &register}) // of a command line, it does not run
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(m.Pause(ctx, "new memory for db1, by jane"))
	value, _, _ := register.Load(ctx)
	fmt.Println(strings.Contains(string(value), `"paused":"new memory for db1, by jane"`))
	fmt.Println(m.Resume(ctx))
	// Output:
	// <nil>
	// true
	// <nil>
}

func ExampleDecision() {
	alert := func(d failover.Decision) {
		if d.Severity == failover.Critical {
			fmt.Println("wake somebody up:", d.Text)
		}
	}
	c := failover.Config{OnDecision: alert} // and Nodes, Register
	c.OnDecision(failover.Decision{Severity: failover.Info, Text: "db2 is promoted"})
	c.OnDecision(failover.Decision{Severity: failover.Critical, Text: "db1 does not answer: a failover begins"})
	// Output: wake somebody up: db1 does not answer: a failover begins
}

func ExampleSeverity() {
	fmt.Println(failover.Info, failover.Warning, failover.Critical)
	// Output: info warning critical
}

func ExampleRejoining() {
	c := failover.Config{Rejoin: func(ctx context.Context, r failover.Rejoining) error {
		host, port, err := net.SplitHostPort(r.Address)
		if err != nil {
			return err
		}
		// A script of yours stops the server if it runs, runs pg_rewind, sets primary_conninfo, and starts it.
		cmd := exec.CommandContext(ctx, "echo", "ssh", r.Node, "rejoin", host, port)
		out, err := cmd.Output()
		fmt.Print(string(out))
		return err
	}}
	err := c.Rejoin(context.Background(), failover.Rejoining{Node: "db1", State: cluster.Stale, Primary: "db2", Address: "10.0.0.2:5432", Timeline: 2})
	fmt.Println(err)
	// Output:
	// ssh db1 rejoin 10.0.0.2 5432
	// <nil>
}

func ExampleRequest() {
	r := failover.Record{Request: &failover.Request{ID: "cli-1", To: "db2"}}
	fmt.Println("somebody wants", r.Request.To)
	// Output: somebody wants db2
}

func ExampleAnswer() {
	r := failover.Record{Answers: []failover.Answer{{ID: "cli-1", Refused: "db2 is the primary"}}}
	fmt.Println(r.Answers[0].Refused)
	// Output: db2 is the primary
}

func ExampleStatus() {
	nodes := []failover.Node{{Name: "db1", URL: cluster.NewSecret("postgres://db1/postgres")}, {Name: "db2", URL: cluster.NewSecret("postgres://db2/postgres")}}
	m, err := failover.New(failover.Config{ID: "host-a", Nodes: nodes, Register: new(failover.Memory)})
	if err != nil {
		fmt.Println(err)
		return
	}
	s := m.Status()
	fmt.Println(s.ID, "leads:", s.Leads)
	// Output: host-a leads: false
}

func ExampleConfig_Fast() {
	c := failover.Config{TTL: 2 * time.Second}.Fast()
	fmt.Println(c.TTL, c.Patience, c.Probes.ProbeTimeout)
	// Output: 2s -1ns 300ms
}
