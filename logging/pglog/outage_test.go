package pglog_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/internal/pgtest"
	"github.com/prodwright/prodwright/logging"
	"github.com/prodwright/prodwright/logging/pglog"
)

// server starts one that a test may break.
func server(t *testing.T) *pgtest.Server {
	t.Helper()
	return pgtest.New(t, pgtest.Config{Durable: true})
}

// writing writes numbered records at a pace until it is stopped. The result of stop is how many there were.
func writing(t *testing.T, s *pglog.Sink, writers int, pause time.Duration, line func(n int) *logging.Record) (stop func() int) {
	t.Helper()
	var number atomic.Int64
	var all sync.WaitGroup
	done := make(chan struct{})
	for range writers {
		all.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				for range 10 {
					if err := s.Write(line(int(number.Add(1) - 1))); err != nil {
						t.Errorf("not taken: %v", err)
					}
				}
				time.Sleep(pause)
			}
		})
	}
	return func() int {
		close(done)
		all.Wait()
		return int(number.Load())
	}
}

// The server is killed and started twice while four goroutines log. Nothing is lost and nothing stored twice, and each line
// that the owner's rules refuse is a dead letter, once.
func TestOutageUnderLoad(t *testing.T) {
	t.Parallel()
	srv := server(t)
	url := srv.URL("postgres")
	require.NoError(t, pglog.Migrate(t.Context(), connect(t, url), pglog.Config{}))
	execute(t, url, rules)
	dir := t.TempDir()
	s := open(t, url, pglog.Config{ // the writers wait for room: they may be faster than the disk of a busy machine
		SpillDir: dir, BatchRows: 200, SendTimeout: 5 * time.Second, SegmentBytes: 64 << 10, Policy: pglog.Block, BlockTimeout: hang,
	})
	stop := writing(t, s, 4, 5*time.Millisecond, campaignRecord)
	for range 2 {
		stored := s.Stats().Stored
		eventually(t, "rows are stored", func() bool { return s.Stats().Stored > stored+1000 })
		require.NoError(t, srv.Kill())
		spilled := s.Stats().Spilled
		eventually(t, "records go to disk", func() bool { return s.Stats().Spilled > spilled+2000 })
		require.NoError(t, srv.Start(t.Context()))
	}
	eventually(t, "it is up again", func() bool { return s.Stats().Down == 0 })
	n := stop() // the writers may be faster than the replay on a busy machine
	eventually(t, "the spill is empty", func() bool { return s.Stats().SpillFiles == 0 })
	closed(t, s)
	st := s.Stats()
	onceButPoison(t, url, n, dir, st)
	require.Equal(t, int64(n), st.Accepted)
	require.Zero(t, st.Dropped)
	require.Zero(t, st.Corrupt)
}

// A server that hangs is worse than one that is gone: nothing says so.
func TestServerHangs(t *testing.T) {
	t.Parallel()
	srv := server(t)
	url := srv.URL("postgres")
	s := open(t, url, pglog.Config{SpillDir: t.TempDir(), BatchRows: 100, SendTimeout: 500 * time.Millisecond, Policy: pglog.Block, BlockTimeout: hang})
	stop := writing(t, s, 2, 5*time.Millisecond, func(n int) *logging.Record { return numbered(n, zapcore.InfoLevel) })
	eventually(t, "rows are stored", func() bool { return s.Stats().Stored > 500 })
	require.NoError(t, srv.Hang())
	ctx, cancel := context.WithTimeout(t.Context(), hang)
	defer cancel()
	require.NoError(t, s.Sync(ctx), "it goes to disk instead")
	eventually(t, "it is known to be down", func() bool { return s.Stats().Down > 0 })
	require.NoError(t, srv.Continue())
	eventually(t, "it is up again", func() bool { return s.Stats().Down == 0 })
	n := stop()
	eventually(t, "the spill is empty", func() bool { return s.Stats().SpillFiles == 0 })
	closed(t, s)
	once(t, url, "application_logs", n)
}

// A sink that starts before its database waits for it, and one that ends before leaves its records to the next.
func TestDatabaseComesLater(t *testing.T) {
	t.Parallel()
	srv := server(t)
	url := srv.URL("postgres")
	require.NoError(t, srv.Stop(t.Context()))
	var told complaints
	cfg := pglog.Config{SpillDir: t.TempDir(), OnError: told.add}
	s := open(t, url, cfg)
	for n := range 100 {
		require.NoError(t, s.Write(numbered(n, zapcore.InfoLevel)))
	}
	synced(t, s)
	require.Equal(t, int64(100), s.Stats().Spilled)
	closed(t, s)
	require.Len(t, told.list(), 1, "the same trouble is told once")
	require.Contains(t, told.list()[0], "the database takes no records")

	s = open(t, url, cfg)
	for n := range 100 {
		require.NoError(t, s.Write(numbered(100+n, zapcore.InfoLevel)))
	}
	require.NoError(t, srv.Start(t.Context()))
	eventually(t, "all is stored", func() bool { return s.Stats().Stored == 200 })
	closed(t, s)
	once(t, url, "application_logs", 200)
	require.Equal(t, int64(0), query[int64](t, url, "select count(*) from (select (extra_data->>'n')::int < lag((extra_data->>'n')::int) over (order by id) as back from application_logs) x where back"),
		"in order")
}

// Without a spill the queue holds what it can, and drops the lowest level first.
func TestOutageWithoutSpill(t *testing.T) {
	t.Parallel()
	srv := server(t)
	url := srv.URL("postgres")
	require.NoError(t, srv.Stop(t.Context()))
	var told complaints
	s := open(t, url, pglog.Config{QueueEntries: 10, BatchRows: 5, OnError: told.add, ReportEvery: 50 * time.Millisecond})
	for n := range 20 {
		_ = s.Write(numbered(n, zapcore.InfoLevel))
	}
	eventually(t, "five are in hands", func() bool { return s.Stats().Retries > 0 })
	for n := range 8 {
		require.NoError(t, s.Write(numbered(100+n, zapcore.ErrorLevel)), "in place of lower ones")
	}
	eventually(t, "a summary", func() bool {
		return slices.ContainsFunc(told.list(), func(s string) bool {
			return len(s) > 30 && s[len(s)-1] == ')' && strings.HasPrefix(s, "logging/pglog: ")
		})
	})
	require.NoError(t, srv.Start(t.Context()))
	eventually(t, "all is stored", func() bool { st := s.Stats(); return st.Stored+st.Dropped == 28 })
	require.Equal(t, int64(8), query[int64](t, url, "select count(*) from application_logs where level = 'ERROR'"))
	require.Equal(t, s.Stats().Dropped, s.Stats().DroppedBy["queue_full INFO"])
	require.NoError(t, srv.Stop(t.Context()))
	require.NoError(t, s.Write(numbered(500, zapcore.InfoLevel)))
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	require.ErrorContains(t, s.Close(ctx), "wait for the database")
}
