package pglog_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/logging/pglog"
)

// over returns a context that is done.
func over() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// storedNext requires that a sink that comes after another one stores what that left, each of n records once.
func storedNext(t *testing.T, url, dir string, n int) {
	t.Helper()
	next := open(t, url, pglog.Config{SpillDir: dir})
	eventually(t, "what was left is stored", func() bool { return next.Stats().SpillFiles == 0 })
	write(t, next, n, 1)
	closed(t, next)
	once(t, url, "application_logs", n+1)
}

// Close with a context that is done keeps everything, and what is called afterwards returns.
func TestCloseWithoutTime(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	dir := t.TempDir()
	s := open(t, url, pglog.Config{SpillDir: dir, BatchInterval: time.Hour})
	write(t, s, 0, 500)
	require.ErrorIs(t, s.Close(over()), context.Canceled)
	require.ErrorIs(t, s.Close(t.Context()), context.Canceled, "what the first said")
	require.ErrorIs(t, s.Close(over()), context.Canceled)
	require.ErrorIs(t, s.Sync(t.Context()), context.Canceled)
	require.ErrorIs(t, s.Write(numbered(500, zapcore.FatalLevel)), pglog.ErrClosed)
	require.ErrorContains(t, s.Maintain(t.Context()), "maintain application_logs")
	require.Zero(t, s.Stats().Queued)
	storedNext(t, url, dir, 500)
}

// Without a spill what cannot be stored in time is lost, counted and returned.
func TestCloseWithoutTimeAndSpill(t *testing.T) {
	t.Parallel()
	s := open(t, nowhere, pglog.Config{BatchInterval: time.Hour})
	write(t, s, 0, 50)
	require.ErrorContains(t, s.Close(over()), "50 records are lost")
	require.Equal(t, map[string]int64{"closed ERROR": 50}, s.Stats().DroppedBy)
	require.ErrorContains(t, s.Sync(t.Context()), "50 records are lost", "and returns")
}

// Sync after a Close that stored everything has nothing to say.
func TestSyncAfterClose(t *testing.T) {
	t.Parallel()
	for _, durable := range []bool{false, true} {
		s := open(t, sharedURL(t), pglog.Config{SpillDir: t.TempDir(), Durable: durable})
		write(t, s, 0, 5)
		closed(t, s)
		require.NoError(t, s.Sync(t.Context()))
		require.NoError(t, s.Close(t.Context()))
		require.ErrorIs(t, s.Write(numbered(5, zapcore.FatalLevel)), pglog.ErrClosed)
	}
}

// Writers, Syncs and Closes at the same time: what was acknowledged is kept, once, and everything returns.
func TestCloseWhileOthersWrite(t *testing.T) {
	t.Parallel()
	for _, durable := range []bool{false, true} {
		url := sharedURL(t)
		dir := t.TempDir()
		var taken atomic.Int64
		for range 5 {
			s := open(t, url, pglog.Config{SpillDir: dir, Durable: durable, BatchRows: 20})
			var all sync.WaitGroup
			for range 4 {
				all.Go(func() {
					for {
						err := s.Write(numbered(0, zapcore.InfoLevel))
						if errors.Is(err, pglog.ErrFull) { // not taken, and the sink is behind
							time.Sleep(time.Millisecond)
							continue
						}
						if err != nil {
							if !errors.Is(err, pglog.ErrClosed) {
								t.Error(err)
							}
							return
						}
						if taken.Add(1)%64 == 0 {
							time.Sleep(time.Millisecond)
						}
					}
				})
			}
			time.Sleep(5 * time.Millisecond)
			for i := range 3 {
				all.Go(func() {
					_ = s.Sync(t.Context())
					ctx := t.Context()
					if i == 1 {
						ctx = over()
					}
					_ = s.Close(ctx)
				})
			}
			all.Wait()
		}
		next := open(t, url, pglog.Config{SpillDir: dir})
		eventually(t, "what was left is stored", func() bool { return next.Stats().SpillFiles == 0 })
		closed(t, next)
		require.Equal(t, taken.Load(), query[int64](t, url, "select count(*) from application_logs"))
	}
}

