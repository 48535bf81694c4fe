package cluster_test

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/prodwright/prodwright/cluster"
)

// three returns the same replicas to all examples.
func three() []*cluster.Replica {
	return []*cluster.Replica{
		cluster.NewReplica(cluster.ReplicaConfig{Name: "db1", Zone: "a", Latency: 9 * time.Millisecond, InFlight: 4, LagBytes: 0}),
		cluster.NewReplica(cluster.ReplicaConfig{Name: "db2", Zone: "b", Latency: time.Millisecond, InFlight: 3, LagBytes: 4711}),
		cluster.NewReplica(cluster.ReplicaConfig{Name: "db3", Zone: "b", Latency: time.Millisecond, InFlight: 1, LagBytes: 4711}),
	}
}

// show prints which replicas a selector selects.
func show(ctx context.Context, s cluster.ReplicaSelector, n int) {
	for range n {
		rs := three()
		i, _ := s.SelectReplica(ctx, rs)
		fmt.Print(rs[i].Name(), " ")
	}
}

func ExampleRoundRobin() {
	show(context.Background(), new(cluster.RoundRobin), 5)
	// Output: db1 db2 db3 db1 db2
}

func ExampleLeastInFlight() {
	show(context.Background(), cluster.LeastInFlight{}, 3)
	// Output: db3 db3 db3
}

func ExampleLeastLag() {
	show(context.Background(), cluster.LeastLag{}, 3)
	// Output: db1 db1 db1
}

func ExampleSticky() {
	ctx := cluster.WithKey(context.Background(), "user-4711")
	show(ctx, cluster.Sticky{}, 3)
	// Output: db1 db1 db1
}

func ExampleZoneFirst() {
	show(context.Background(), &cluster.ZoneFirst{Zone: "b", Then: cluster.LeastInFlight{}}, 3)
	// Output: db3 db3 db3
}

func ExampleWeighted() {
	rs := []*cluster.Replica{
		cluster.NewReplica(cluster.ReplicaConfig{Name: "small", Weight: 1}), cluster.NewReplica(cluster.ReplicaConfig{Name: "large", Weight: 9}),
	}
	large := 0
	for range 10_000 {
		i, _ := cluster.Weighted{}.SelectReplica(context.Background(), rs)
		large += i
	}
	fmt.Println(large > 8_700 && large < 9_300)
	// Output: true
}

func ExamplePowerOfTwo() {
	var s cluster.PowerOfTwo
	counts := map[string]int{}
	for range 1000 {
		rs := three()
		i, _ := s.SelectReplica(context.Background(), rs)
		counts[rs[i].Name()]++
	}
	fmt.Println("the slow one:", counts["db1"], "the idle one is first:", counts["db3"] > counts["db2"])
	// Output: the slow one: 0 the idle one is first: true
}

func ExampleReplica() {
	r := three()[1]
	fmt.Println(r.Name(), r.Zone(), r.Weight(), r.Latency().Round(time.Microsecond), r.InFlight(), r.LagBytes())
	// Output: db2 b 1 1ms 3 4711
}

func ExampleReplicaConfig() {
	r := cluster.NewReplica(cluster.ReplicaConfig{Name: "db2", Lag: time.Second}) // for a test of a selector
	fmt.Println(r.Name(), r.Lag())
	// Output: db2 1s
}

func ExampleReplicaSelector() {
	var s cluster.ReplicaSelector = cluster.LeastLag{}
	i, ok := s.SelectReplica(context.Background(), three())
	fmt.Println(i, ok)
	// Output: 0 true
}

func ExampleNodeConfig() {
	node := cluster.NodeConfig{Name: "db1", URL: cluster.NewSecret("postgres://app:s3cret@db1:5432/app"), Zone: "eu-west-1a", Weight: 2}
	fmt.Println(node.Name, node.URL)
	// Output: db1 [redacted]
}

func ExamplePoolSize() {
	cfg := cluster.Config{Primary: cluster.PoolSize{Size: 20, MaxOverflow: 30}} // which are the defaults
	fmt.Println(cfg.Primary.Size + cfg.Primary.MaxOverflow)
	// Output: 50
}

func ExampleReplicaPoolSize() {
	cfg := cluster.Config{Replica: cluster.ReplicaPoolSize{Size: 10, MaxOverflow: -1}}
	fmt.Println(cfg.Replica.Size)
	// Output: 10
}

func ExampleWithoutReplica() {
	var w cluster.WithoutReplica
	fmt.Println(w.UnmarshalText([]byte("error")), w == cluster.FailTheReads)
	fmt.Println(w.UnmarshalText([]byte("retry")))
	// Output:
	// <nil> true
	// "retry" is none of primary, error
}

func ExampleSecret() {
	url := cluster.NewSecret("postgres://app:s3cret@db1/app")
	fmt.Println(url, len(url.Reveal()))
	// Output: [redacted] 29
}

func ExampleEvent() {
	e := cluster.Event{At: time.Unix(1_700_000_000, 0).UTC(), Kind: cluster.PrimaryFound, Node: "db2", Timeline: 2}
	text, err := json.Marshal(e)
	fmt.Println(string(text), err)
	// Output: {"at":"2023-11-14T22:13:20Z","kind":"primary found","node":"db2","timeline":2} <nil>
}

func ExampleEventKind() {
	for _, kind := range []cluster.EventKind{cluster.PrimaryFound, cluster.PrimaryLost, cluster.StateChanged, cluster.NodeMoved, cluster.NodeJoined, cluster.NodeLeft, cluster.DiscoveryFailed, cluster.SplitBrain} {
		fmt.Println(kind)
	}
	// Output:
	// primary found
	// primary lost
	// state changed
	// node moved
	// node joined
	// node left
	// discovery failed
	// split brain
}

func ExampleFailover() {
	began := time.Unix(1_700_000_000, 0).UTC()
	f := cluster.Failover{From: "db1", To: "db2", Timeline: 2, LastAnswer: began, Lost: began.Add(200 * time.Millisecond), Found: began.Add(900 * time.Millisecond)}
	fmt.Println(f.From, f.To, "noticed after", f.Lost.Sub(f.LastAnswer), "writes waited", f.Found.Sub(f.Lost))
	// Output: db1 db2 noticed after 200ms writes waited 700ms
}

func ExampleNodeReport() {
	n := cluster.NodeReport{Name: "db2", State: cluster.Readable, Health: cluster.Up, Status: cluster.Status{Role: cluster.Standby, Timeline: 1}}
	fmt.Println(n.Name, n.State, n.Health, n.Status.Role)
	// Output: db2 readable up standby
}

func ExampleState() {
	for s := cluster.Unusable; s <= cluster.Foreign; s++ {
		fmt.Print(s, " ")
	}
	// Output: unusable writable readable stale rival behind diverged foreign
}

func ExampleHealth() {
	for h := cluster.Starting; h <= cluster.Down; h++ {
		fmt.Print(h, " ")
	}
	// Output: starting up suspect down
}

func ExampleRole() {
	fmt.Println(cluster.Unknown, cluster.Primary, cluster.Standby)
	// Output: unknown primary standby
}

func ExampleStatus() {
	s := cluster.Status{Role: cluster.Standby, Timeline: 1, Received: 300, Replayed: 200, Paused: true}
	fmt.Println(s.Role, "has", uint64(s.Received-s.Replayed), "bytes that it has not replayed")
	// Output: standby has 100 bytes that it has not replayed
}
