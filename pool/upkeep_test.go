package pool_test

import (
	"context"
	"math"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/pool"
)

// onlyOurs keeps pgxpool's own health check from doing the work that is tested.
func onlyOurs(c *pgxpool.Config) error {
	c.HealthCheckPeriod = time.Hour
	return nil
}

// acquireAll takes n connections and gives them back.
func acquireAll(t *testing.T, ctx context.Context, p *pool.Pool, n int) { //nolint:revive // t is first everywhere
	t.Helper()
	conns := make([]*pgxpool.Conn, n)
	for i := range conns {
		c, err := p.Acquire(ctx)
		require.NoError(t, err)
		conns[i] = c
	}
	for _, c := range conns {
		c.Release()
	}
}

func TestMinConnsAreKeptWarmWhenTheyAreRecycled(t *testing.T) {
	t.Parallel()
	p := open(t, pool.Config{URL: sharedURL(t), MinConns: 4, Recycle: 300 * time.Millisecond, Configure: onlyOurs})
	eventually(t, "all were replaced without a checkout", func() bool { s := p.Stats(); return s.Recycled >= 4 && s.CheckedIn == 4 })
	require.Zero(t, p.Stats().Acquired)
}

func TestRecycleNever(t *testing.T) {
	t.Parallel()
	for _, recycle := range []time.Duration{-1, math.MaxInt64} {
		p := open(t, pool.Config{URL: sharedURL(t), MinConns: -1, Recycle: recycle})
		acquireAll(t, t.Context(), p, 1)
		acquireAll(t, t.Context(), p, 1)
		require.EqualValues(t, 1, p.Stats().Opened)
	}
}

func TestIdleTimeoutLeavesMinConns(t *testing.T) {
	t.Parallel()
	p := open(t, pool.Config{URL: sharedURL(t), Size: 4, MinConns: 1, IdleTimeout: 200 * time.Millisecond, Configure: onlyOurs})
	acquireAll(t, t.Context(), p, 4)
	eventually(t, "idle ones closed", func() bool { return p.Raw().Stat().TotalConns() == 1 })
	for range 40 { // the last one is never closed, however long it is idle
		time.Sleep(10 * time.Millisecond)
		require.EqualValues(t, 1, p.Raw().Stat().TotalConns())
	}
}

func TestOverflowIsClosedWhenNobodyNeedsIt(t *testing.T) {
	t.Parallel()
	p := open(t, pool.Config{URL: sharedURL(t), Size: 2, MaxOverflow: 6, MinConns: -1, Configure: onlyOurs})
	acquireAll(t, t.Context(), p, 8)
	require.Equal(t, 6, p.Stats().Overflow)
	eventually(t, "those beyond the four that are needed are closed", func() bool {
		acquireAll(t, t.Context(), p, 4)
		time.Sleep(20 * time.Millisecond) // most of the time they are idle
		return p.Stats().Overflow == 2
	})
	// Had the four been closed as well, two would have been opened again. One may have been while all were looked at.
	require.Less(t, p.Stats().Opened, int64(10), "what is needed is not closed")
	eventually(t, "the others are closed as well", func() bool { s := p.Stats(); return s.Overflow == 0 && s.CheckedIn == 2 })
}

// Looking after idle connections is nobody's checkout: no hook hears of it, so none can keep it from being done, and
// connections do not look less idle.
func TestUpkeepCallsNoHook(t *testing.T) {
	t.Parallel()
	tracer := &recorder{}
	var checkouts, checkins, released atomic.Int64
	var idle atomic.Int64
	p := open(t, pool.Config{
		URL: sharedURL(t), Size: 1, MaxOverflow: 3, MinConns: -1, Tracers: []pgx.QueryTracer{tracer},
		OnCheckout: func(context.Context, *pgx.Conn) { checkouts.Add(1) },
		OnCheckin:  func(*pgx.Conn) { checkins.Add(1) },
		Configure: func(c *pgxpool.Config) error {
			c.PrepareConn = func(ctx context.Context, _ *pgx.Conn) (bool, error) {
				if ctx.Value(ctxKey{}) == nil { // a hook that needs the caller's context, and hangs without
					<-ctx.Done()
				}
				return true, nil
			}
			c.AfterRelease = func(*pgx.Conn) bool { released.Add(1); return true }
			c.ShouldPing = func(_ context.Context, params pgxpool.ShouldPingParams) bool {
				storeMax(&idle, int64(params.IdleDuration))
				return false
			}
			return nil
		},
	})
	acquireAll(t, t.Context(), p, 4)
	eventually(t, "overflow closed", func() bool { s := p.Stats(); return s.Overflow == 0 && s.CheckedIn == 1 })
	require.EqualValues(t, 4, checkouts.Load())
	require.EqualValues(t, 4, checkins.Load())
	for range 20 { // it is called on goroutines of pgxpool
		time.Sleep(5 * time.Millisecond)
		require.EqualValues(t, 4, released.Load())
	}
	tracer.mu.Lock()
	releases := len(slices.DeleteFunc(slices.Clone(tracer.events), func(e string) bool { return e != "release" }))
	tracer.mu.Unlock()
	require.Equal(t, 4, releases)
	acquireAll(t, t.Context(), p, 1)
	require.Greater(t, time.Duration(idle.Load()), 2*time.Second, "it was idle since it came back, at least as long as overflow is kept")
	require.EqualValues(t, 5, checkouts.Load())
	require.Zero(t, p.Stats().Invalid)
}
