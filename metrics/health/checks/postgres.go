package checks

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/prodwright/prodwright/metrics/health"
)

// Errors of [Postgres], to test for with errors.Is.
var (
	// ErrPoolExhausted means that the database answers but every connection of the pool is in use. It is this instance
	// that is overloaded or leaks connections, not the database.
	ErrPoolExhausted = errors.New("the pool is exhausted, the database answers")
	// ErrDatabaseDown means that the database could not be reached or did not answer.
	ErrDatabaseDown = errors.New("the database does not answer")
)

// Postgres checks that a statement gets through the pool, by SELECT 1. When it does not, the error tells whether the
// pool has no connection to spare ([ErrPoolExhausted], found out by one connection beside the pool) or the database is
// to blame ([ErrDatabaseDown]). It observes "in_use" and "max" connections. The check is named "postgres" and critical.
func Postgres(p *pgxpool.Pool) health.Check {
	return health.Check{Name: "postgres", Dependency: true, Func: func(ctx context.Context) error {
		err := throughPool(ctx, p)
		s := p.Stat()
		health.Observe(ctx, "in_use", s.AcquiredConns())
		health.Observe(ctx, "max", s.MaxConns())
		if err == nil {
			return nil
		}
		if !errors.Is(err, errNoConnection) {
			return fmt.Errorf("%w: %w", ErrDatabaseDown, err)
		}
		if direct := besidePool(ctx, p); direct != nil {
			return fmt.Errorf("%w: %w", ErrDatabaseDown, direct)
		}
		return fmt.Errorf("%w: %d of %d connections in use", ErrPoolExhausted, s.AcquiredConns(), s.MaxConns())
	}}
}

// errNoConnection marks an acquire that ended by its deadline while all connections were in use.
var errNoConnection = errors.New("no connection became free")

// throughPool takes at most half of the time that ctx leaves, so that there is some left to find out why it failed.
func throughPool(ctx context.Context, p *pgxpool.Pool) error {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(deadline)/2)
		defer cancel()
	}
	for attempt := int32(0); ; attempt++ {
		c, err := p.Acquire(ctx)
		if err != nil {
			if s := p.Stat(); ctx.Err() != nil && s.AcquiredConns() >= s.MaxConns() {
				return fmt.Errorf("%w: %w", errNoConnection, err)
			}
			return err
		}
		err = selectOne(ctx, c.Conn())
		stale := err != nil && c.Conn().IsClosed() && ctx.Err() == nil
		c.Release()
		// A connection that the server closed long ago says nothing about the server of now. The pool drops it, so the
		// next attempt gets another one.
		if !stale || attempt == p.Stat().MaxConns() {
			return err
		}
	}
}

// besidePool connects once as the pool would.
func besidePool(ctx context.Context, p *pgxpool.Pool) error {
	cfg := p.Config() // a copy
	if cfg.BeforeConnect != nil {
		if err := cfg.BeforeConnect(ctx, cfg.ConnConfig); err != nil {
			return err
		}
	}
	cfg.ConnConfig.Tracer = nil
	conn, err := pgx.ConnectConfig(ctx, cfg.ConnConfig)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	return selectOne(ctx, conn)
}

func selectOne(ctx context.Context, c *pgx.Conn) error {
	var one int
	return c.QueryRow(ctx, "select 1", pgx.QueryExecModeExec).Scan(&one)
}
