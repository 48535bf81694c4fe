package pool_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/pool"
)

func TestLeakIsReportedOnceWithItsStack(t *testing.T) {
	t.Parallel()
	log := &logBuffer{}
	leaks := make(chan pool.Holder, 10)
	p := open(t, pool.Config{
		URL: sharedURL(t), LeakThreshold: 50 * time.Millisecond, LeakSampleEvery: 1,
		OnLeak: func(h pool.Holder) { leaks <- h }, Logger: log.logger(),
	})
	c := leakyHandler(t, p.Raw())
	h := <-leaks
	require.Equal(t, c.Conn().PgConn().PID(), h.PID)
	require.GreaterOrEqual(t, h.Held, 50*time.Millisecond)
	require.Contains(t, h.Caller, "leakyHandler (leak_test.go:")
	require.Contains(t, h.Stack, "TestLeakIsReportedOnceWithItsStack")
	require.Contains(t, h.String(), h.Caller)

	eventually(t, "several sweeps", func() bool { return p.Holders()[0].Held > 200*time.Millisecond })
	require.Empty(t, leaks, "reported once")
	require.EqualValues(t, 1, p.Stats().Leaks)
	require.Contains(t, log.String(), "connection held longer than the leak threshold")

	c.Release()
	eventually(t, "the return is logged", func() bool { return contains(log, "returned after all") })

	c = leakyHandler(t, p.Raw())
	<-leaks // the next one is a leak of its own
	c.Release()
}

func leakyHandler(t *testing.T, raw *pgxpool.Pool) *pgxpool.Conn {
	t.Helper()
	c, err := raw.Acquire(t.Context())
	require.NoError(t, err)
	return c
}

// With sampling the first leak may come without a stack; from then on every checkout is recorded.
func TestLeakWithoutStackTurnsSamplingOff(t *testing.T) {
	t.Parallel()
	leaks := make(chan pool.Holder, 10)
	p := open(t, pool.Config{
		URL: sharedURL(t), LeakThreshold: 20 * time.Millisecond, LeakSampleEvery: 1 << 30,
		OnLeak: func(h pool.Holder) { leaks <- h },
	})
	first := leakyHandler(t, p.Raw())
	require.Empty(t, (<-leaks).Stack)
	second := leakyHandler(t, p.Raw())
	require.Contains(t, (<-leaks).Caller, "leakyHandler")
	first.Release()
	second.Release()
}

// Stamps are coarse; a leak is still never reported before the threshold has really passed.
func TestLeakIsNotReportedEarly(t *testing.T) {
	t.Parallel()
	const threshold = 100 * time.Millisecond
	reported := make(chan time.Time, 1)
	p := open(t, pool.Config{URL: sharedURL(t), LeakThreshold: threshold, OnLeak: func(pool.Holder) { reported <- time.Now() }})
	for i := range 10 {
		time.Sleep(time.Duration(i) * threshold / 40) // at each part of the clock's tick
		began := time.Now()
		c, err := p.Acquire(t.Context())
		require.NoError(t, err)
		require.GreaterOrEqual(t, (<-reported).Sub(began), threshold)
		c.Release()
	}
}

// The pool's clock and Close do not depend on what OnLeak does, but Close does not pretend that it has ended.
func TestOnLeakBlocks(t *testing.T) {
	t.Parallel()
	entered, leave := make(chan struct{}), make(chan struct{})
	p, err := pool.New(t.Context(), pool.Config{
		URL: sharedURL(t), LeakThreshold: 20 * time.Millisecond, MinConns: -1,
		OnLeak: func(pool.Holder) { close(entered); <-leave },
	})
	require.NoError(t, err)
	leaked := leakyHandler(t, p.Raw())
	<-entered
	eventually(t, "the clock goes on", func() (goesOn bool) {
		require.NoError(t, p.AcquireFunc(t.Context(), func(*pgxpool.Conn) error {
			holders := p.Holders()
			goesOn = holders[0].Held-holders[1].Held > 500*time.Millisecond
			return nil
		}))
		return goesOn
	})
	leaked.Release()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	err = p.Close(ctx)
	var ce *pool.CloseError
	require.ErrorAs(t, err, &ce)
	require.Empty(t, ce.Holders)
	eventually(t, "only OnLeak is left", func() bool {
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		return p.Close(ended).Error() == "pool: close: context canceled with OnLeak or the Logger still running"
	})
	close(leave)
	closePool(t, p)
}

func TestOnLeakPanics(t *testing.T) {
	t.Parallel()
	log := &logBuffer{}
	p := open(t, pool.Config{URL: sharedURL(t), LeakThreshold: 20 * time.Millisecond, Logger: log.logger(), OnLeak: func(pool.Holder) { panic("in OnLeak") }})
	for n := range int64(2) {
		c := leakyHandler(t, p.Raw())
		eventually(t, "the leak is found", func() bool { return p.Stats().Leaks == n+1 })
		c.Release()
	}
	eventually(t, "it is logged", func() bool { return contains(log, "in OnLeak") })
}

func TestNoLeakIsReportedForShortCheckouts(t *testing.T) {
	t.Parallel()
	p := open(t, pool.Config{URL: sharedURL(t), LeakThreshold: hang})
	for range 100 {
		require.NoError(t, p.Ping(t.Context()))
	}
	require.Zero(t, p.Stats().Leaks)
	require.Empty(t, p.Holders())
}

func TestHijackedConnectionCountsUntilItIsClosed(t *testing.T) {
	t.Parallel()
	for name, configure := range map[string]func(*pgxpool.Config) error{
		"plain": nil,
		"wrapped": func(c *pgxpool.Config) error {
			c.ConnConfig.AfterNetConnect = func(_ context.Context, _ *pgconn.Config, nc net.Conn) (net.Conn, error) {
				return struct{ net.Conn }{nc}, nil
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := open(t, pool.Config{URL: sharedURL(t), Configure: configure})
			c, err := p.Acquire(t.Context())
			require.NoError(t, err)
			conn := c.Hijack()
			require.Len(t, p.Holders(), 1)
			require.NoError(t, conn.Close(t.Context()))
			require.Empty(t, p.Holders())
		})
	}
}
