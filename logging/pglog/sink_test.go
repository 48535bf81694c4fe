package pglog_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/logging"
	"github.com/prodwright/prodwright/logging/pglog"
)

// complaints collects what OnError is told.
type complaints struct {
	mu  sync.Mutex
	all []string
}

func (c *complaints) add(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, err.Error())
}

func (c *complaints) list() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.all...)
}

// open makes a sink that stores everything soon and is closed at the end of the test, if the test does not do it.
func open(t *testing.T, url string, cfg pglog.Config) *pglog.Sink {
	t.Helper()
	cfg.URL = pglog.NewSecret(url)
	if cfg.Level == "" {
		cfg.Level = "DEBUG"
	}
	if cfg.BatchInterval == 0 {
		cfg.BatchInterval = 10 * time.Millisecond
	}
	if cfg.RetryMax == 0 {
		cfg.RetryMax = 100 * time.Millisecond
	}
	s, err := pglog.Open(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), hang)
		defer cancel()
		_ = s.Close(ctx)
	})
	return s
}

// closed closes a sink, which must succeed.
func closed(t *testing.T, s *pglog.Sink) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), hang)
	defer cancel()
	require.NoError(t, s.Close(ctx))
}

// synced waits until what was written is safe.
func synced(t *testing.T, s *pglog.Sink) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), hang)
	defer cancel()
	require.NoError(t, s.Sync(ctx))
}

// numbered returns a record that carries a number.
func numbered(n int, level zapcore.Level) *logging.Record {
	return &logging.Record{
		Time: time.Now(), Level: level, Logger: "app.test", Message: "number " + fmt.Sprint(n), UserID: "7",
		Extra: fmt.Appendf(nil, `"n":%d`, n),
	}
}

// once requires that each number below n, and no other, is in the table exactly once.
func once(t *testing.T, url, table string, n int) {
	t.Helper()
	require.Equal(t, int64(n), query[int64](t, url, "select count(*) from "+table), "rows")
	require.Equal(t, int64(n), query[int64](t, url, "select count(distinct (extra_data->>'n')::int) from "+table+
		fmt.Sprintf(" where (extra_data->>'n')::int between 0 and %d", n-1)), "numbers")
}

func TestEveryFieldIsStored(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	s := open(t, url, pglog.Config{Release: "v9"})
	at := time.Now().Truncate(time.Microsecond)
	require.NoError(t, s.Write(&logging.Record{
		Time: at, Level: zapcore.ErrorLevel, Logger: "app.users", Message: "a\tb\nc\\d é", Module: "users/service.go", Function: "f", Line: 12,
		Error: "no such user", Stack: "main.main\n\tmain.go:1", UserID: "u-1", RequestID: "req", IP: "10.0.0.1:443", TraceID: "aa", SpanID: "bb",
		Extra: []byte(`"k":"v\n\"\\","n":1.5`),
	}))
	require.NoError(t, s.Write(&logging.Record{Time: at, Level: zapcore.InfoLevel}))
	synced(t, s)
	require.Equal(t, int64(2), query[int64](t, url, "select count(*) from application_logs"))
	require.Equal(t, int64(1), query[int64](t, url, `select count(*) from application_logs where timestamp = $1 and level = 'ERROR' and logger = 'app.users'
		and message = E'a\tb\nc\\d é' and module = 'users/service.go' and function = 'f' and line_number = 12 and exception = E'no such user\nmain.main\n\tmain.go:1'
		and user_id = 'u-1' and request_id = 'req' and ip_address = '10.0.0.1' and trace_id = 'aa' and span_id = 'bb' and release = 'v9'
		and extra_data = '{"k": "v\n\"\\", "n": 1.5}' and fingerprint is not null and created_at is not null`, at))
	require.Equal(t, int64(1), query[int64](t, url, `select count(*) from application_logs where level = 'INFO' and logger is null and message = '' and module is null
		and function is null and line_number is null and user_id is null and request_id is null and ip_address is null and trace_id is null and exception is null
		and extra_data is null and fingerprint is null`))
	require.Equal(t, int64(1), query[int64](t, url, `select count(*) from application_logs_errors e join application_logs l using (fingerprint)
		where e.first_seen = l.timestamp and e.last_seen = l.timestamp and e.sample = l.message and e.first_release = 'v9' and e.level = 'ERROR'`))
	require.Equal(t, int64(0), query[int64](t, url, "select count(*) from application_logs_default"), "today has a partition")
	st := s.Stats()
	require.Equal(t, int64(2), st.Accepted)
	require.Equal(t, int64(2), st.Stored)
	require.Zero(t, st.Queued)
}

func TestManyWritersManyBatches(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	s := open(t, url, pglog.Config{BatchRows: 100, Policy: pglog.Block, BlockTimeout: hang, QueueEntries: 500})
	const writers, each = 8, 1000
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := range each {
				if err := s.Write(numbered(w*each+i, zapcore.InfoLevel)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	closed(t, s)
	once(t, url, "application_logs", writers*each)
	require.LessOrEqual(t, query[int64](t, url, "select count(*) from application_logs_batches"), int64(1), "the ledger forgets what is settled")
	require.ErrorIs(t, s.Write(numbered(0, zapcore.InfoLevel)), pglog.ErrClosed)
	require.Equal(t, map[string]int64{"closed INFO": 1}, s.Stats().DroppedBy)
}

func TestCloseStoresWhatWaits(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	s := open(t, url, pglog.Config{BatchInterval: time.Hour})
	for n := range 10 {
		require.NoError(t, s.Write(numbered(n, zapcore.InfoLevel)))
	}
	closed(t, s)
	once(t, url, "application_logs", 10)
}

func TestFatalIsStoredBeforeWriteReturns(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	s := open(t, url, pglog.Config{BatchInterval: time.Hour, FlushTimeout: hang})
	require.NoError(t, s.Write(numbered(0, zapcore.ErrorLevel)))
	require.NoError(t, s.Write(numbered(1, zapcore.FatalLevel)))
	once(t, url, "application_logs", 2)
}

func TestLevelsAndIgnoredLoggers(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	s := open(t, url, pglog.Config{Level: "error", Ignore: []string{"db"}})
	require.Equal(t, zapcore.ErrorLevel, s.Level())
	require.NoError(t, s.Write(&logging.Record{Level: zapcore.WarnLevel}))
	for _, logger := range []string{"db", "db.pool", "dbx", "app"} {
		require.NoError(t, s.Write(&logging.Record{Level: zapcore.ErrorLevel, Logger: logger}))
	}
	synced(t, s)
	require.Equal(t, "app,dbx", query[string](t, url, "select string_agg(logger, ',' order by logger) from application_logs"))
}
