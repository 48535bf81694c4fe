package checks

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/prodwright/prodwright/metrics/health"
)

// Errors of [Postgres], to test for with errors.Is. When the pool has no connection to give, the last three tell why: one
// connection beside the pool finds out.
var (
	// ErrDatabaseDown means that the database could not be reached, did not answer or does not serve.
	ErrDatabaseDown = errors.New("the database is down")
	// ErrDatabaseFull means that the database answers, but has reached its own limit of connections, whoever has them.
	ErrDatabaseFull = errors.New("the database answers, but takes no more connections")
	// ErrPoolExhausted means that the database answers but every connection of the pool is in use. It is this instance
	// that is overloaded or leaks connections, not the database.
	ErrPoolExhausted = errors.New("the pool is exhausted, the database answers")
	// ErrPoolUnavailable means that the database answers but the pool gives out no connection although it could have one:
	// it is closed or suspended, or one of its hooks refuses the connections.
	ErrPoolUnavailable = errors.New("the pool gives out no connection, the database answers")
)

// Postgres checks that a statement gets through the pool, by SELECT 1. When it does not, the error says who is to blame:
// [ErrDatabaseDown], [ErrDatabaseFull], [ErrPoolExhausted] or [ErrPoolUnavailable]. It observes "in_use" and "max"
// connections. The check is named "postgres" and critical.
func Postgres(p *pgxpool.Pool) health.Check {
	return health.Check{Name: "postgres", Dependency: true, Func: func(ctx context.Context) error {
		err := throughPool(ctx, p)
		s := p.Stat()
		health.Observe(ctx, "in_use", s.AcquiredConns())
		health.Observe(ctx, "max", s.MaxConns())
		if refused, ok := errors.AsType[*acquireError](err); ok {
			return blame(ctx, p, refused)
		}
		if err != nil {
			return fmt.Errorf("%w: %w", ErrDatabaseDown, err)
		}
		return nil
	}}
}

// acquireError is the failure to get a connection.
type acquireError struct {
	err           error
	inUse, atMost int32 // connections of the pool, then
}

func (e *acquireError) Error() string { return e.err.Error() }
func (e *acquireError) Unwrap() error { return e.err }

// blame says why the pool gave out no connection.
func blame(ctx context.Context, p *pgxpool.Pool, refused *acquireError) error {
	exhausted := refused.inUse >= refused.atMost
	direct := refused.err
	if _, tried := errors.AsType[*pgconn.ConnectError](direct); !tried {
		direct = besidePool(ctx, p)
	}
	answer, ok := errors.AsType[*pgconn.PgError](direct)
	full := ok && answer.Code == tooManyConnections
	switch {
	case direct != nil && !full:
		return fmt.Errorf("%w: %w", ErrDatabaseDown, direct)
	case exhausted:
		return fmt.Errorf("%w: %d of %d connections in use", ErrPoolExhausted, refused.inUse, refused.atMost)
	case full:
		return fmt.Errorf("%w: %w", ErrDatabaseFull, direct)
	}
	return fmt.Errorf("%w: %w", ErrPoolUnavailable, refused)
}

// tooManyConnections is the SQLSTATE too_many_connections (PostgreSQL, appendix A), by which the limits of the server,
// of the role and of the database are reported.
const tooManyConnections = "53300"

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
			s := p.Stat()
			return &acquireError{err, s.AcquiredConns(), s.MaxConns()}
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
