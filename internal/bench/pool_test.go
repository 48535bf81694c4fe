package bench

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/prodwright/prodwright/internal/pgtest"
	"github.com/prodwright/prodwright/pool"
)

// BenchmarkPoolAcquireRelease compares taking and giving back a connection with bare pgxpool.
func BenchmarkPoolAcquireRelease(b *testing.B) {
	url := pgtest.New(b, pgtest.Config{}).URL("postgres")
	bare := func() *pgxpool.Pool {
		p, err := pgxpool.New(b.Context(), url)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(p.Close)
		return p
	}
	ours := func(cfg pool.Config) *pool.Pool {
		cfg.URL = pool.NewSecret(url)
		p, err := pool.New(b.Context(), cfg)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = p.Close(context.Background()) })
		return p
	}
	defaults := ours(pool.Config{})
	compare(b, 5000,
		acquireRelease(b, "pgxpool", bare(), 0),
		acquireRelease(b, "pgxpool-again", bare(), 0), // how much of a ratio is noise
		acquireRelease(b, "pool-defaults", defaults, 1.05),
		acquireRelease(b, "pool-raw", defaults.Raw(), 1.05),
		acquireRelease(b, "pool-leak-detection", ours(pool.Config{LeakThreshold: 30 * time.Second}), 1.25),
		acquireRelease(b, "pool-leak-every-stack", ours(pool.Config{LeakThreshold: 30 * time.Second, LeakSampleEvery: 1}), 0),
	)
}

type acquirer interface {
	Acquire(ctx context.Context) (*pgxpool.Conn, error)
}

func acquireRelease(b *testing.B, name string, p acquirer, limit float64) variant {
	b.Helper()
	ctx := b.Context()
	return variant{name: name, max: limit, run: func(n int) {
		for range n {
			c, err := p.Acquire(ctx)
			if err != nil {
				b.Fatal(err)
			}
			c.Release()
		}
	}}
}

// BenchmarkPoolSelect compares a whole query through the pool's own method.
func BenchmarkPoolSelect(b *testing.B) {
	url := pgtest.New(b, pgtest.Config{}).URL("postgres")
	bare, err := pgxpool.New(b.Context(), url)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(bare.Close)
	p, err := pool.New(b.Context(), pool.Config{URL: pool.NewSecret(url)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = p.Close(context.Background()) })
	query := func(scan func(dest ...any) error) {
		var one int
		if err := scan(&one); err != nil {
			b.Fatal(err)
		}
	}
	compare(b, 200,
		variant{name: "pgxpool", run: func(n int) {
			for range n {
				query(bare.QueryRow(b.Context(), "select 1").Scan)
			}
		}},
		variant{name: "pool", run: func(n int) {
			for range n {
				query(p.QueryRow(b.Context(), "select 1").Scan)
			}
		}},
	)
}
