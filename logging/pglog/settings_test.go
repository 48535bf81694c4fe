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
		"timeouts, isolation, path": `alter database %[1]s set statement_timeout = '400ms'; alter database %[1]s set lock_timeout = '1ms'; alter database %[1]s set idle_in_transaction_session_timeout = '200ms';
			alter database %[1]s set default_transaction_isolation = 'serializable'; alter database %[1]s set search_path = 'nowhere', 'public'`,
		"encoding": "alter database %[1]s set client_encoding = 'LATIN1'",
		"formats": `alter database %[1]s set datestyle = 'SQL, DMY'; alter database %[1]s set timezone = 'Asia/Kolkata';
			alter database %[1]s set standard_conforming_strings = off; alter database %[1]s set escape_string_warning = on`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plain := sharedURL(t)
			execute(t, plain, `create function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(0.5); return coalesce(new, old); end $$`)
			execute(t, plain, fmt.Sprintf(settings, pgx.Identifier{databaseOf(plain)}.Sanitize()))
			reset := "set statement_timeout = 0; set client_encoding = 'UTF8'; set timezone = 'UTC'; set datestyle = 'ISO'; "
			s, err := pglog.New(hostPool(t, plain, 2), pglog.Config{SpillDir: t.TempDir(), RetentionDays: 3, BatchInterval: 10 * time.Millisecond})
			require.NoError(t, err)
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
			eventually(t, "old rows are gone", func() bool { // the sink's own upkeep may be at it
				require.NoError(t, s.Maintain(t.Context()))
				return query[int64](t, plain, "select count(*) from application_logs") == 7
			})
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

// Everything works behind a pooler that gives every transaction another connection.
func TestPooler(t *testing.T) {
	t.Parallel()
	if err := pgtest.BouncerInstalled(); err != nil && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	srv := server(t)
	bouncer, err := pgtest.StartBouncer(t.Context(), pgtest.BouncerConfig{Server: srv, PoolMode: "transaction", Settings: map[string]string{"default_pool_size": "3", "server_reset_query_always": "0", "query_wait_timeout": "1"}})
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
	require.Empty(t, query[string](t, srv.URL("postgres"), "select coalesce(string_agg(l::text || a::text, ' '), '') from pg_locks l join pg_stat_activity a using (pid) where locktype = 'advisory'"))
}

// A name that is not of letters of the session's encoding is the table's all the same.
func TestNameInAnotherEncoding(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	execute(t, url, "alter database "+pgx.Identifier{databaseOf(url)}.Sanitize()+" set client_encoding = 'LATIN1'")
	s := open(t, url, pglog.Config{Table: "журнал"})
	write(t, s, 0, 5)
	allStored(t, s, 5)
	closed(t, s)
	execute(t, url, "alter database "+pgx.Identifier{databaseOf(url)}.Sanitize()+" reset all")
	once(t, url, `"журнал"`, 5)
}
