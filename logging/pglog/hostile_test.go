package pglog_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/internal/pgtest"
	"github.com/prodwright/prodwright/logging/pglog"
)

// write writes so many numbered records, from a number on.
func write(t *testing.T, s *pglog.Sink, from, n int) {
	t.Helper()
	for i := range n {
		require.NoError(t, s.Write(numbered(from+i, zapcore.ErrorLevel)))
	}
}

// allStored waits until so many rows are in the database and nothing waits.
func allStored(t *testing.T, s *pglog.Sink, n int) {
	t.Helper()
	for deadline := time.Now().Add(hang); ; time.Sleep(5 * time.Millisecond) {
		st := s.Stats()
		if st.Stored == int64(n) && st.SpillFiles == 0 && st.Down == 0 {
			return
		}
		require.True(t, time.Now().Before(deadline), "%d are not stored: %+v", n, st)
	}
}

// A server that takes no writes is an outage: nothing is a dead letter, and all is stored when it does again.
func TestReadOnlyServer(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	database := pgx.Identifier{databaseOf(url)}.Sanitize()
	s := open(t, url, pglog.Config{SpillDir: t.TempDir()})
	write(t, s, 0, 50)
	allStored(t, s, 50)
	execute(t, url, "alter database "+database+" set default_transaction_read_only = on; select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()")
	write(t, s, 50, 50)
	eventually(t, "that is an outage", func() bool { st := s.Stats(); return st.Down > 0 && st.Spilled == 50 && st.Retries > 3 })
	require.Contains(t, s.Stats().LastError, "25006")
	execute(t, url, "set transaction read write; alter database "+database+" reset default_transaction_read_only")
	allStored(t, s, 100)
	closed(t, s)
	once(t, url, "application_logs", 100)
	require.Zero(t, s.Stats().Dead)
}

// The same with a standby, which is promoted.
func TestStandby(t *testing.T) {
	t.Parallel()
	srv := pgtest.New(t, pgtest.Config{})
	url := srv.URL("postgres")
	require.NoError(t, pglog.Migrate(t.Context(), connect(t, url), pglog.Config{PartitionsAhead: -1}))
	standby, err := srv.Standby(t.Context(), pgtest.StandbyConfig{Name: "standby"})
	require.NoError(t, err)
	eventually(t, "the tables are there", func() bool {
		return query[bool](t, standby.URL("postgres"), "select to_regclass('application_logs_errors') is not null")
	})
	s := open(t, standby.URL("postgres"), pglog.Config{SpillDir: t.TempDir()})
	write(t, s, 0, 50)
	eventually(t, "that is an outage", func() bool { st := s.Stats(); return st.Down > 0 && st.Spilled == 50 && st.Retries > 3 })
	require.NoError(t, standby.Promote(t.Context()))
	allStored(t, s, 50)
	closed(t, s)
	once(t, standby.URL("postgres"), "application_logs", 50)
	require.Zero(t, s.Stats().Dead)
}

// What the owner, or a configuration, has against the ledger is not the rows' fault, whatever SQLSTATE it has.
func TestTroubleBesideTheRows(t *testing.T) {
	t.Parallel()
	for name, trouble := range map[string][2]string{
		"a constraint of the ledger": {"alter table application_logs_batches add constraint c check (rows < 0) not valid", "alter table application_logs_batches drop constraint c"},
		"a trigger of the ledger": {`create function no() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
			create trigger no before insert on application_logs_batches for each row execute function no()`, "drop trigger no on application_logs_batches"},
		"a type of the ledger": {"alter table application_logs_batches alter column rows type smallint, add constraint d check (rows > 1)", "alter table application_logs_batches drop constraint d"},
	} {
		for _, durable := range []bool{false, true} {
			if durable && name != "a trigger of the ledger" {
				continue
			}
			t.Run(name+map[bool]string{true: " from disk"}[durable], func(t *testing.T) {
				t.Parallel()
				url := sharedURL(t)
				require.NoError(t, pglog.Migrate(t.Context(), connect(t, url), pglog.Config{}))
				execute(t, url, trouble[0])
				s := open(t, url, pglog.Config{SpillDir: t.TempDir(), Durable: durable, BatchInterval: 20 * time.Millisecond})
				write(t, s, 0, 1)
				eventually(t, "the sink tries", func() bool { st := s.Stats(); return st.Retries > 2 || st.Dead > 0 })
				execute(t, url, trouble[1])
				allStored(t, s, 1)
				closed(t, s)
				require.Zero(t, s.Stats().Dead)
				once(t, url, "application_logs", 1)
			})
		}
	}
}

// Somebody locks the table of groups. Rows do not wait for it, and groups are kept again afterwards.
func TestGroupsAreLocked(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	require.NoError(t, pglog.Migrate(t.Context(), connect(t, url), pglog.Config{}))
	lock := connect(t, url)
	tx, err := lock.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "lock table application_logs_errors in access exclusive mode")
	require.NoError(t, err)
	var told complaints
	s := open(t, url, pglog.Config{SendTimeout: 2 * time.Second, RetryMax: 20 * time.Millisecond, OnError: told.add})
	write(t, s, 0, 20)
	allStored(t, s, 20)
	require.Zero(t, s.Stats().Retries)
	eventually(t, "it is told", func() bool { return strings.Contains(fmt.Sprint(told.list()), "groups of errors are not kept") })
	require.NoError(t, tx.Rollback(t.Context()))
	n := 20
	eventually(t, "groups are kept", func() bool {
		write(t, s, n, 1)
		n++
		synced(t, s)
		return query[int64](t, url, "select count(*) from application_logs_errors") == 1
	})
	closed(t, s)
	once(t, url, "application_logs", n)
}

// newRole returns a name that no role has: roles are of the whole server, which tests share.
func newRole(name string) string { return fmt.Sprint(name, "_", time.Now().UnixNano()) }

// A role that may not write yet is an outage, too.
func TestRoleWithoutPrivileges(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	require.NoError(t, pglog.Migrate(t.Context(), connect(t, url), pglog.Config{}))
	role := newRole("poor_writer")
	execute(t, url, "create role "+role+" login")
	s := open(t, as(t, url, role), pglog.Config{SpillDir: t.TempDir()})
	write(t, s, 0, 20)
	for _, grant := range []string{"insert, select, update, delete on application_logs_batches", "insert on application_logs"} {
		retries := s.Stats().Retries
		eventually(t, "the sink tries", func() bool { return s.Stats().Retries > retries+2 })
		require.Contains(t, s.Stats().LastError, "42501")
		execute(t, url, "grant "+grant+" to "+role)
	}
	allStored(t, s, 20)
	closed(t, s)
	once(t, url, "application_logs", 20)
	require.Zero(t, s.Stats().Dead)
}

// A server without a connection for the sink is an outage.
func TestNoConnectionIsLeft(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	role := newRole("late_writer")
	execute(t, url, "create role "+role+" login connection limit 1; grant create on schema public to "+role)
	other := connect(t, as(t, url, role))
	s := open(t, as(t, url, role), pglog.Config{SpillDir: t.TempDir()})
	write(t, s, 0, 20)
	eventually(t, "the sink tries", func() bool { return s.Stats().Retries > 2 })
	require.Contains(t, s.Stats().LastError, "53300")
	require.NoError(t, other.Close(t.Context()))
	allStored(t, s, 20)
	closed(t, s)
	once(t, url, "application_logs", 20)
}
