package pglog_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/logging/pglog"
)

// locked holds a lock of others, as pg_dump or a long report does, until the result is called.
func locked(t *testing.T, url, lock string) (release func()) {
	t.Helper()
	tx, err := connect(t, url).BeginTx(t.Context(), pgx.TxOptions{})
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), lock)
	require.NoError(t, err)
	return func() { require.NoError(t, tx.Rollback(t.Context())) }
}

// A long transaction of others on the default partition does not keep a sink that starts from storing what it can.
func TestPartitionsAreLockedAtTheStart(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	require.NoError(t, pglog.Migrate(t.Context(), connect(t, url), pglog.Config{PartitionsAhead: -1}))
	release := locked(t, url, "lock table application_logs in access share mode")
	var told complaints
	s := open(t, url, pglog.Config{SendTimeout: 2 * time.Second, PartitionsAhead: 30, OnError: told.add})
	write(t, s, 0, 20)
	allStored(t, s, 20)
	require.Zero(t, s.Stats().Retries)
	eventually(t, "it is told", func() bool { return strings.Contains(strings.Join(told.list(), "\n"), "55P03") })
	release()
	require.NoError(t, s.Maintain(t.Context()))
	closed(t, s)
	require.Equal(t, int64(33), query[int64](t, url, "select count(*) from pg_inherits where inhparent = 'application_logs'::regclass"))
}

// Writers wait behind a lock that the upkeep waits for. So it asks for one that is not to be had once in a run, not for every
// partition, and comes back later.
func TestUpkeepAsksForALockOnce(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	cfg := pglog.Config{LockTimeout: 50 * time.Millisecond, RetentionDays: 10, PartitionsAhead: 3}
	conn := connect(t, url)
	require.NoError(t, pglog.Migrate(t.Context(), conn, cfg))
	execute(t, url, "insert into application_logs (timestamp) select now() - n * interval '1 day' from generate_series(0, 40) n")
	require.NoError(t, pglog.Maintain(t.Context(), conn, pglog.Config{}))
	release := locked(t, url, "lock table application_logs in access share mode")
	execute(t, url, "insert into application_logs (timestamp) select now() + n * interval '1 day' from generate_series(0, 30) n")
	cfg.PartitionsAhead = 30
	err := pglog.Maintain(t.Context(), conn, cfg)
	require.Equal(t, 2, strings.Count(err.Error(), "55P03"), "one for partitions to come, one for those to go: %v", err)
	_, _, err = pglog.Cleanup(t.Context(), conn, cfg, 5)
	require.Equal(t, 1, strings.Count(err.Error(), "55P03"), "%v", err)
	release()
	require.NoError(t, pglog.Maintain(t.Context(), conn, cfg))
	require.Equal(t, int64(0), query[int64](t, url, "select count(*) from application_logs_default"))
	require.Equal(t, int64(0), query[int64](t, url, "select count(*) from application_logs where timestamp < now() - interval '11 days'"))
}

// The table is renamed, to be kept as an archive, and a partition is detached. What has their names does not stand in the way.
func TestTableIsRenamed(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	s := open(t, url, pglog.Config{SpillDir: t.TempDir()})
	write(t, s, 0, 20)
	allStored(t, s, 20)
	execute(t, url, "alter table application_logs rename to archive; alter table application_logs_errors rename to archive_errors")
	write(t, s, 20, 20)
	allStored(t, s, 40)
	require.Equal(t, int64(20), query[int64](t, url, "select count(*) from archive"))
	for _, table := range []string{"archive", "application_logs"} {
		require.Equal(t, int64(5), query[int64](t, url, "select count(*) from pg_index where indrelid = $1::text::regclass", table))
		require.Equal(t, int64(10), query[int64](t, url, "select count(*) from pg_inherits where inhparent = $1::text::regclass", table))
	}
	require.Equal(t, int64(0), query[int64](t, url, "select count(*) from application_logs where tableoid in (select inhrelid from pg_inherits where pg_get_expr((select relpartbound from pg_class where oid = inhrelid), inhrelid) = 'DEFAULT')"))

	today := time.Now().UTC().Format("20060102")
	execute(t, url, fmt.Sprintf("alter table application_logs detach partition application_logs_p%s_2", today))
	require.NoError(t, s.Maintain(t.Context()))
	write(t, s, 40, 20)
	allStored(t, s, 60)
	closed(t, s)
	require.Equal(t, int64(20), query[int64](t, url, "select count(*) from application_logs_p"+today+"_3"))
	require.Equal(t, int64(20), query[int64](t, url, "select count(*) from application_logs_p"+today+"_2"))
	require.Zero(t, s.Stats().Dead)
	require.Equal(t, int64(60), query[int64](t, url, "select count(distinct extra_data->>'n') from (select extra_data from archive union all select extra_data from application_logs union all select extra_data from application_logs_p"+today+"_2) x"))
}

// A table that was renamed and made again by hand is taken as it is.
func TestTableIsReplaced(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	s := open(t, url, pglog.Config{SpillDir: t.TempDir(), KeepSchema: true})
	write(t, s, 0, 20)
	require.NoError(t, pglog.Migrate(t.Context(), connect(t, url), pglog.Config{}))
	allStored(t, s, 20)
	execute(t, url, "begin; alter table application_logs rename to archive; "+flatTable+"; commit")
	write(t, s, 20, 20)
	allStored(t, s, 40)
	closed(t, s)
	require.Equal(t, int64(20), query[int64](t, url, "select count(*) from application_logs where user_id = 7"))
}

// Eight processes begin with an empty database at the same time, as sinks and by Migrate, also one after another on the same
// connection.
func TestManyStartAtOnce(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	const starters = 8
	var all sync.WaitGroup
	for i := range starters {
		all.Go(func() {
			if i%2 == 0 {
				conn := connect(t, url)
				if err := pglog.Migrate(t.Context(), conn, pglog.Config{}); err != nil {
					t.Error(err)
				}
				return
			}
			s := open(t, url, pglog.Config{})
			if err := s.Write(numbered(i, zapcore.ErrorLevel)); err != nil {
				t.Error(err)
			}
			closed(t, s)
			if st := s.Stats(); st.Retries != 0 {
				t.Error(st.LastError)
			}
		})
	}
	all.Wait()
	require.Equal(t, int64(starters/2), query[int64](t, url, "select count(*) from application_logs"))
	require.Equal(t, int64(10), query[int64](t, url, "select count(*) from pg_inherits where inhparent = 'application_logs'::regclass"))
}
