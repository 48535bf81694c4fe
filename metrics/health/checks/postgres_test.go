package checks_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/internal/pgtest"
	"github.com/prodwright/prodwright/metrics/health"
	"github.com/prodwright/prodwright/metrics/health/checks"
	"github.com/prodwright/prodwright/pool"
)

func TestPostgresTellsExhaustedFromDown(t *testing.T) {
	t.Parallel()
	server := pgtest.New(t, pgtest.Config{SCRAM: true})
	pool, err := pgxpool.New(t.Context(), server.URL("postgres")+"&pool_max_conns=2")
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	check := checks.Postgres(pool)
	check.Timeout, check.MaxAge = time.Minute, -1
	r := run(t, check)
	require.NoError(t, r.Err)
	require.EqualValues(t, 2, r.Observed["max"])

	var held []*pgxpool.Conn
	for range 2 {
		c, err := pool.Acquire(t.Context())
		require.NoError(t, err)
		held = append(held, c)
	}
	check.Timeout = 2 * time.Second
	r = run(t, check)
	require.ErrorIs(t, r.Err, checks.ErrPoolExhausted)
	require.EqualError(t, r.Err, "the pool is exhausted, the database answers: 2 of 2 connections in use")

	require.NoError(t, server.Kill())
	r = run(t, check)
	require.ErrorIs(t, r.Err, checks.ErrDatabaseDown, "also when the pool is exhausted")
	for _, c := range held {
		c.Release()
	}
	r = run(t, check)
	require.ErrorIs(t, r.Err, checks.ErrDatabaseDown)
	require.NotContains(t, r.Err.Error(), server.Password())

	require.NoError(t, server.Start(t.Context()))
	check.Timeout = time.Minute
	require.NoError(t, run(t, check).Err)
}

func TestPostgresThatHangsIsDown(t *testing.T) {
	t.Parallel()
	server := pgtest.New(t, pgtest.Config{})
	pool, err := pgxpool.New(t.Context(), server.URL("postgres"))
	require.NoError(t, err)
	check := checks.Postgres(pool)
	require.NoError(t, run(t, check).Err)
	require.NoError(t, server.Hang())
	check.Timeout = 200 * time.Millisecond
	require.Equal(t, health.Fail, run(t, check).Status)
	require.NoError(t, server.Continue())
	pool.Close()
}

// A server that has reached max_connections answers, so nobody may call it down.
func TestPostgresThatIsFull(t *testing.T) {
	t.Parallel()
	server := pgtest.New(t, pgtest.Config{Parameters: map[string]string{"max_connections": "5", "superuser_reserved_connections": "0"}})
	full, err := pgxpool.New(t.Context(), server.URL("postgres")+"&pool_max_conns=5")
	require.NoError(t, err)
	t.Cleanup(full.Close)
	for range 5 {
		require.Eventually(t, func() bool { // sessions of the start may still be ending
			c, err := full.Acquire(t.Context())
			if err == nil {
				t.Cleanup(c.Release)
			}
			return err == nil
		}, time.Minute, 10*time.Millisecond)
	}
	check := checks.Postgres(full)
	check.Timeout = 4 * time.Second
	r := run(t, check)
	require.ErrorIs(t, r.Err, checks.ErrPoolExhausted)
	require.NotErrorIs(t, r.Err, checks.ErrDatabaseDown)

	other, err := pgxpool.New(t.Context(), server.URL("postgres"))
	require.NoError(t, err)
	t.Cleanup(other.Close)
	check = checks.Postgres(other)
	check.Timeout = time.Minute
	r = run(t, check)
	require.ErrorIs(t, r.Err, checks.ErrDatabaseFull, "it is not this pool that has them")
	require.NotErrorIs(t, r.Err, checks.ErrDatabaseDown)
	require.ErrorContains(t, r.Err, "too many clients")
}

// A pool that gives out no connection says nothing about the database.
func TestPostgresBehindAPoolThatRefuses(t *testing.T) {
	t.Parallel()
	server := pgtest.New(t, pgtest.Config{})
	suspended, err := pool.New(t.Context(), pool.Config{URL: pool.NewSecret(server.URL("postgres"))})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, suspended.Close(context.WithoutCancel(t.Context()))) })
	suspended.Suspend()
	closed, err := pgxpool.New(t.Context(), server.URL("postgres"))
	require.NoError(t, err)
	closed.Close()
	cfg, err := pgxpool.ParseConfig(server.URL("postgres"))
	require.NoError(t, err)
	cfg.PrepareConn = func(context.Context, *pgx.Conn) (bool, error) { return true, errors.New("not today") }
	hooked, err := pgxpool.NewWithConfig(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(hooked.Close)
	for want, p := range map[string]*pgxpool.Pool{"context deadline exceeded": suspended.Raw(), "closed pool": closed, "not today": hooked} {
		check := checks.Postgres(p)
		check.Timeout = 4 * time.Second
		r := run(t, check)
		require.ErrorIs(t, r.Err, checks.ErrPoolUnavailable, want)
		require.NotErrorIs(t, r.Err, checks.ErrDatabaseDown, want)
		require.ErrorContains(t, r.Err, want)
	}

	suspended.Resume()
	check := checks.Postgres(suspended.Raw())
	check.Timeout = time.Minute
	require.NoError(t, run(t, check).Err)
	require.NoError(t, server.Kill())
	require.ErrorIs(t, run(t, checks.Postgres(closed)).Err, checks.ErrDatabaseDown, "which is worse")
}
