package pool_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

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

// serverSees reports whether a count on the shared server is at least one.
func serverSees(t *testing.T, sql string, args ...any) bool {
	t.Helper()
	return count(t, sql, args...) > 0
}
