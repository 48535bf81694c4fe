package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/prodwright/prodwright/cluster"
	"github.com/prodwright/prodwright/cluster/failover"
	"github.com/prodwright/prodwright/internal/pgtest"
)

// result is what came out of one round.
type result struct {
	Timeline                            []string
	Acknowledged, Failed, Unknown, Lost int
	gap                                 time.Duration
}

// round takes a primary away once.
func round(ctx context.Context, stop, fast bool) (r result, err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	servers, err := start(ctx)
	if err != nil {
		return r, err
	}
	defer func() { _ = servers[0].Close() }()
	var nodes []cluster.NodeConfig
	var managed []failover.Node
	for _, s := range servers {
		url := cluster.NewSecret(s.URL("postgres"))
		nodes = append(nodes, cluster.NodeConfig{Name: s.Name(), URL: url})
		managed = append(managed, failover.Node{Name: s.Name(), URL: url})
	}

	var began time.Time
	told := make(chan string, 100)
	done := make(chan failover.Plan, 1)
	cfg := failover.Config{Nodes: managed, Register: new(failover.Memory), OnStep: func(p failover.Plan, s failover.Step) {
		told <- fmt.Sprintf("+%4d ms  %s", s.At.Sub(began).Milliseconds(), s.Text)
		if p.Phase == failover.Done {
			done <- p
		}
	}}
	if fast {
		cfg = cfg.Fast()
	}
	m, err := failover.New(cfg)
	if err != nil {
		return r, err
	}
	managing, release := context.WithCancel(ctx)
	var runs sync.WaitGroup
	defer runs.Wait()
	defer release()
	runs.Go(func() { _ = m.Run(managing) })
	c, err := cluster.Open(ctx, cluster.Config{Nodes: nodes})
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, c.Close(ctx)) }()
	for m.Status().Record.Known.Names == "" || c.Report().Primary == "" {
		time.Sleep(10 * time.Millisecond)
	}

	l := load(ctx, c)
	time.Sleep(time.Second)
	began = time.Now()
	if stop {
		err = servers[0].Hang()
	} else {
		err = servers[0].Kill()
	}
	if err != nil {
		return r, err
	}
	select {
	case p := <-done:
		time.Sleep(time.Second)
		if stop {
			err = servers[0].Continue()
			time.Sleep(time.Second)
		}
		l.end()
		close(told)
		for text := range told {
			r.Timeline = append(r.Timeline, text)
		}
		first := l.firstAfter(began)
		r.Timeline = append(r.Timeline, fmt.Sprintf("+%4d ms  the first write is acknowledged", first.Milliseconds()))
		slices.Sort(r.Timeline)
		return l.compare(ctx, c, r), errors.Join(err, known(servers, p.To))
	case <-ctx.Done():
		l.end()
		return r, fmt.Errorf("nobody was promoted: %w", ctx.Err())
	}
}

// known says whether a name is one of the servers'.
func known(servers []*pgtest.Server, name string) error {
	for _, s := range servers[1:] {
		if s.Name() == name {
			return nil
		}
	}
	return fmt.Errorf("%q was promoted, which is none of the standbys", name)
}

// start starts a primary with two standbys, one of which must have what is acknowledged.
func start(ctx context.Context) ([]*pgtest.Server, error) {
	primary, err := pgtest.Start(ctx, pgtest.Config{Name: "db1"})
	if err != nil {
		return nil, err
	}
	servers := []*pgtest.Server{primary}
	for _, name := range []string{"db2", "db3"} {
		standby, err := primary.Standby(ctx, pgtest.StandbyConfig{Name: name, Synchronous: true})
		if err != nil {
			return nil, errors.Join(err, primary.Close())
		}
		servers = append(servers, standby)
	}
	return servers, primary.Exec(ctx, "postgres", "create table orders (id bigint primary key)")
}