// OnError that never returns costs nothing but itself.
func TestOnErrorBlocks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		blocked, release := make(chan struct{}), make(chan struct{})
		var first sync.Once
		s := silent(t, pglog.Config{SpillDir: dir, BatchInterval: 10 * time.Millisecond, SendTimeout: 100 * time.Millisecond, OnError: func(error) {
			first.Do(func() { close(blocked) })
			<-release
		}})
		write(t, s, 0, 10)
		<-blocked
		write(t, s, 10, 10)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		require.ErrorContains(t, s.Close(ctx), "OnError does not return")
		close(release)
		require.Equal(t, int64(20), s.Stats().Spilled)
		require.Zero(t, s.Stats().Dropped)
	})
	storedNext(t, sharedURL(t), dir, 20)
}

// A server that is stopped keeps neither callers nor Close.
func TestCloseWhileServerHangs(t *testing.T) {
	t.Parallel()
	srv := server(t)
	url := srv.URL("postgres")
	for _, known := range []bool{false, true} {
		dir := t.TempDir()
		s := open(t, url, pglog.Config{SpillDir: dir, SendTimeout: map[bool]time.Duration{false: hang, true: 200 * time.Millisecond}[known]})
		write(t, s, 0, 50)
		allStored(t, s, 50)
		require.NoError(t, srv.Hang())
		write(t, s, 50, 50)
		if known {
			eventually(t, "it is known", func() bool { return s.Stats().Down > 0 })
		}
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		err := s.Close(ctx)
		cancel()
		t.Log(err)
		require.Zero(t, s.Stats().Dropped)
		require.NoError(t, srv.Continue())
		storedNext(t, url, dir, 100)
		execute(t, url, "truncate application_logs")
	}
}

// hostPool returns a pool of the host's with so many connections.
func hostPool(t *testing.T, url string, size int32) *pgxpool.Pool {
	t.Helper()
	pc, err := pgxpool.ParseConfig(url)
	require.NoError(t, err)
	pc.MaxConns = size
	pool, err := pgxpool.NewWithConfig(t.Context(), pc)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return pool
}

// The host has the only connection of its pool, and logs.
func TestPoolOfOneConnection(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	pool := hostPool(t, url, 1)
	dir := t.TempDir()
	s, err := pglog.New(pool, pglog.Config{SpillDir: dir, BatchInterval: 5 * time.Millisecond, SendTimeout: 300 * time.Millisecond, RetryMax: 50 * time.Millisecond})
	require.NoError(t, err)
	for n := range 3 {
		conn, err := pool.Acquire(t.Context())
		require.NoError(t, err)
		write(t, s, 10*n, 9)
		require.NoError(t, s.Write(numbered(10*n+9, zapcore.FatalLevel)), "which waits until it is safe")
		st := s.Stats()
		require.Zero(t, st.Queued)
		require.Positive(t, st.SpillFiles)
		conn.Release()
		eventually(t, "all is stored", func() bool { return s.Stats().Stored == int64(10*n+10) })
		require.NoError(t, s.Maintain(t.Context()))
	}
	conn, err := pool.Acquire(t.Context())
	require.NoError(t, err)
	write(t, s, 30, 10)
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	_ = s.Close(ctx)
	conn.Release()
	storedNext(t, url, dir, 40)
}

// The host closes its pool before the sink.
func TestPoolIsClosedFirst(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	pool := hostPool(t, url, 2)
	dir := t.TempDir()
	s, err := pglog.New(pool, pglog.Config{SpillDir: dir, Level: "INFO", BatchInterval: 5 * time.Millisecond, RetryMax: 50 * time.Millisecond})
	require.NoError(t, err)
	write(t, s, 0, 10)
	allStored(t, s, 10)
	pool.Close()
	write(t, s, 10, 10)
	eventually(t, "that is an outage", func() bool { return s.Stats().Spilled == 10 })
	require.Contains(t, s.Stats().LastError, "closed pool")
	closed(t, s)
	storedNext(t, url, dir, 20)

	pool = hostPool(t, url, 2)
	s, err = pglog.New(pool, pglog.Config{BatchInterval: time.Hour})
	require.NoError(t, err)
	write(t, s, 0, 10)
	pool.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	require.ErrorContains(t, s.Close(ctx), "10 records are lost")
}
