package pglog_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/logging"
	"github.com/prodwright/prodwright/logging/pglog"
)

// silent makes a sink whose database takes connections and never answers, in the fake time of a bubble: whoever waits for
// it moves the clock.
func silent(t *testing.T, cfg pglog.Config) *pglog.Sink {
	t.Helper()
	pc, err := pgxpool.ParseConfig("postgres://nobody@nowhere/none?sslmode=disable")
	require.NoError(t, err)
	pc.ConnConfig.LookupFunc = func(context.Context, string) ([]string, error) { return []string{"nowhere"}, nil }
	pc.ConnConfig.DialFunc = func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), pc)
	require.NoError(t, err)
	s, err := pglog.New(pool, cfg)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = s.Close(ctx)
		pool.Close()
	})
	return s
}

// Callers never wait, whatever the database does: no time passes while they write more than fits anywhere.
func TestCallersDoNotWait(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{"", t.TempDir()} {
		synctest.Test(t, func(t *testing.T) {
			s := silent(t, pglog.Config{SpillDir: dir, QueueEntries: 100, SpillBytes: 20_000})
			start := time.Now()
			full := 0
			for n := range 2000 {
				if s.Write(numbered(n, zapcore.WarnLevel)) != nil {
					full++
				}
			}
			require.Equal(t, start, time.Now())
			if dir == "" {
				require.Equal(t, 1900, full, "100 wait")
			}
			time.Sleep(time.Minute)
			start = time.Now()
			require.NoError(t, s.Write(numbered(0, zapcore.ErrorLevel)))
			require.Equal(t, start, time.Now())
		})
	}
}

// A record above ERROR waits until it is safe, on disk if need be, but not for long.
func TestFatalDuringAnOutage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := silent(t, pglog.Config{SpillDir: dir})
		start := time.Now()
		require.NoError(t, s.Write(numbered(0, zapcore.FatalLevel)))
		require.Equal(t, time.Second, time.Since(start), "so long the database has")
		require.Equal(t, int64(1), s.Stats().Spilled)
		time.Sleep(time.Minute)
		start = time.Now()
		require.NoError(t, s.Write(numbered(0, zapcore.FatalLevel)))
		require.Zero(t, time.Since(start), "it is known to be down")
	})
	synctest.Test(t, func(t *testing.T) {
		s := silent(t, pglog.Config{})
		start := time.Now()
		require.NoError(t, s.Write(numbered(0, zapcore.FatalLevel)))
		require.Equal(t, 2*time.Second, time.Since(start))
	})
}

// With the policy Block callers wait for room, until the limit.
func TestBlock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := silent(t, pglog.Config{Policy: pglog.Block, BlockTimeout: 300 * time.Millisecond, QueueEntries: 3, BatchInterval: time.Hour, BatchRows: 100})
		for n := range 3 {
			require.NoError(t, s.Write(numbered(n, zapcore.WarnLevel)))
		}
		start := time.Now()
		require.ErrorIs(t, s.Write(numbered(3, zapcore.WarnLevel)), pglog.ErrFull)
		require.Equal(t, 300*time.Millisecond, time.Since(start))
		require.NoError(t, s.Write(numbered(3, zapcore.ErrorLevel)), "in place of a warning")
		require.Equal(t, map[string]int64{"queue_full WARNING": 2}, s.Stats().DroppedBy)
	})
}

// The oldest of the lowest level goes first, by entries and by bytes.
func TestDrop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := silent(t, pglog.Config{Policy: pglog.Drop, Level: "DEBUG", QueueEntries: 4, BatchInterval: time.Hour, FlushTimeout: -1})
		for _, level := range []zapcore.Level{zapcore.InfoLevel, zapcore.DebugLevel, zapcore.WarnLevel, zapcore.DebugLevel} {
			require.NoError(t, s.Write(&logging.Record{Level: level}))
		}
		require.ErrorIs(t, s.Write(&logging.Record{Level: zapcore.DebugLevel}), pglog.ErrFull)
		for range 4 {
			require.NoError(t, s.Write(&logging.Record{Level: zapcore.PanicLevel}))
		}
		require.ErrorIs(t, s.Write(&logging.Record{Level: zapcore.FatalLevel}), pglog.ErrFull, "nothing is below")
		require.Equal(t, map[string]int64{
			"queue_full DEBUG": 3, "queue_full INFO": 1, "queue_full WARNING": 1, "queue_full CRITICAL": 1,
		}, s.Stats().DroppedBy)
		require.Equal(t, int64(8), s.Stats().Accepted)
	})
	synctest.Test(t, func(t *testing.T) {
		s := silent(t, pglog.Config{Policy: pglog.Drop, QueueBytes: 10_000, BatchInterval: time.Hour})
		for range 4 {
			require.NoError(t, s.Write(&logging.Record{Level: zapcore.WarnLevel, Message: strings.Repeat("x", 2000)}))
		}
		require.NoError(t, s.Write(&logging.Record{Level: zapcore.ErrorLevel, Message: strings.Repeat("x", 5000)}))
		require.Equal(t, map[string]int64{"queue_full WARNING": 2}, s.Stats().DroppedBy)
		require.Less(t, s.Stats().QueuedBytes, 10_000)
		require.ErrorIs(t, s.Write(&logging.Record{Level: zapcore.WarnLevel, Message: strings.Repeat("x", 5000)}), pglog.ErrFull)
	})
}

// Accepting a record allocates nothing once the queue has been full.
func TestWriteDoesNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	url := sharedURL(t)
	s := open(t, url, pglog.Config{QueueEntries: 4096, BatchRows: 100_000, BatchInterval: time.Hour, SpillDir: t.TempDir()})
	fill := func() {
		for n := range 3000 {
			r := record(n)
			require.NoError(t, s.Write(&r))
		}
		synced(t, s)
	}
	for range 4 { // the queue's buffers and those of the batches change places
		fill()
	}
	r := record(1)
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		if s.Write(&r) != nil {
			t.Error("not taken")
		}
	}))
}

func record(n int) logging.Record {
	return logging.Record{
		Time: time.Unix(1_800_000_000, int64(n)*1000), Level: zapcore.WarnLevel, Logger: "app.users", Message: "slow request", Module: "users/service.go",
		Function: "github.com/prodwright/example/users.(*Service).Get", Line: 42, UserID: "4711", RequestID: fmt.Sprint("req-", n), IP: "10.1.2.3",
		TraceID: "4bf92f3577b34da6a3ce929d0e0e4736", SpanID: "00f067aa0ba902b7", Extra: []byte(`"took_ms":812,"path":"/users/4711","method":"GET"`),
	}
}
