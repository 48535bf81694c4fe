package pool_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/internal/faultproxy"
	"github.com/prodwright/prodwright/pool"
)

func TestCloseNamesTheHolders(t *testing.T) {
	t.Parallel()
	p, err := pool.New(t.Context(), pool.Config{URL: sharedURL(t), LeakThreshold: hang, LeakSampleEvery: 1})
	require.NoError(t, err)
	leaked, err := p.Acquire(t.Context())
	require.NoError(t, err)
	pid := leaked.Conn().PgConn().PID()

	// A statement that runs on the leaked connection ends with the forced close.
	running := make(chan error, 1)
	go func() { _, err := leaked.Exec(context.Background(), "select pg_sleep(600)"); running <- err }()
	eventually(t, "the statement runs", func() bool {
		return serverSees(t, "select count(*) from pg_stat_activity where pid = $1 and state = 'active'", pid)
	})

	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err = p.Close(ctx)
	var ce *pool.CloseError
	require.ErrorAs(t, err, &ce)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Len(t, ce.Holders, 1)
	require.Equal(t, pid, ce.Holders[0].PID)
	require.Contains(t, err.Error(), "TestCloseNamesTheHolders (close_test.go:")
	require.Error(t, <-running)

	require.ErrorIs(t, p.Ping(t.Context()), pool.ErrClosed)
	_, err = p.Acquire(t.Context())
	require.ErrorIs(t, err, pool.ErrClosed)
	require.ErrorIs(t, p.SendBatch(t.Context(), batch("select 1")).Close(), pool.ErrClosed)
	leaked.Release()
	closePool(t, p)
	require.NoError(t, p.Close(t.Context()), "again")
}

func TestCloseWaitsForConnectionsInUse(t *testing.T) {
	t.Parallel()
	p, err := pool.New(t.Context(), pool.Config{URL: sharedURL(t)})
	require.NoError(t, err)
	held, err := p.Acquire(t.Context())
	require.NoError(t, err)
	closed := make(chan error, 1)
	go func() { closed <- p.Close(t.Context()) }()
	eventually(t, "acquires are refused", func() bool { return p.Ping(t.Context()) != nil })
	_, err = held.Exec(t.Context(), "select 1")
	require.NoError(t, err, "work in progress goes on")
	held.Release()
	require.NoError(t, <-closed)
}

func TestCloseEndsTheWaitOfAcquires(t *testing.T) {
	t.Parallel()
	for name, suspended := range map[string]bool{"for a free connection": false, "at the gate": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := pool.New(t.Context(), pool.Config{URL: sharedURL(t), Size: 1, MaxOverflow: -1, AcquireTimeout: -1})
			require.NoError(t, err)
			held, err := p.Acquire(t.Context())
			require.NoError(t, err)
			if suspended {
				p.Suspend()
			}
			waiting := make(chan error, 1)
			go func() { waiting <- p.Ping(t.Context()) }()
			eventually(t, "one waits", func() bool { return p.Stats().Waiting == 1 })
			closed := make(chan error, 1)
			go func() { closed <- p.Close(t.Context()) }()
			require.ErrorIs(t, <-waiting, pool.ErrClosed)
			held.Release()
			require.NoError(t, <-closed)
		})
	}
}

// A connection that is being opened is of no use any more.
func TestCloseGivesUpWhatIsBeingOpened(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]faultproxy.Fault{"no answer": {Partition: faultproxy.ServerToClient}, "hook hangs": {}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			proxy := listen(t, shared.Addr())
			first := true
			p, err := pool.New(t.Context(), pool.Config{
				URL: replace(sharedURL(t), shared.Addr(), proxy.Addr()), MinConns: 1, ConnectTimeout: time.Hour,
				Configure: func(c *pgxpool.Config) error {
					c.BeforeConnect = func(ctx context.Context, _ *pgx.ConnConfig) error {
						switch {
						case first:
							first = false
						case fault.Partition == faultproxy.None:
							<-ctx.Done()
						default:
							proxy.SetFault(fault)
						}
						return ctx.Err()
					}
					return nil
				},
			})
			require.NoError(t, err)
			eventually(t, "one is being opened", func() bool {
				return p.Stats().Connecting == 1 && (fault.Partition == faultproxy.None || proxy.Stats().Accepted == 2)
			})
			closePool(t, p)
		})
	}
}

func TestCloseCountsWhatIsBeingClosed(t *testing.T) {
	t.Parallel()
	leave := make(chan struct{})
	p, err := pool.New(t.Context(), pool.Config{URL: sharedURL(t), MinConns: -1, Configure: func(c *pgxpool.Config) error {
		c.BeforeClose = func(*pgx.Conn) { <-leave }
		return nil
	}})
	require.NoError(t, err)
	require.NoError(t, p.Check(t.Context()))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.EqualError(t, p.Close(ctx), "pool: close: context deadline exceeded with 1 connections being opened or closed")
	close(leave)
	closePool(t, p)
}

func TestCloseOfAnEmptyPoolNeedsNoTime(t *testing.T) {
	t.Parallel()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for range 20 {
		p, err := pool.New(t.Context(), pool.Config{URL: sharedURL(t), MinConns: -1})
		require.NoError(t, err)
		require.NoError(t, p.Close(ended))
	}
}

// serverSees reports whether a count on the shared server is at least one.
func serverSees(t *testing.T, sql string, args ...any) bool {
	t.Helper()
	return count(t, sql, args...) > 0
}
