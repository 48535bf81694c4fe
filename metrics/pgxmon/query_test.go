package pgxmon_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/multitracer"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/internal/pgtest"
	"github.com/prodwright/prodwright/metrics/pgxmon"
)

func TestQueries(t *testing.T) {
	t.Parallel()
	c := newRecorder()
	conn := connect(t, sharedURL(t), newTracer(t, c, pgxmon.Config{}))
	ctx := t.Context()
	for _, sql := range []string{
		"create table t (id int primary key, name text)", "insert into t values (1, 'a'), (2, 'b')", "BEGIN", "update t set name = 'c'",
		"with x as (select 1) delete from t where id = 2", "-- nothing", "/* why */ select 1", "commit", "explain select 1",
	} {
		_, err := conn.Exec(ctx, sql)
		require.NoError(t, err)
	}
	require.NoError(t, conn.Ping(ctx)) // pgx does not report it
	var name string
	require.NoError(t, conn.QueryRow(ctx, "select name from t where id = $1", 1).Scan(&name))
	require.ErrorIs(t, conn.QueryRow(ctx, "select name from t where id = $1", 3).Scan(&name), pgx.ErrNoRows)

	// The end of a query is that of its rows.
	rows, err := conn.Query(ctx, "select x from generate_series(1, 3) x")
	require.NoError(t, err)
	require.True(t, rows.Next())
	const selects = `db_query_duration_seconds_count{operation="select",outcome="ok"}`
	require.InDelta(t, 3, c.all()[selects], 0)
	rows.Close()
	require.Equal(t, map[string]float64{
		`db_query_duration_seconds_count{operation="create",outcome="ok"}`:  1,
		`db_query_duration_seconds_count{operation="insert",outcome="ok"}`:  1,
		`db_query_duration_seconds_count{operation="begin",outcome="ok"}`:   1,
		`db_query_duration_seconds_count{operation="update",outcome="ok"}`:  1,
		`db_query_duration_seconds_count{operation="delete",outcome="ok"}`:  1,
		`db_query_duration_seconds_count{operation="commit",outcome="ok"}`:  1,
		`db_query_duration_seconds_count{operation="explain",outcome="ok"}`: 1,
		`db_query_duration_seconds_count{operation="empty",outcome="ok"}`:   1,
		selects: 4,
	}, c.counts("db_query"))
	require.Equal(t, map[string]float64{`db_connect_duration_seconds_count{outcome="ok"}`: 1}, c.counts("db_connect"))
	require.InDelta(t, 2, c.all()[`db_prepare_duration_seconds_count{outcome="ok"}`], 0, "two of the statements went to the cache")
	require.Empty(t, c.counts("db_slow"))
}

// fails runs a statement that fails, and returns the counts of queries.
func fails(t *testing.T, url, sql string, args ...any) map[string]float64 {
	t.Helper()
	c := newRecorder()
	conn := connect(t, url, newTracer(t, c, pgxmon.Config{}))
	_, err := conn.Exec(t.Context(), sql, args...)
	require.Error(t, err)
	return c.counts("db_query")
}

func counted(operation, outcome, class string) map[string]float64 {
	return map[string]float64{
		`db_query_duration_seconds_count{operation="` + operation + `",outcome="` + outcome + `"}`: 1,
		`db_query_errors_total{class="` + class + `",operation="` + operation + `"}`:               1,
	}
}

func TestErrorsOfTheServer(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	conn := connect(t, url, nil)
	_, err := conn.Exec(t.Context(), "create table u (id int primary key); insert into u values (1)")
	require.NoError(t, err)
	for name, tc := range map[string]struct {
		sql       string
		args      []any
		operation string
		class     string
	}{
		"syntax":               {"select from from", nil, "select", "42"},
		"syntax, prepared":     {"select from from where $1", []any{1}, "select", "42"},
		"no such table":        {"delete from absent", nil, "delete", "42"},
		"unique violation":     {"insert into u values ($1)", []any{1}, "insert", "23"},
		"division by zero":     {"select 1 / 0", nil, "select", "22"},
		"bad text":             {"select $1::text::int", []any{"x"}, "select", "22"},
		"statement timeout":    {"set statement_timeout = 50; select pg_sleep(600)", nil, "set", "57"},
		"lock timeout":         {"do $$ begin raise 'x' using errcode = '55P03'; end $$", nil, "do", "55"},
		"serialization":        {"do $$ begin raise 'x' using errcode = '40001'; end $$", nil, "do", "40"},
		"of a class of theirs": {"do $$ begin raise 'x' using errcode = 'ZX123'; end $$", nil, "do", "custom"},
		"the client's":         {"select $1::int", []any{struct{}{}}, "select", "other"},
		"too few arguments":    {"select $1::int", []any{1, 2}, "select", "other"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, counted(tc.operation, "error", tc.class), fails(t, url, tc.sql, tc.args...))
		})
	}
}

