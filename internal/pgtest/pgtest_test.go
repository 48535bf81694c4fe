package pgtest_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/internal/pgtest"
)

func TestMain(m *testing.M) {
	if os.Getenv(parentEnv) != "" {
		beParent()
	}
	if os.Getenv(userEnv) != "" {
		beUser()
	}
	os.Exit(m.Run())
}

func Example() {
	ctx := context.Background()
	srv, err := pgtest.Start(ctx, pgtest.Config{})
	if err != nil {
		fmt.Println(err) // says how to install PostgreSQL
		return
	}
	defer func() { _ = srv.Close() }()
	conn, err := pgx.Connect(ctx, srv.URL("postgres"))
	if err != nil {
		fmt.Println(err)
		return
	}
	var name string
	_ = conn.QueryRow(ctx, "show cluster_name").Scan(&name)
	fmt.Println(name, conn.Close(ctx))
	// Output: primary <nil>
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = conn.Close(ctx)
	})
	return conn
}

func query[T any](t *testing.T, url, sql string, args ...any) (v T) {
	t.Helper()
	conn := connect(t, url)
	require.NoError(t, conn.QueryRow(t.Context(), sql, args...).Scan(&v))
	require.NoError(t, conn.Close(t.Context()))
	return v
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			require.FailNow(t, "did not happen: "+what)
		}
	}
}

func TestDatabasesAreSeparate(t *testing.T) {
	t.Parallel()
	s := pgtest.New(t, pgtest.Config{Parameters: map[string]string{"application_name": "it's"}})
	template, err := s.CreateDatabase(t.Context(), "")
	require.NoError(t, err)
	require.NoError(t, s.Exec(t.Context(), template, "create table t (n int); insert into t values (1), (2)"))
	a, err := s.CreateDatabase(t.Context(), template)
	require.NoError(t, err)
	b := s.Database(t)
	require.Equal(t, 2, query[int](t, s.URL(a), "select count(*) from t"))
	require.False(t, query[bool](t, b, "select to_regclass('t') is not null"))
	require.Equal(t, "it's", query[string](t, b, "select reset_val from pg_settings where name = 'application_name'"))
	conn := connect(t, s.URL(a))
	require.NoError(t, s.DropDatabase(t.Context(), a), "also with sessions")
	require.Error(t, conn.Ping(t.Context()))
}

func TestStopAndStartKeepPortAndData(t *testing.T) {
	t.Parallel()
	s := pgtest.New(t, pgtest.Config{Durable: true})
	ctx := t.Context()
	require.NoError(t, s.Exec(ctx, "postgres", "create table t (n int)"))
	port, rows := s.Port(), 0
	for name, stop := range map[string]func() error{
		"stop":                  func() error { return s.Stop(ctx) },
		"crash":                 func() error { return s.Crash(ctx) },
		"kill":                  s.Kill,
		"kill while it hangs":   func() error { require.NoError(t, s.Hang()); return s.Kill() },
		"nothing, then restart": func() error { return s.Restart(ctx) },
	} {
		require.NoError(t, s.Exec(ctx, "postgres", "insert into t values (1)"), name)
		rows++
		before := s.PID()
		require.NoError(t, stop(), name)
		require.NoError(t, s.Start(ctx), name)
		require.NotEqual(t, before, s.PID(), name)
		require.NoError(t, s.Start(ctx), "starting a running server does nothing")
		require.Equal(t, port, s.Port())
		require.Equal(t, rows, query[int](t, s.URL("postgres"), "select count(*) from t"), name)
	}
	require.NoError(t, s.Stop(ctx))
	require.NoError(t, s.Stop(ctx), "again")
	require.NoError(t, s.Kill(), "of a stopped server")
	require.Error(t, s.Hang(), "of a stopped server")
	require.Zero(t, s.PID())
}

