package pgxmon_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics"
	"github.com/prodwright/prodwright/metrics/pgxmon"
	"github.com/prodwright/prodwright/pool"
)

func newSampler(t *testing.T, c metrics.Collector, stat func() *pgxpool.Stat, cfg pgxmon.PoolConfig) *pgxmon.PoolSampler {
	t.Helper()
	s, err := pgxmon.NewPoolSampler(c, "primary", stat, cfg)
	require.NoError(t, err)
	return s
}

// A pool of one connection, for which two wait: one too long.
func TestAcquire(t *testing.T) {
	t.Parallel()
	c := newRecorder()
	p := openPool(t, sharedURL(t), 1, newTracer(t, c, pgxmon.Config{}))
	s := newSampler(t, c, p.Stat, pgxmon.PoolConfig{Size: 1})
	ctx := t.Context()
	held, err := p.Acquire(ctx)
	require.NoError(t, err)

	status, ok := s.Sample()
	require.True(t, ok)
	require.Equal(t, []any{1, 0, 1, 1, 1.0}, []any{status.Size, status.Idle, status.Acquired, status.Max, status.Saturation})
	saturation, err := s.Saturation(ctx)
	require.NoError(t, err)
	require.InDelta(t, 1, saturation, 0)

	short, cancel := expired(ctx, nil)
	defer cancel()
	_, err = p.Acquire(short)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	gone, cancel := context.WithCancel(ctx)
	cancel()
	_, err = p.Acquire(gone)
	require.ErrorIs(t, err, context.Canceled)

	before := p.Stat().AcquireCount()
	done := make(chan error)
	began := make(chan struct{})
	go func() {
		close(began)
		conn, err := p.Acquire(ctx)
		if err == nil {
			conn.Release()
		}
		done <- err
	}()
	<-began
	time.Sleep(20 * time.Millisecond) // most likely it waits now; what is tested does not depend on it
	held.Release()
	require.NoError(t, <-done)
	require.Equal(t, before+1, p.Stat().AcquireCount())

	require.Equal(t, map[string]float64{
		`db_pool_acquire_duration_seconds_count{outcome="ok"}`:       2,
		`db_pool_acquire_duration_seconds_count{outcome="timeout"}`:  1,
		`db_pool_acquire_duration_seconds_count{outcome="canceled"}`: 1,
	}, c.counts("db_pool_acquire_duration"))
	require.InDelta(t, 2, c.all()["db_pool_acquires_total"], 0)
	require.InDelta(t, 2, c.all()["db_pool_releases_total"], 0)

	status, ok = s.Sample()
	require.True(t, ok)
	stat := p.Stat()
	require.Equal(t, stat.CanceledAcquireCount(), status.CanceledAcquires)
	for id, want := range map[string]float64{
		"db_pool_size":                       1,
		"db_pool_idle":                       1,
		"db_pool_acquired":                   0,
		"db_pool_constructing":               0,
		"db_pool_max":                        1,
		"db_pool_overflow":                   0,
		"db_pool_saturation_ratio":           0,
		"db_pool_canceled_acquires_total":    float64(stat.CanceledAcquireCount()),
		"db_pool_empty_acquires_total":       float64(stat.EmptyAcquireCount()),
		"db_pool_acquire_wait_seconds_total": stat.EmptyAcquireWaitTime().Seconds(),
		"db_pool_new_connections_total":      1,
	} {
		require.InDelta(t, want, c.all()[id+`{pool="primary"}`], 1e-9, id)
	}
	require.GreaterOrEqual(t, status.CanceledAcquires, int64(1))
	last, ok := s.Status()
	require.True(t, ok)
	require.Equal(t, status, last)
}

// The acquire of a connection that has to be opened first, by a server that is not there.
func TestAcquireFails(t *testing.T) {
	t.Parallel()
	if shared == nil {
		t.Skip("PostgreSQL is not installed; TestMain said how to install it")
	}
	c := newRecorder()
	p := openPool(t, shared.URL("absent"), 1, newTracer(t, c, pgxmon.Config{}))
	_, err := p.Exec(t.Context(), "select 1")
	require.Error(t, err)
	require.InDelta(t, 1, c.all()[`db_pool_acquire_duration_seconds_count{outcome="error"}`], 0)
	require.InDelta(t, 1, c.all()[`db_connect_errors_total{class="3D"}`], 0)
	require.InDelta(t, 0, c.all()["db_pool_acquires_total"], 0)
	require.Empty(t, c.counts("db_query"), "there was no query")
}

