// Failover starts a primary with two standbys, takes the primary away under load, and shows what became of it: -fault kill ends it as
// a power failure does, -fault stop freezes it and lets it wake up when it has been replaced.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/prodwright/prodwright/cluster"
	"github.com/prodwright/prodwright/cluster/failover"
	"github.com/prodwright/prodwright/examples/internal/demo"
	"github.com/prodwright/prodwright/internal/pgtest"
)

func main() {
	rounds := flag.Int("rounds", 1, "how often, each time with new servers")
	fault := flag.String("fault", "kill", "what happens to the primary: kill or stop")
	demo.Main(func(ctx context.Context, v *demo.Verdict) error {
		if *fault != "kill" && *fault != "stop" {
			return fmt.Errorf("-fault is %q: must be kill or stop", *fault)
		}
		var all []result
		for range *rounds {
			r, err := round(ctx, *fault == "stop")
			if err != nil {
				return err
			}
			all = append(all, r)
		}
		judge(v, all)
		return nil
	})
}

// judge says what came out of all rounds.
func judge(v *demo.Verdict, all []result) {
	var sum result
	var gaps []time.Duration
	for _, r := range all {
		sum.Acknowledged += r.Acknowledged
		sum.Failed += r.Failed
		sum.Unknown += r.Unknown
		sum.Lost += r.Lost
		gaps = append(gaps, r.gap)
	}
	slices.Sort(gaps)
	v.Figure("timeline", all[len(all)-1].Timeline)
	v.Figure("rounds", len(all))
	v.Figure("acknowledged", sum.Acknowledged)
	v.Figure("unknown", sum.Unknown)
	v.Figure("lost", sum.Lost)
	v.Figure("longest_gap_ms_p50", gaps[len(gaps)/2].Milliseconds())
	v.Figure("longest_gap_ms_max", gaps[len(gaps)-1].Milliseconds())
	v.Claimf(sum.Acknowledged > 0 && sum.Lost == 0, "every write that was acknowledged is there (%d, %d lost)", sum.Acknowledged, sum.Lost)
	v.Claimf(sum.Failed == 0, "no write failed; those that had no primary waited for one")
}

// result is what came out of one round.
type result struct {
	Timeline                            []string
	Acknowledged, Failed, Unknown, Lost int
	gap                                 time.Duration
}

// round takes a primary away once.
func round(ctx context.Context, stop bool) (r result, err error) {
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
	m, err := failover.New(failover.Config{Nodes: managed, Register: new(failover.Memory), OnStep: func(p failover.Plan, s failover.Step) {
		told <- fmt.Sprintf("+%4d ms  %s", s.At.Sub(began).Milliseconds(), s.Text)
		if p.Phase == failover.Done {
			done <- p
		}
	}})
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
	for m.Known().Names == "" || c.Report().Primary == "" {
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

// history is what became of writes.
type history struct {
	stop context.CancelFunc
	runs sync.WaitGroup

	mu    sync.Mutex // guards what follows
	next  int64
	acked map[int64]time.Time
	result
}

// load writes until it is ended.
func load(ctx context.Context, c *cluster.Cluster) *history {
	ctx, cancel := context.WithCancel(ctx)
	l := &history{stop: cancel, acked: map[int64]time.Time{}}
	for range 4 {
		l.runs.Go(func() {
			for ctx.Err() == nil {
				l.mu.Lock()
				l.next++
				id := l.next
				l.mu.Unlock()
				_, err := c.Writer().Exec(context.WithoutCancel(ctx), "insert into orders values ($1)", id)
				l.mu.Lock()
				switch {
				case err == nil:
					l.acked[id] = time.Now()
				case errors.Is(err, cluster.ErrOutcomeUnknown):
					l.Unknown++
				default:
					l.Failed++
				}
				l.mu.Unlock()
			}
		})
	}
	return l
}

func (l *history) end() {
	l.stop()
	l.runs.Wait()
}

// firstAfter returns how long after the fault the first write was acknowledged by the new primary: after the longest gap.
func (l *history) firstAfter(fault time.Time) time.Duration {
	times := make([]time.Time, 0, len(l.acked))
	for _, at := range l.acked {
		times = append(times, at)
	}
	slices.SortFunc(times, time.Time.Compare)
	var after time.Time
	for i := 1; i < len(times); i++ {
		if gap := times[i].Sub(times[i-1]); gap > l.gap {
			l.gap, after = gap, times[i]
		}
	}
	return after.Sub(fault)
}

// compare looks for what was acknowledged.
func (l *history) compare(ctx context.Context, c *cluster.Cluster, r result) result {
	r.Acknowledged, r.Failed, r.Unknown, r.gap, r.Lost = len(l.acked), l.Failed, l.Unknown, l.gap, len(l.acked)
	rows, err := c.Writer().Query(ctx, "select id from orders")
	if err != nil {
		return r
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return r
	}
	for _, id := range ids {
		if _, ok := l.acked[id]; ok {
			r.Lost--
		}
	}
	return r
}