func TestHangIsSilent(t *testing.T) {
	t.Parallel()
	s := pgtest.New(t, pgtest.Config{})
	conn := connect(t, s.URL("postgres"))
	require.NoError(t, s.Hang())
	answered := make(chan error, 1)
	go func() { answered <- conn.Ping(context.Background()) }()
	select {
	case err := <-answered:
		require.FailNow(t, "a server that hangs answered", "%v", err)
	case <-time.After(100 * time.Millisecond): // a lower bound only: it must be silent for a while
	}
	require.NoError(t, s.Continue())
	require.NoError(t, <-answered)
}

func TestStandbyStreams(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]pgtest.Config{"trust": {}, "password": {SCRAM: true, Password: `a'b\c d`}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			primary := pgtest.New(t, cfg)
			standby, err := primary.Standby(t.Context(), pgtest.StandbyConfig{Name: "standby1"})
			require.NoError(t, err)
			require.Equal(t, "standby1", query[string](t, standby.URL("postgres"), "show cluster_name"))
			require.NoError(t, primary.Exec(t.Context(), "postgres", "create table t as select 42 as n"))
			eventually(t, "the row arrives", func() bool {
				return query[bool](t, standby.URL("postgres"), "select to_regclass('t') is not null") &&
					query[int](t, standby.URL("postgres"), "select n from t") == 42
			})
			require.Equal(t, 1, query[int](t, primary.URL("postgres"), "select count(*) from pg_replication_slots where active"))

			require.NoError(t, primary.Kill())
			require.NoError(t, standby.Promote(t.Context()))
			require.NoError(t, standby.Exec(t.Context(), "postgres", "insert into t values (43)"))
		})
	}
	_, err := pgtest.New(t, pgtest.Config{}).Standby(t.Context(), pgtest.StandbyConfig{Name: "Not; OK"})
	require.ErrorContains(t, err, "Not; OK")
}

// A commit waits for the only synchronous standby while that hangs, and ends when it goes on.
func TestSynchronousStandbyHoldsCommitsUp(t *testing.T) {
	t.Parallel()
	primary := pgtest.New(t, pgtest.Config{})
	standby, err := primary.Standby(t.Context(), pgtest.StandbyConfig{Name: "s1", Synchronous: true})
	require.NoError(t, err)
	require.NoError(t, primary.Exec(t.Context(), "postgres", "create table t (n int)"))
	require.NoError(t, standby.Hang())
	conn := connect(t, primary.URL("postgres"))
	committed := make(chan error, 1)
	go func() { _, err := conn.Exec(context.Background(), "insert into t values (1)"); committed <- err }()
	eventually(t, "the commit waits", func() bool {
		return query[int](t, primary.URL("postgres"), "select count(*) from pg_stat_activity where wait_event = 'SyncRep'") == 1
	})
	require.Empty(t, committed)
	require.NoError(t, standby.Continue())
	require.NoError(t, <-committed)

	second, err := primary.Standby(t.Context(), pgtest.StandbyConfig{Name: "s2", Synchronous: true})
	require.NoError(t, err)
	require.Equal(t, "on", query[string](t, second.URL("postgres"), "show synchronous_commit"), "it waits for standbys, too, when it is promoted")
	require.NoError(t, standby.Kill())
	require.NoError(t, primary.Exec(t.Context(), "postgres", "insert into t values (2)"), "any one of them is enough")
	require.NoError(t, second.Close())
}