// The caller's context ends a query on the client's side, or, when pgx is told so, on the server's.
func TestErrorsOfTheContext(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	byRequest := func(c *pgx.ConnConfig) {
		c.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
			return &pgconn.CancelRequestContextWatcherHandler{Conn: conn, DeadlineDelay: hang}
		}
	}
	for name, tc := range map[string]struct {
		end            func(ctx context.Context, began func()) (context.Context, context.CancelFunc)
		change         func(*pgx.ConnConfig)
		outcome, class string
	}{
		"cancel":            {canceled, func(*pgx.ConnConfig) {}, "canceled", "canceled"},
		"deadline":          {expired, func(*pgx.ConnConfig) {}, "timeout", "timeout"},
		"cancel, by server": {canceled, byRequest, "canceled", "57"},
		"deadline, by it":   {expired, byRequest, "timeout", "57"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newRecorder()
			conn := connect(t, url, newTracer(t, c, pgxmon.Config{}), tc.change)
			pid := conn.PgConn().PID()
			ctx, cancel := tc.end(t.Context(), func() { sleeping(t, url, pid) })
			defer cancel()
			_, err := conn.Exec(ctx, "select pg_sleep(600)")
			require.Error(t, err)
			require.Equal(t, counted("select", tc.outcome, tc.class), c.counts("db_query"))
		})
	}
	t.Run("ended before", func(t *testing.T) {
		t.Parallel()
		c := newRecorder()
		conn := connect(t, url, newTracer(t, c, pgxmon.Config{}))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := conn.Exec(ctx, "select 1")
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, counted("select", "canceled", "canceled"), c.counts("db_query"))
	})
}

func canceled(ctx context.Context, began func()) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		began()
		cancel()
	}()
	return ctx, cancel
}

func expired(ctx context.Context, _ func()) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, 50*time.Millisecond)
}

func TestConnectionIsTerminated(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	c := newRecorder()
	conn := connect(t, url, newTracer(t, c, pgxmon.Config{}))
	pid := conn.PgConn().PID()
	done := make(chan error)
	go func() {
		_, err := conn.Exec(t.Context(), "select pg_sleep(600)")
		done <- err
	}()
	sleeping(t, url, pid)
	_, err := connect(t, url, nil).Exec(t.Context(), "select pg_terminate_backend($1)", int32(pid))
	require.NoError(t, err)
	require.Error(t, <-done)
	require.Equal(t, counted("select", "error", "57"), c.counts("db_query"))

	_, err = conn.Exec(t.Context(), "update t set a = 1")
	require.Error(t, err, "the connection is closed")
	require.Subset(t, c.counts("db_query"), counted("update", "error", "connection"))
}

func TestServerIsKilled(t *testing.T) {
	t.Parallel()
	server := pgtest.New(t, pgtest.Config{})
	url := server.URL("postgres")
	c := newRecorder()
	tracer := newTracer(t, c, pgxmon.Config{})
	conn := connect(t, url, tracer)
	pid := conn.PgConn().PID()
	done := make(chan error)
	go func() {
		_, err := conn.Exec(t.Context(), "select pg_sleep(600)")
		done <- err
	}()
	sleeping(t, url, pid)
	require.NoError(t, server.Kill())
	require.Error(t, <-done)
	require.Equal(t, counted("select", "error", "connection"), c.counts("db_query"))

	cfg, err := pgx.ParseConfig(url)
	require.NoError(t, err)
	cfg.Tracer = tracer
	_, err = pgx.ConnectConfig(t.Context(), cfg)
	require.Error(t, err)
	require.Equal(t, map[string]float64{
		`db_connect_duration_seconds_count{outcome="ok"}`:    1,
		`db_connect_duration_seconds_count{outcome="error"}`: 1,
		`db_connect_errors_total{class="connection"}`:        1,
	}, c.counts("db_connect"))
}

