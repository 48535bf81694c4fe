package pglog_test

import (
	"fmt"
	"os"
	"strings"
	"sync"
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

// A limit that the server does not take is none of the rows' either.
func TestLimitsOutOfBounds(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	s := open(t, url, pglog.Config{SpillDir: t.TempDir(), SendTimeout: 10_000 * time.Hour, MaintainTimeout: 10_000 * time.Hour, LockTimeout: 10_000 * time.Hour})
	write(t, s, 0, 10)
	allStored(t, s, 10)
	require.NoError(t, s.Maintain(t.Context()))
	require.Zero(t, s.Stats().Dead+s.Stats().Retries)
}

// Whatever the administrator has set for the role, batches, partitions and old rows do not depend on it.
func TestSettingsOfTheRole(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string]string{
		"timeouts, isolation, path": `alter database %[1]s set statement_timeout = '40ms'; alter database %[1]s set lock_timeout = '1ms'; alter database %[1]s set idle_in_transaction_session_timeout = '20ms';
			alter database %[1]s set default_transaction_isolation = 'serializable'; alter database %[1]s set search_path = 'nowhere', 'public'`,
		"encoding": "alter database %[1]s set client_encoding = 'LATIN1'",
		"formats": `alter database %[1]s set datestyle = 'SQL, DMY'; alter database %[1]s set timezone = 'Asia/Kolkata';
			alter database %[1]s set standard_conforming_strings = off; alter database %[1]s set escape_string_warning = on`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plain := sharedURL(t)
			execute(t, plain, `create function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(0.1); return coalesce(new, old); end $$`)
			execute(t, plain, fmt.Sprintf(settings, pgx.Identifier{databaseOf(plain)}.Sanitize()))
			reset := "set statement_timeout = 0; set client_encoding = 'UTF8'; set timezone = 'UTC'; set datestyle = 'ISO'; "
			s := open(t, plain, pglog.Config{SpillDir: t.TempDir(), RetentionDays: 3})
			r := numbered(0, zapcore.ErrorLevel)
			r.Message, r.Extra = `é €  \ ' 漢字`, []byte(`"n":0,"k":"漢\\"`)
			require.NoError(t, s.Write(r))
			allStored(t, s, 1)
			execute(t, plain, reset+"create trigger slow before insert on application_logs for each row execute function slow()")
			write(t, s, 1, 3)
			allStored(t, s, 4)
			execute(t, plain, reset+"drop trigger slow on application_logs; create trigger slow before delete on application_logs_default for each row execute function slow()")
			require.Zero(t, s.Stats().Retries, s.Stats().LastError)
			execute(t, plain, reset+`insert into application_logs (timestamp, extra_data) values (now() - interval '10 days', '{}'), (now() + interval '40 days', '{}'), (now() + interval '2 days', '{}'), (now() - interval '2 days', '{}')`)
			require.NoError(t, s.Maintain(t.Context()))
			closed(t, s)
			execute(t, plain, reset+"alter database "+pgx.Identifier{databaseOf(plain)}.Sanitize()+" reset all")
			execute(t, plain, `do $$ begin
				assert (select count(*) from application_logs) = 7, 'rows';
				assert (select count(*) from application_logs_default) = 1, 'rows by default';
				assert (select count(*) from application_logs where message = E'é €  \\ '' 漢字' and extra_data->>'k' = E'漢\\') = 1, 'text';
				assert (select count(*) from application_logs_errors where sample = E'é €  \\ '' 漢字') = 1, 'sample';
			end $$`)
		})
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
	s := open(t, url, pglog.Config{SendTimeout: 5 * time.Second, OnError: told.add})
	write(t, s, 0, 20)
	allStored(t, s, 20)
	require.Zero(t, s.Stats().Retries)
	require.Contains(t, fmt.Sprint(told.list()), "groups of errors are not kept")
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

// A role that may not write yet is an outage, too.
func TestRoleWithoutPrivileges(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	require.NoError(t, pglog.Migrate(t.Context(), connect(t, url), pglog.Config{}))
	execute(t, url, "create role poor_writer login")
	s := open(t, as(t, url, "poor_writer"), pglog.Config{SpillDir: t.TempDir()})
	write(t, s, 0, 20)
	for _, grant := range []string{"insert, select, update, delete on application_logs_batches", "insert on application_logs"} {
		retries := s.Stats().Retries
		eventually(t, "the sink tries", func() bool { return s.Stats().Retries > retries+2 })
		require.Contains(t, s.Stats().LastError, "42501")
		execute(t, url, "grant "+grant+" to poor_writer")
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
	execute(t, url, "create role late_writer login connection limit 1; grant create on schema public to late_writer")
	other := connect(t, as(t, url, "late_writer"))
	s := open(t, as(t, url, "late_writer"), pglog.Config{SpillDir: t.TempDir()})
	write(t, s, 0, 20)
	eventually(t, "the sink tries", func() bool { return s.Stats().Retries > 2 })
	require.Contains(t, s.Stats().LastError, "53300")
	require.NoError(t, other.Close(t.Context()))
	allStored(t, s, 20)
	closed(t, s)
	once(t, url, "application_logs", 20)
}

// Everything works behind a pooler that gives every transaction another connection.
func TestPooler(t *testing.T) {
	t.Parallel()
	if err := pgtest.BouncerInstalled(); err != nil && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	srv := server(t)
	bouncer, err := pgtest.StartBouncer(t.Context(), pgtest.BouncerConfig{Server: srv, PoolMode: "transaction", Settings: map[string]string{"default_pool_size": "3", "server_reset_query_always": "0", "query_wait_timeout": "3"}})
	require.NoError(t, err)
	url := bouncer.URL("postgres")
	dir := t.TempDir()
	const sinks, each = 3, 200
	var all sync.WaitGroup
	for i := range sinks {
		s := open(t, url, pglog.Config{SpillDir: dir, RetentionDays: 5, BatchRows: 20, Durable: i%2 == 1})
		all.Go(func() {
			for n := range each {
				if err := s.Write(numbered(i*each+n, zapcore.ErrorLevel)); err != nil {
					t.Error(err)
				}
				if n == each/2 {
					synced(t, s)
					if err := s.Maintain(t.Context()); err != nil && !strings.Contains(err.Error(), "there is no table") {
						t.Error(err)
					}
				}
			}
			closed(t, s)
			if st := s.Stats(); st.Retries != 0 {
				t.Error(st.LastError)
			}
		})
	}
	all.Wait()
	next := open(t, url, pglog.Config{SpillDir: dir})
	eventually(t, "what was left is stored", func() bool { return next.Stats().SpillFiles == 0 })
	write(t, next, sinks*each, 1)
	allStored(t, next, int(next.Stats().Replayed)+1)

	require.NoError(t, srv.Kill())
	write(t, next, sinks*each+1, 50)
	eventually(t, "that is an outage", func() bool { return next.Stats().Spilled == 50 })
	require.NoError(t, srv.Start(t.Context()))
	eventually(t, "all is stored", func() bool { return next.Stats().SpillFiles == 0 })
	closed(t, next)
	once(t, srv.URL("postgres"), "application_logs", sinks*each+51)
	require.Equal(t, "", query[string](t, srv.URL("postgres"), "select coalesce(string_agg(l::text || a::text, ' '), '') from pg_locks l join pg_stat_activity a using (pid) where locktype = 'advisory'"))
}