// Connections that end because of their age are counted, and a new pool behind the same name goes on counting.
func TestTotalsOfPools(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	c := newRecorder()
	var now *pgxpool.Pool
	s := newSampler(t, c, func() *pgxpool.Stat {
		if now == nil {
			return nil
		}
		return now.Stat()
	}, pgxmon.PoolConfig{})
	_, ok := s.Sample()
	require.False(t, ok)
	_, ok = s.Status()
	require.False(t, ok)
	_, err := s.Saturation(t.Context())
	require.ErrorIs(t, err, pgxmon.ErrNoPool)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.Saturation(ctx)
	require.ErrorIs(t, err, context.Canceled)

	const opened = `db_pool_new_connections_total{pool="primary"}`
	for i, want := range []float64{3, 4, 5} {
		now = openPool(t, url, 3, nil)
		var held []*pgxpool.Conn
		for range map[int]int{0: 3, 1: 1, 2: 1}[i] {
			conn, err := now.Acquire(t.Context())
			require.NoError(t, err)
			held = append(held, conn)
		}
		for range 2 {
			status, ok := s.Sample()
			require.True(t, ok)
			require.InDelta(t, float64(len(held))/3, status.Saturation, 1e-9)
		}
		if i < 2 {
			require.InDelta(t, want, c.all()[opened], 0)
		}
		for _, conn := range held {
			conn.Release()
		}
	}
	require.InDelta(t, 4, c.all()[opened], 0, "a pool that has counted as far as the one before cannot be told from it")

	cfg, err := pgxpool.ParseConfig(url)
	require.NoError(t, err)
	cfg.MaxConnLifetime, cfg.MaxConnLifetimeJitter = 20*time.Millisecond, 0
	aging, err := pgxpool.NewWithConfig(t.Context(), cfg)
	require.NoError(t, err)
	defer aging.Close()
	now = aging
	eventually(t, "a connection is too old", func() bool {
		_, _ = aging.Exec(t.Context(), "select 1") // fails when even a new one is too old
		s.Sample()
		return c.all()[`db_pool_max_lifetime_destroys_total{pool="primary"}`] > 0
	})
}

// The pool of package pool has all of it too, and its overflow.
func TestPackagePool(t *testing.T) {
	t.Parallel()
	c := newRecorder()
	tracer := newTracer(t, c, pgxmon.Config{})
	cfg := pool.Config{URL: pool.NewSecret(sharedURL(t)), Size: 1, MaxOverflow: 1, Tracers: []pgx.QueryTracer{tracer}}
	p, err := pool.New(t.Context(), cfg)
	require.NoError(t, err)
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), hang)
		defer cancel()
		require.NoError(t, p.Close(ctx))
	}()
	s := newSampler(t, c, p.Raw().Stat, pgxmon.PoolConfig{Size: cfg.Size})
	var held []*pgxpool.Conn
	for range 2 {
		conn, err := p.Acquire(t.Context())
		require.NoError(t, err)
		held = append(held, conn)
	}
	status, ok := s.Sample()
	require.True(t, ok)
	stats := p.Stats()
	require.Equal(t, []int{stats.CheckedOut, stats.CheckedIn, stats.MaxConns, stats.Overflow}, []int{status.Acquired, status.Idle, status.Max, status.Overflow})
	require.Equal(t, 1, status.Overflow)
	for _, conn := range held {
		_, err := conn.Exec(t.Context(), "select $1::int", 1)
		require.NoError(t, err)
		conn.Release()
	}
	require.InDelta(t, 2, c.all()[`db_query_duration_seconds_count{operation="select",outcome="ok"}`], 0)
	require.InDelta(t, 2, c.all()["db_pool_releases_total"], 0)
	require.InDelta(t, 2, c.all()["db_pool_acquires_total"], 0)
}

func TestRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		s := newSampler(t, metrics.Discard{}, func() *pgxpool.Stat { calls++; return nil }, pgxmon.PoolConfig{Interval: time.Second})
		ctx, cancel := context.WithTimeout(t.Context(), 3500*time.Millisecond)
		defer cancel()
		require.NoError(t, s.Run(ctx))
		require.Equal(t, 4, calls, "at once and each second")
		require.ErrorIs(t, s.Run(t.Context()), pgxmon.ErrRunning)
	})
}
