package pgxmon_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/multitracer"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/prodwright/prodwright/metrics"
	"github.com/prodwright/prodwright/metrics/pgxmon"
	"github.com/prodwright/prodwright/pool"
)

// counts prints what it is told of durations; a service has a metrics.Registry instead.
type counts struct {
	metrics.Discard

	got []string
}

type observed struct {
	c  *counts
	id string
}

func (o observed) Observe(float64) { o.c.got = append(o.c.got, o.id) }

func (c *counts) Histogram(name string, labels ...metrics.Label) metrics.Histogram {
	return observed{c, fmt.Sprint(name, " ", labels)}
}

func Example() {
	ctx := context.Background()
	tracer, err := pgxmon.New(metrics.Discard{}, pgxmon.Config{}) // or a registry
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := pool.New(ctx, pool.Config{
		URL: pool.NewSecret(shared.URL("postgres")), Size: 4, MaxOverflow: -1, Tracers: []pgx.QueryTracer{tracer},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	sampler, err := pgxmon.NewPoolSampler(metrics.Discard{}, "primary", p.Raw().Stat, pgxmon.PoolConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}
	conn, err := p.Acquire(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(sampler.Saturation(ctx)) // a signal for scaling, a value for an alert
	conn.Release()
	fmt.Println(p.Close(ctx))
	// Output:
	// 0.25 <nil>
	// <nil>
}

// Without package pool, and beside another tracer.
func ExampleTracer() {
	ctx := context.Background()
	c := &counts{}
	tracer, err := pgxmon.New(c, pgxmon.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	cfg, err := pgx.ParseConfig(shared.URL("postgres"))
	if err != nil {
		fmt.Println(err)
		return
	}
	cfg.Tracer = multitracer.New(tracer, noop{})
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close(ctx)
	_, _ = conn.Exec(ctx, "select 1")
	_, _ = conn.Exec(ctx, "delete from absent")
	fmt.Println(strings.Join(c.got, "\n"))
	// Output:
	// db_connect_duration_seconds [{outcome ok}]
	// db_query_duration_seconds [{operation select} {outcome ok}]
	// db_query_duration_seconds [{operation delete} {outcome error}]
}

func ExampleConfig() {
	cfg := pgxmon.Config{SlowQuery: -time.Second, LogLength: 5000}
	fmt.Println(cfg.Validate())
	cfg = pgxmon.Config{SlowQuery: 200 * time.Millisecond, Names: true}
	fmt.Println(cfg.Validate())
	// Output:
	// SlowQuery is -1s: must be positive, -1 for none, or 0 for 1s
	// LogLength is 5000: must be between 1 and 1024, or 0 for 100
	// <nil>
}

func ExampleStatement() {
	ctx := context.Background()
	tracer, err := pgxmon.New(metrics.Discard{}, pgxmon.Config{
		SlowQuery: time.Nanosecond, // here everything is slow
		Logger:    slog.New(slog.DiscardHandler),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	cfg, err := pgx.ParseConfig(shared.URL("postgres"))
	if err != nil {
		fmt.Println(err)
		return
	}
	cfg.Tracer = tracer
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close(ctx)
	_, _ = conn.Exec(ctx, "SELECT 'ada' WHERE 5 IN (1, 2, 3)")
	_, _ = conn.Exec(ctx, "SELECT 'bob' WHERE 7 IN (1, 2, 3, 4)")
	for _, s := range tracer.Slowest(10) {
		fmt.Println(s.Fingerprint, s.Count, s.SQL)
	}
	// Output:
	// cf6b0d90306742d1 2 select ? where ? in (?)
}

func ExampleNormalize() {
	fmt.Println(pgxmon.Normalize("INSERT INTO users (id, name) VALUES (1, 'ada'), (2, 'bob') -- both"))
	fmt.Println(pgxmon.Normalize(`ALTER ROLE app PASSWORD 'hunter2'`))
	// Output:
	// insert into users(id, name) values (?)
	// alter role app password ?
}

func ExamplePoolSampler() {
	ctx := context.Background()
	p, err := pgxpool.New(ctx, shared.URL("postgres")+"&pool_max_conns=2")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer p.Close()
	sampler, err := pgxmon.NewPoolSampler(metrics.Discard{}, "primary", p.Stat, pgxmon.PoolConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}
	running, stop := context.WithCancel(ctx)
	done := make(chan error)
	go func() { done <- sampler.Run(running) }() // or as a part of package lifecycle
	stop()
	fmt.Println(<-done)
	// Output:
	// <nil>
}

func ExamplePoolConfig() {
	cfg := pgxmon.PoolConfig{Interval: time.Millisecond}
	fmt.Println(cfg.Validate())
	// Output:
	// Interval is 1ms: must be at least 100ms, or 0 for 10s
}

func ExamplePoolStatus() {
	ctx := context.Background()
	p, err := pgxpool.New(ctx, shared.URL("postgres")+"&pool_max_conns=2")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer p.Close()
	sampler, err := pgxmon.NewPoolSampler(metrics.Discard{}, "primary", p.Stat, pgxmon.PoolConfig{Size: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	conn, err := p.Acquire(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Release()
	s, ok := sampler.Sample()
	fmt.Println(ok, s.Acquired, "of", s.Max, s.Saturation)
	// Output:
	// true 1 of 2 0.5
}
