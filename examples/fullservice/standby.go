package main

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/prodwright/prodwright/metrics/health"
	"github.com/prodwright/prodwright/metrics/health/checks"
	"github.com/prodwright/prodwright/metrics/lifecycle"
	"github.com/prodwright/prodwright/pool"
)

// Pauses and limits around a standby that is away.
const (
	standbyAttempt = 2 * time.Second
	standbyPause   = time.Second
	standbyClose   = 5 * time.Second
)

var errNoStandby = errors.New("the standby has not been reached yet")

// standby is a database for reads that may be away, also when the service starts: then the primary is asked, and the
// standby is joined when it comes.
type standby struct{ pool atomic.Pointer[pool.Pool] }

// Query fails without delay as long as the standby has not been reached.
func (b *standby) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	if p := b.pool.Load(); p != nil {
		return p.Query(ctx, sql, args...)
	}
	return nil, errNoStandby
}

// check is of degraded severity: a standby that is away makes the service slower, not unready.
func (b *standby) check() health.Check {
	return health.Check{Name: "standby", Dependency: true, Severity: health.Degraded, Func: func(ctx context.Context) error {
		if p := b.pool.Load(); p != nil {
			return checks.Postgres(p.Raw()).Func(ctx)
		}
		return errNoStandby
	}}
}

// part tries once before it counts as started, and then until it succeeds.
func (b *standby) part(cfg func() pool.Config) lifecycle.Part {
	attempt := func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, standbyAttempt)
		defer cancel()
		p, err := pool.New(ctx, cfg())
		if err != nil {
			slog.Warn("the standby cannot be reached, the primary is asked instead", "error", err)
			return
		}
		b.pool.Store(p)
	}
	return lifecycle.Part{
		Name: "standby pool", Phase: lifecycle.Close,
		Start: func(ctx context.Context) error { attempt(ctx); return nil },
		Run: func(ctx context.Context) error {
			for b.pool.Load() == nil {
				select {
				case <-ctx.Done():
					return nil
				case <-time.After(standbyPause):
					attempt(ctx)
				}
			}
			<-ctx.Done()
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), standbyClose)
			defer cancel()
			return b.pool.Load().Close(ctx)
		},
	}
}