func TestPasswordAndTLS(t *testing.T) {
	t.Parallel()
	ca, err := pgtest.NewCA()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, ca.Close()) })
	cert, err := ca.Issue("127.0.0.1")
	require.NoError(t, err)
	s := pgtest.New(t, pgtest.Config{SCRAM: true, TLS: cert})
	require.True(t, query[bool](t, s.URL("postgres"), "select ssl from pg_stat_ssl where pid = pg_backend_pid()"))
	require.Contains(t, s.URL("postgres"), "verify-full")
	require.Contains(t, s.URL("postgres"), s.Password())

	cfg, err := pgx.ParseConfig(s.URL("postgres"))
	require.NoError(t, err)
	cfg.Password = "wrong"
	_, err = pgx.ConnectConfig(t.Context(), cfg)
	require.ErrorContains(t, err, "28P01")

	other, err := pgtest.NewCA()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, other.Close()) })
	_, err = pgx.Connect(t.Context(), fmt.Sprintf("host=127.0.0.1 port=%d user=postgres sslmode=verify-full sslrootcert=%s", s.Port(), other.CertFile()))
	require.ErrorContains(t, err, "certificate")
	standby, err := s.Standby(t.Context(), pgtest.StandbyConfig{Name: "s1"})
	require.NoError(t, err)
	require.True(t, query[bool](t, s.URL("postgres"), "select bool_and(ssl) from pg_stat_ssl join pg_stat_replication using (pid)"))
	require.True(t, query[bool](t, standby.URL("postgres"), "select ssl from pg_stat_ssl where pid = pg_backend_pid()"))
}

func TestForeignClustersDiffer(t *testing.T) {
	t.Parallel()
	const sql = "select system_identifier from pg_control_system()"
	a, b := pgtest.New(t, pgtest.Config{}), pgtest.New(t, pgtest.Config{Foreign: true})
	require.NotEqual(t, query[int64](t, a.URL("postgres"), sql), query[int64](t, b.URL("postgres"), sql))
}

func TestBouncer(t *testing.T) {
	t.Parallel()
	s := pgtest.New(t, pgtest.Config{SCRAM: true})
	b, err := pgtest.StartBouncer(t.Context(), pgtest.BouncerConfig{Server: s, PoolMode: "transaction"})
	require.NoError(t, err)
	require.Equal(t, 1, query[int](t, b.URL("postgres"), "select 1"))
	_, err = pgx.Connect(t.Context(), b.URL("postgres")+"&statement_timeout=1")
	require.ErrorContains(t, err, "unsupported startup parameter")
	require.NoError(t, b.Kill())
	_, err = pgx.Connect(t.Context(), b.URL("postgres"))
	require.Error(t, err)
	require.NoError(t, b.Close())
	require.NoError(t, b.Close())

	ignoring, err := pgtest.StartBouncer(t.Context(), pgtest.BouncerConfig{Server: s, IgnoreStartupParameters: []string{"statement_timeout"}})
	require.NoError(t, err)
	require.Equal(t, 1, query[int](t, ignoring.URL("postgres")+"&statement_timeout=1", "select 1"))
}

func TestStartErrorsShowTheLog(t *testing.T) {
	t.Parallel()
	_, err := pgtest.Start(t.Context(), pgtest.Config{Parameters: map[string]string{"shared_buffers": "lots"}})
	require.ErrorContains(t, err, `invalid value for parameter "shared_buffers"`)
	t.Run("ctx", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := pgtest.Start(ctx, pgtest.Config{})
		require.ErrorIs(t, err, context.Canceled)
	})
}

func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		s, err := pgtest.Start(b.Context(), pgtest.Config{})
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

// A server that was closed leaves no shared memory behind: neither System V's, nor POSIX's, which is files of its data
// directory here. Containers have little of it.
func TestCloseFreesSharedMemory(t *testing.T) {
	t.Parallel()
	others := ownedBy(t, nil)
	server := pgtest.New(t, pgtest.Config{})
	require.NoError(t, server.Exec(t.Context(), "postgres", "do $$ begin assert current_setting('dynamic_shared_memory_type') = 'mmap'; end $$"))
	pid := []int{server.PID()}
	own := slices.DeleteFunc(ownedBy(t, pid), func(id string) bool { return slices.Contains(others, id) })
	require.NotEmpty(t, own)
	require.NoError(t, server.Close())
	require.NotSubset(t, ownedBy(t, pid), own)
}
