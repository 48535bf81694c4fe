package pool_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/pool"
)

type pgxQuerier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

func parallel(t *testing.T, n int, f func() error) {
	t.Helper()
	errs := make(chan error, n)
	for range n {
		go func() { errs <- f() }()
	}
	for range n {
		require.NoError(t, <-errs)
	}
}

func databaseOf(t *testing.T, url pool.Secret) string {
	t.Helper()
	cfg, err := pgx.ParseConfig(url.Reveal())
	require.NoError(t, err)
	return cfg.Database
}

// take acquires a connection, however short the pool's patience is on a busy machine.
func take(t *testing.T, p *pool.Pool) (c *pgxpool.Conn) {
	t.Helper()
	eventually(t, "a connection is free", func() bool {
		var err error
		c, err = p.Acquire(t.Context())
		return err == nil
	})
	return c
}

// exhausted returns a pool of two connections that are both taken, and how to give them back.
func exhausted(t *testing.T, cfg pool.Config) (*pool.Pool, func()) {
	t.Helper()
	cfg.Size, cfg.MaxOverflow = 1, 1
	p := open(t, cfg)
	var conns []*pgxpool.Conn
	for range 2 {
		conns = append(conns, take(t, p))
	}
	release := sync.OnceFunc(func() {
		for _, c := range conns {
			c.Release()
		}
	})
	t.Cleanup(release)
	return p, release
}

func TestAcquireTimeoutIsExplainedByEveryMethod(t *testing.T) {
	t.Parallel()
	p, _ := exhausted(t, pool.Config{URL: sharedURL(t), AcquireTimeout: 50 * time.Millisecond})
	ctx := t.Context()
	for name, call := range map[string]func() error{
		"Acquire":     func() error { _, err := p.Acquire(ctx); return err },
		"AcquireFunc": func() error { return p.AcquireFunc(ctx, nil) },
		"Exec":        func() error { _, err := p.Exec(ctx, "select 1"); return err },
		"Query":       func() error { rows, err := p.Query(ctx, "select 1"); rows.Close(); return err },
		"Query rows": func() error {
			rows, _ := p.Query(ctx, "select 1")
			require.False(t, rows.Next())
			require.Equal(t, rows.Err(), rows.Scan(nil))
			_, err := rows.Values()
			require.Equal(t, rows.Err(), err)
			return rows.Err()
		},
		"SendBatch":      func() error { return p.SendBatch(ctx, batch("select 1")).Close() },
		"SendBatch Exec": func() error { _, err := p.SendBatch(ctx, batch("select 1")).Exec(); return err },
		"SendBatch Query": func() error {
			rows, err := p.SendBatch(ctx, batch("select 1")).Query()
			require.Equal(t, err, rows.Err())
			return err
		},
		"SendBatch QueryRow": func() error { return p.SendBatch(ctx, batch("select 1")).QueryRow().Scan(nil) },
		"QueryRow":           func() error { return p.QueryRow(ctx, "select 1").Scan(nil) },
		"Begin":              func() error { _, err := p.Begin(ctx); return err },
		"BeginTx":            func() error { _, err := p.BeginTx(ctx, pgx.TxOptions{}); return err },
		"CopyFrom":           func() error { _, err := p.CopyFrom(ctx, nil, nil, nil); return err },
		"Ping":               func() error { return p.Ping(ctx) },
		"Check":              func() error { return p.Check(ctx) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := call()
			require.ErrorIs(t, err, pool.ErrAcquireTimeout)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			var ae *pool.AcquireError
			require.ErrorAs(t, err, &ae)
			require.Equal(t, 50*time.Millisecond, ae.Limit)
			require.Equal(t, 2, ae.Stats.CheckedOut)
			require.Len(t, ae.Holders, 2)
			require.GreaterOrEqual(t, ae.Holders[0].Held, ae.Holders[1].Held)
			require.Contains(t, err.Error(), "size 1+1, in use 2, idle 0, connecting 0, waiting ")
			require.Contains(t, err.Error(), fmt.Sprintf("held longest by pid %d for ", ae.Holders[0].PID))
		})
	}
}

func batch(sql string) *pgx.Batch {
	b := &pgx.Batch{}
	b.Queue(sql)
	return b
}

func TestSendBatch(t *testing.T) {
	t.Parallel()
	p := open(t, pool.Config{URL: sharedURL(t)})
	results := p.SendBatch(t.Context(), batch("select 7"))
	var n int
	require.NoError(t, results.QueryRow().Scan(&n))
	require.Equal(t, 7, n)
	require.NoError(t, results.Close())
	require.ErrorContains(t, p.SendBatch(t.Context(), batch("select nonsense")).Close(), "42703")
	require.Zero(t, p.Stats().CheckedOut)
}

// A wait is explained by a failure to connect only if that happened meanwhile.
func TestAcquireTimeoutDoesNotBlameAnOldFailure(t *testing.T) {
	t.Parallel()
	proxy := listen(t, shared.Addr())
	p, release := exhausted(t, pool.Config{URL: replace(sharedURL(t), shared.Addr(), proxy.Addr()), PingAfter: -1, AcquireTimeout: 100 * time.Millisecond})
	proxy.Refuse()
	release()
	p.Evict()
	var ce *pool.ConnectError
	eventually(t, "no connection can be made", func() bool { return errors.As(p.Check(t.Context()), &ce) })
	p.Suspend()
	err := p.Check(t.Context())
	require.ErrorIs(t, err, pool.ErrAcquireTimeout)
	require.NotContains(t, err.Error(), "last attempt to connect")
}

