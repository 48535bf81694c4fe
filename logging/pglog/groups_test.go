package pglog_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/logging"
	"github.com/prodwright/prodwright/logging/pglog"
)

// Each group of errors has one row, with its first and last time and release, whatever order records come in.
func TestGroupsOfErrors(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	s := open(t, url, pglog.Config{Release: "v0"})
	at := time.Now().Truncate(time.Second)
	write := func(minutes int, release, group string) {
		require.NoError(t, s.Write(&logging.Record{
			Time: at.Add(time.Duration(minutes) * time.Minute), Level: zapcore.ErrorLevel, Logger: "app", Message: fmt.Sprint("at ", minutes),
			Release: release, Fingerprint: group,
		}))
	}
	write(5, "v2", "a")
	write(3, "v1", "a")
	write(4, "", "b")
	require.NoError(t, s.Write(&logging.Record{Time: at, Level: zapcore.WarnLevel, Fingerprint: "a"}), "not an error")
	synced(t, s)
	row := func(sample string) string {
		return query[string](t, url, `select concat_ws(' ', round(extract(epoch from first_seen - $1) / 60), round(extract(epoch from last_seen - $1) / 60), first_release, last_release, logger, level)
			from application_logs_errors where sample = $2`, at, sample)
	}
	require.Equal(t, int64(2), query[int64](t, url, "select count(*) from application_logs_errors"))
	require.Equal(t, "3 5 v1 v2 app ERROR", row("at 5"))
	require.Equal(t, "4 4 v0 v0 app ERROR", row("at 4"))
	write(6, "v2", "a") // within the minute, with nothing new
	synced(t, s)
	require.Equal(t, "3 5 v1 v2 app ERROR", row("at 5"), "not written again so soon")
	write(7, "v3", "a")
	synced(t, s)
	require.Equal(t, "3 7 v1 v3 app ERROR", row("at 7"), "a new release is news")
	write(1, "v0", "a")
	synced(t, s)
	require.Equal(t, "1 7 v0 v3 app ERROR", row("at 7"), "so is an earlier time")
}

// Sinks that see the same groups in different order do not stop each other.
func TestGroupsDoNotDeadlock(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	require.NoError(t, pglog.Migrate(t.Context(), connect(t, url), pglog.Config{}))
	var sinks []*pglog.Sink
	for range 4 {
		sinks = append(sinks, open(t, url, pglog.Config{BatchRows: 50, QueueEntries: 5000}))
	}
	var all sync.WaitGroup
	for i, s := range sinks {
		all.Go(func() {
			for n := range 2000 {
				group := n % 200
				if i%2 == 0 {
					group = 199 - group
				}
				r := numbered(n, zapcore.ErrorLevel)
				r.Fingerprint, r.Release = fmt.Sprint(group), fmt.Sprint(n/200) // so that each is news
				if err := s.Write(r); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	for _, s := range sinks {
		closed(t, s)
		require.Zero(t, s.Stats().Retries, s.Stats().LastError)
	}
	require.Equal(t, int64(200), query[int64](t, url, "select count(*) from application_logs_errors"))
	require.Equal(t, int64(8000), query[int64](t, url, "select count(*) from application_logs"))
}

// A table of others, with nothing beside it, works and says what it lacks.
func TestNothingButATable(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	execute(t, url, flatTable)
	var told complaints
	dir := t.TempDir()
	_, err := pglog.WriteSegment(dir, someRecords(20), 5)
	require.NoError(t, err)
	s := open(t, url, pglog.Config{KeepSchema: true, SpillDir: dir, OnError: told.add})
	for n := range 30 {
		require.NoError(t, s.Write(numbered(20+n, zapcore.ErrorLevel)))
	}
	eventually(t, "all is stored", func() bool { return s.Stats().Stored == 50 })
	closed(t, s)
	once(t, url, "application_logs", 50)
	require.Contains(t, strings.Join(told.list(), "\n"), "there is no table")
	require.Equal(t, int64(0), query[int64](t, url, "select count(*) from pg_class where relname in ('application_logs_batches', 'application_logs_errors')"))
}

// When the table of groups does not take them the rows are stored all the same.
func TestGroupsAreRefused(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	require.NoError(t, pglog.Migrate(t.Context(), connect(t, url), pglog.Config{}))
	execute(t, url, "alter table application_logs_errors add constraint never check (logger is null)")
	var told complaints
	s := open(t, url, pglog.Config{OnError: told.add})
	for n := range 30 {
		require.NoError(t, s.Write(numbered(n, zapcore.ErrorLevel)))
	}
	closed(t, s)
	once(t, url, "application_logs", 30)
	require.Contains(t, strings.Join(told.list(), "\n"), "groups of errors are not kept")
	require.Zero(t, s.Stats().Dead)
}