func TestConnectErrors(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	c := newRecorder()
	tracer := newTracer(t, c, pgxmon.Config{})
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	for class, tc := range map[string]struct {
		ctx    context.Context
		change func(*pgx.ConnConfig)
	}{
		"28":       {t.Context(), func(c *pgx.ConnConfig) { c.User = "nobody" }},
		"3D":       {t.Context(), func(c *pgx.ConnConfig) { c.Database = "absent" }},
		"canceled": {canceled, func(*pgx.ConnConfig) {}},
	} {
		cfg, err := pgx.ParseConfig(url)
		require.NoError(t, err)
		cfg.Tracer = tracer
		tc.change(cfg)
		_, err = pgx.ConnectConfig(tc.ctx, cfg)
		require.Error(t, err)
		require.InDelta(t, 1, c.all()[`db_connect_errors_total{class="`+class+`"}`], 0, "%v", err)
	}
}

func TestPrepare(t *testing.T) {
	t.Parallel()
	c := newRecorder()
	tracer := newTracer(t, c, pgxmon.Config{SlowQuery: 1})
	conn := connect(t, sharedURL(t), tracer)
	ctx := t.Context()
	for range 2 { // the second time it is there already
		_, err := conn.Prepare(ctx, "getUser", "with x as (select 'secret') select 1 from x where $1")
		require.NoError(t, err)
	}
	_, err := conn.Prepare(ctx, "broken", "select from from")
	require.Error(t, err)
	require.Equal(t, map[string]float64{
		`db_prepare_duration_seconds_count{outcome="ok"}`:       1,
		`db_prepare_duration_seconds_count{outcome="error"}`:    1,
		`db_query_errors_total{class="42",operation="prepare"}`: 1,
	}, merged(c.counts("db_prepare"), c.counts("db_query")))

	// A query may consist of the name.
	_, err = conn.Exec(ctx, "getUser", true)
	require.NoError(t, err)
	require.InDelta(t, 1, c.all()[`db_query_duration_seconds_count{operation="select",outcome="ok"}`], 0)
	require.Equal(t, "with x as (select ?) select ? from x where ?", tracer.Slowest(1)[0].SQL)
	_, err = conn.Exec(ctx, "absent")
	require.Error(t, err)
	require.InDelta(t, 1, c.all()[`db_query_errors_total{class="42",operation="other"}`], 0)

	// What a query prepares is its own affair.
	_, err = conn.Exec(ctx, "delete from absent where $1", true)
	require.Error(t, err)
	require.InDelta(t, 2, c.all()[`db_prepare_duration_seconds_count{outcome="error"}`], 0)
	require.InDelta(t, 1, c.all()[`db_query_errors_total{class="42",operation="prepare"}`], 0)
	require.InDelta(t, 1, c.all()[`db_query_errors_total{class="42",operation="delete"}`], 0)
}

func merged(counts ...map[string]float64) map[string]float64 {
	all := make(map[string]float64)
	for _, m := range counts {
		maps.Copy(all, m)
	}
	return all
}

func TestPreparedAreLimited(t *testing.T) {
	t.Parallel()
	c := newRecorder()
	conn := connect(t, sharedURL(t), newTracer(t, c, pgxmon.Config{}))
	for i := range pgxmon.MaxPrepared + 10 {
		name := "q" + time.Duration(i).String()
		_, err := conn.Prepare(t.Context(), name, "select 1")
		require.NoError(t, err)
		_, err = conn.Exec(t.Context(), name)
		require.NoError(t, err)
	}
	require.Equal(t, map[string]float64{
		`db_query_duration_seconds_count{operation="select",outcome="ok"}`: pgxmon.MaxPrepared,
		`db_query_duration_seconds_count{operation="other",outcome="ok"}`:  10,
	}, c.counts("db_query"))
}

func TestCopyFrom(t *testing.T) {
	t.Parallel()
	c := newRecorder()
	conn := connect(t, sharedURL(t), newTracer(t, c, pgxmon.Config{}))
	ctx := t.Context()
	_, err := conn.Exec(ctx, "create table t (id int primary key)")
	require.NoError(t, err)
	rows := [][]any{{1}, {2}, {3}}
	_, err = conn.CopyFrom(ctx, pgx.Identifier{"t"}, []string{"id"}, pgx.CopyFromRows(rows))
	require.NoError(t, err)
	_, err = conn.CopyFrom(ctx, pgx.Identifier{"t"}, []string{"id"}, pgx.CopyFromRows(rows))
	require.Error(t, err, "they are there")
	_, err = conn.CopyFrom(ctx, pgx.Identifier{"absent"}, []string{"id"}, pgx.CopyFromRows(rows))
	require.Error(t, err)
	require.Equal(t, map[string]float64{
		`db_copy_duration_seconds_count{outcome="ok"}`:       1,
		`db_copy_duration_seconds_count{outcome="error"}`:    2,
		`db_copy_rows_total`:                                 3,
		`db_query_errors_total{class="23",operation="copy"}`: 1,
		`db_query_errors_total{class="42",operation="copy"}`: 1,
	}, merged(c.counts("db_copy"), c.counts("db_query_errors")))
}