func TestAcquireTimeoutLimitsTheRawPool(t *testing.T) {
	t.Parallel()
	p, _ := exhausted(t, pool.Config{URL: sharedURL(t), AcquireTimeout: 50 * time.Millisecond})
	_, err := p.Raw().Exec(t.Context(), "select 1")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NoError(t, t.Context().Err())
}

func TestAcquireTimeoutDoesNotLimitTheWork(t *testing.T) {
	t.Parallel()
	p := open(t, pool.Config{URL: sharedURL(t), AcquireTimeout: 20 * time.Millisecond, MinConns: 1, ConnectTimeout: hang})
	c := take(t, p)
	defer c.Release()
	_, err := c.Exec(t.Context(), "select pg_sleep(0.2)")
	require.NoError(t, err)
}

func TestCallersContextEndsTheWait(t *testing.T) {
	t.Parallel()
	p, release := exhausted(t, pool.Config{URL: sharedURL(t), AcquireTimeout: -1})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	_, err := p.Acquire(ctx)
	var ae *pool.AcquireError
	require.ErrorAs(t, err, &ae)
	require.Zero(t, ae.Limit)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NotErrorIs(t, err, pool.ErrAcquireTimeout)

	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	_, err = p.Acquire(ctx)
	require.ErrorIs(t, err, context.Canceled)

	// Without a limit an acquire waits until a connection comes back.
	got := make(chan error, 1)
	go func() { got <- p.Ping(t.Context()) }()
	eventually(t, "one waits", func() bool { return p.Stats().Waiting == 1 })
	release()
	require.NoError(t, <-got)
	require.Zero(t, p.Stats().Waiting)
}

// 1 000 goroutines on 10 connections: each gets its turn, the server never sees an eleventh.
func TestManyGoroutinesOnFewConnections(t *testing.T) {
	t.Parallel()
	var out, most atomic.Int64
	p := open(t, pool.Config{
		URL: sharedURL(t), Size: 6, MaxOverflow: 4, AcquireTimeout: hang, LeakThreshold: hang,
		OnCheckout: func(context.Context, *pgx.Conn) { storeMax(&most, out.Add(1)) },
		OnCheckin:  func(*pgx.Conn) { out.Add(-1) },
	})
	_, err := p.Exec(t.Context(), "create table hits (n int)")
	require.NoError(t, err)
	parallel(t, 1000, func() error {
		for range 3 {
			if _, err := p.Exec(t.Context(), "insert into hits values (1)"); err != nil {
				return err
			}
		}
		return nil
	})
	var n int
	require.NoError(t, p.QueryRow(t.Context(), "select count(*) from hits").Scan(&n))
	require.Equal(t, 3000, n)
	require.LessOrEqual(t, most.Load(), int64(10))
	require.Zero(t, out.Load(), "each checkout has its checkin")
	s := p.Stats()
	require.LessOrEqual(t, s.CheckedIn+s.CheckedOut, 10)
	require.Zero(t, s.Waiting)
	require.Empty(t, p.Holders())
}

func TestManyGoroutinesWithoutPatience(t *testing.T) {
	t.Parallel()
	p := open(t, pool.Config{URL: sharedURL(t), Size: 10, MaxOverflow: -1, AcquireTimeout: 100 * time.Millisecond, LeakThreshold: hang, LeakSampleEvery: 1})
	var timeouts atomic.Int64
	parallel(t, 1000, func() error {
		err := p.AcquireFunc(t.Context(), func(c *pgxpool.Conn) error {
			_, err := c.Exec(t.Context(), "select pg_sleep(0.5)")
			return err
		})
		if ae, ok := errors.AsType[*pool.AcquireError](err); ok {
			if len(ae.Holders) > 0 && !strings.Contains(err.Error(), "acquire_test.go") {
				return fmt.Errorf("the error names no holder: %w", err)
			}
			timeouts.Add(1)
			return nil
		}
		return err
	})
	require.Positive(t, timeouts.Load())
	require.Less(t, timeouts.Load(), int64(1000))
	eventually(t, "all waits are over", func() bool { return p.Stats().Waiting == 0 })
}

func TestSuspendHoldsAcquiresBack(t *testing.T) {
	t.Parallel()
	p := open(t, pool.Config{URL: sharedURL(t), AcquireTimeout: hang})
	held, err := p.Acquire(t.Context())
	require.NoError(t, err)
	p.Suspend()
	p.Suspend()
	require.True(t, p.Stats().Suspended)
	_, err = held.Exec(t.Context(), "select 1") // what is checked out goes on
	require.NoError(t, err)
	held.Release()

	got := make(chan error, 2)
	go func() { got <- p.Ping(t.Context()) }()
	go func() { got <- p.Raw().Ping(t.Context()) }()
	eventually(t, "both wait", func() bool { return p.Stats().Waiting == 2 })

	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	err = p.Ping(ctx)
	require.ErrorIs(t, err, pool.ErrSuspended)
	require.ErrorIs(t, err, context.DeadlineExceeded)

	p.Resume()
	p.Resume()
	require.NoError(t, <-got)
	require.NoError(t, <-got)
	require.False(t, p.Stats().Suspended)
}

func TestSuspendIsBoundedByTheAcquireTimeout(t *testing.T) {
	t.Parallel()
	p := open(t, pool.Config{URL: sharedURL(t), AcquireTimeout: 30 * time.Millisecond})
	p.Suspend()
	err := p.Ping(t.Context())
	require.ErrorIs(t, err, pool.ErrSuspended)
	require.ErrorIs(t, err, pool.ErrAcquireTimeout)
}

func storeMax(v *atomic.Int64, n int64) {
	for old := v.Load(); n > old && !v.CompareAndSwap(old, n); old = v.Load() {
	}
}