// Two tracers of this package and one of another sort share a connection.
func TestChained(t *testing.T) {
	t.Parallel()
	first, second, other := newRecorder(), newRecorder(), &plain{}
	chain := multitracer.New(newTracer(t, first, pgxmon.Config{}), other, newTracer(t, second, pgxmon.Config{}))
	p := openPool(t, sharedURL(t), 1, chain)
	ctx := t.Context()
	_, err := p.Exec(ctx, "select $1::int", 1)
	require.NoError(t, err)
	_, err = p.Exec(ctx, "select 1 / 0")
	require.Error(t, err)
	require.Error(t, p.SendBatch(ctx, batch("select 1", "select 1 / 0")).Close())
	_, err = p.CopyFrom(ctx, pgx.Identifier{"absent"}, []string{"id"}, pgx.CopyFromRows(nil))
	require.Error(t, err)
	require.Equal(t, first.counts(""), second.counts(""))
	require.Equal(t, map[string]float64{
		`db_batch_duration_seconds_count{outcome="error"}`:                          1,
		`db_batch_query_duration_seconds_count{operation="select",outcome="error"}`: 1,
		`db_batch_query_duration_seconds_count{operation="select",outcome="ok"}`:    1,
		`db_connect_duration_seconds_count{outcome="ok"}`:                           1,
		`db_copy_duration_seconds_count{outcome="error"}`:                           1,
		`db_pool_acquire_duration_seconds_count{outcome="ok"}`:                      4,
		`db_pool_acquires_total`:                                                    4,
		`db_pool_releases_total`:                                                    4,
		`db_query_duration_seconds_count{operation="select",outcome="error"}`:       1,
		`db_query_duration_seconds_count{operation="select",outcome="ok"}`:          1,
		`db_query_errors_total{class="22",operation="select"}`:                      2,
		`db_query_errors_total{class="42",operation="copy"}`:                        1,
	}, withoutPrepares(first.counts("")))
	require.Equal(t, []bool{true, false}, other.ok)
}

// withoutPrepares leaves out what depends on how pgx prepares.
func withoutPrepares(counts map[string]float64) map[string]float64 {
	for _, outcome := range []string{"ok", "error"} {
		delete(counts, `db_prepare_duration_seconds_count{outcome="`+outcome+`"}`)
	}
	return counts
}

// plain is a tracer of another sort.
type plain struct{ ok []bool }

func (*plain) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return context.WithValue(ctx, (&plain{}).key(), true)
}

func (p *plain) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryEndData) {
	if ctx.Value(p.key()) == nil {
		panic("another context")
	}
	p.ok = append(p.ok, data.Err == nil)
}

type plainKey struct{}

func (*plain) key() any { return plainKey{} }

func TestJudge(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		err            error
		closed         bool
		outcome, class string
	}{
		{nil, false, "ok", ""},
		{pgx.ErrNoRows, true, "ok", ""},
		{errors.New("x"), false, "error", "other"},
		{errors.New("x"), true, "error", "connection"},
		{fmt.Errorf("read: %w", os.ErrDeadlineExceeded), true, "timeout", "timeout"},
		{fmt.Errorf("read: %w", syscall.ETIMEDOUT), false, "error", "connection"},
		{&pgconn.PgError{Code: "23505"}, false, "error", "23"},
		{&pgconn.PgError{Code: "XX000"}, false, "error", "XX"},
		{&pgconn.PgError{Code: "X1234"}, false, "error", "custom"},
		{&pgconn.PgError{Code: " 0123"}, false, "error", "custom"},
		{&pgconn.PgError{Code: "3"}, false, "error", "custom"},
		{errors.Join(context.Canceled, &pgconn.PgError{Code: "40001"}), false, "error", "40"},
	} {
		outcome, class := pgxmon.Judge(t.Context(), tc.err, tc.closed)
		require.Equal(t, []string{tc.outcome, tc.class}, []string{outcome, class}, "%v", tc.err)
	}
}
