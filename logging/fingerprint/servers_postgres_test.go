package fingerprint_test

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/internal/pgtest"
)

// postgresLines makes PostgreSQL log. The label of a message is the format in the source that it has: those in testdata are
// from the server's own catalogue of messages (the msgids of postgres.mo and plpgsql.mo), each with as much text as possible;
// in place of "%s at or near" are those texts of the source that the %s stands for. A message that has none is
// labelled with where in the source it comes from (function, file and line, which log_error_verbosity=verbose adds); where
// it has the text of a statement, with the server's own id of the statement's shape.
func postgresLines(t *testing.T) []line {
	t.Helper()
	srv := pgtest.New(t, pgtest.Config{SCRAM: true, Parameters: map[string]string{
		"logging_collector": "on", "log_destination": "csvlog", "log_directory": "log", "log_filename": "pg.log", "log_rotation_age": "0",
		"log_error_verbosity": "verbose", "log_connections": "on", "log_disconnections": "on", "log_lock_waits": "on", "deadlock_timeout": "20ms",
		"log_temp_files": "0", "log_checkpoints": "on", "log_autovacuum_min_duration": "0", "autovacuum": "on", "autovacuum_naptime": "1s",
		"log_min_messages": "notice", "compute_query_id": "on", "log_replication_commands": "on",
	}})
	p := &postgres{T: t, srv: srv, db: srv.Database(t)}
	p.statements()
	p.slow()
	p.locks()
	p.clients()
	p.maintenance()
	p.restarts()
	file := filepath.Join(srv.DataDir(), "log", "pg.csv")
	require.NoError(t, srv.Stop(t.Context()))
	wait(t, file, "database system is shut down", 3)
	lines := readPostgres(t, file)
	require.NoError(t, srv.Start(t.Context())) // its database is dropped
	return lines
}

func readPostgres(t *testing.T, file string) []line {
	t.Helper()
	f, err := os.Open(file)
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	rows, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	shared := formats(append(read(t, filepath.Join("testdata", "postgres-formats.txt")), postgresFormats...)...)
	var lines []line
	for _, row := range rows { // the columns are in the documentation of csvlog
		message, location, query := row[13], row[21], row[25]
		if location == "" {
			continue
		}
		if strings.HasPrefix(message, "duration: ") {
			location += ", query " + query
		}
		if format, ok := label(shared, strings.ReplaceAll(message, "\n", `\n`)); ok {
			location = format
		}
		lines = append(lines, line{location, message})
	}
	return lines
}

// postgresFormats are of what comes out of this test's own statements, or is in no catalogue.
var postgresFormats = []string{
	"order %d of customer %d is gone", "%d items left", "at %d of %d", "account %d is locked", // the functions and blocks of this test
	`unterminated quoted identifier at or near %s`, `zero-length delimited identifier at or near %s`,
	`permission denied for table %s`, `permission denied for schema %s`, `permission denied for database %s`,
}

type postgres struct {
	*testing.T
	srv *pgtest.Server
	db  string
}

// connect opens a connection that sends statements as they are. Like all others it has an application_name, which is an
// optional part of what is logged.
func (p *postgres) connect() *pgx.Conn {
	p.Helper()
	cfg, err := pgx.ParseConfig(p.db)
	require.NoError(p, err)
	cfg.DefaultQueryExecMode, cfg.RuntimeParams["application_name"] = pgx.QueryExecModeSimpleProtocol, "worker"
	c, err := pgx.ConnectConfig(p.Context(), cfg)
	require.NoError(p, err)
	p.Cleanup(func() { _ = c.Close(context.WithoutCancel(p.Context())) })
	return c
}

func (p *postgres) must(c *pgx.Conn, sql string) {
	p.Helper()
	_, err := c.Exec(p.Context(), sql)
	require.NoError(p, err, sql)
}

// statements are refused, each with several values.
func (p *postgres) statements() {
	c := p.connect()
	p.must(c, `
		create table people (id int primary key, name text not null, age int check (age >= 0), boss int references people);
		create table "Orders" (id uuid primary key, total numeric(5,2), at timestamptz, tags jsonb, mood text, unique (mood));
		create table rooms (during tsrange, exclude using gist (during with &&));
		create function raise(n int) returns void language plpgsql as 'begin raise exception ''order % of customer % is gone'', n, n * 7; end';
		create function loud(n int) returns void language plpgsql as 'begin raise warning ''% items left'', n; end';
		create function deep(n int) returns int language sql as 'select n / 0';
		create view v as select 1 as one; create type mood as enum ('sad', 'ok'); create sequence s maxvalue 3; create schema attic;
		create role alice login password 'secret'; create role bob login password 'secret' connection limit 0; create role carol nologin;`)
	names := []string{"ann", "Ben Hur", "o'hara", "users_2024", "x", "très", "a.b", "customer"}
	for i, n := range names {
		id := pgx.Identifier{n}.Sanitize()
		text := "'" + strings.ReplaceAll(n, "'", "''") + "'"
		for _, sql := range []string{
			fmt.Sprintf("select 1 from %s", id), fmt.Sprintf("select %s from people", id), fmt.Sprintf("select %s(1, 'a')", id),
			fmt.Sprintf("select people.%s from people", id), fmt.Sprintf("select 1 from %s.people", id), fmt.Sprintf("drop table %s", id),
			fmt.Sprintf("insert into people values (%d, %s), (%d, %s)", i, text, i, text), fmt.Sprintf("insert into people values (%d, null)", i+50),
			fmt.Sprintf("insert into people values (%d, %s, %d)", i+100, text, -i-1), fmt.Sprintf("insert into people values (%d, %s, 4, %d)", i+100, text, i+900),
			fmt.Sprintf("select %d / 0", i), fmt.Sprintf("select %s::int", text), fmt.Sprintf("select %s::uuid", text), fmt.Sprintf("select %s::date", text),
			fmt.Sprintf("select %s::json", text), fmt.Sprintf("select '2023-02-%d'::date", 30+i), fmt.Sprintf("select %d00000000000::int", i+1),
			fmt.Sprintf("select '%d00000000000'::int", i+1), fmt.Sprintf("select 1 from people where (%d", i), fmt.Sprintf("selec %s", text),
			fmt.Sprintf("select %s from", text), fmt.Sprintf(`insert into "Orders" values (gen_random_uuid(), %d000)`, i+1),
			fmt.Sprintf(`insert into "Orders" (id) values ('%08d-0000-0000-0000-000000000000'), ('%08d-0000-0000-0000-000000000000')`, i, i),
			fmt.Sprintf("insert into rooms values ('[2024-01-0%d, 2024-02-0%d]'), ('[2024-01-0%d, 2024-02-0%d]')", i+1, i+1, i+1, i+2),
			fmt.Sprintf("select raise(%d)", i*13), fmt.Sprintf("select loud(%d)", i*17), fmt.Sprintf("select deep(%d)", i), fmt.Sprintf("select %s::mood", text),
			"select nextval('s') from generate_series(1, 5)", fmt.Sprintf("set %s = 1", pgx.Identifier{"nope_" + fmt.Sprint(i)}.Sanitize()),
			fmt.Sprintf("set work_mem = '%d quarks'", i), fmt.Sprintf("set work_mem = %d", i), fmt.Sprintf("set role %s", id), fmt.Sprintf("set datestyle = %s", text),
			fmt.Sprintf("create table people (a%d int)", i), fmt.Sprintf("create schema %s; create schema %s", id, id), "create role alice", "create database postgres",
			fmt.Sprintf("alter table people add column name int, add c%d int", i), fmt.Sprintf("drop schema %s", id), fmt.Sprintf("drop function %s(int)", id),
			fmt.Sprintf("select substring('a', 1, %d)", -i-1), fmt.Sprintf("select sqrt(%d)", -i-1), fmt.Sprintf("select ln(%d)", -i), fmt.Sprintf("select repeat('x', %d00000000)", 20+i),
			fmt.Sprintf("select 'x' ~ '[%d'", i), fmt.Sprintf("select to_date(%s, 'YYYY')", text), fmt.Sprintf("select cast(row(%d, 2) as int)", i), fmt.Sprintf("select '{%d, 2'::int[]", i),
			fmt.Sprintf("select (array[1,2,3])[%d:2] + 1", i), fmt.Sprintf("select %d = %s::bool", i, text), fmt.Sprintf("select name from people group by id, age having max(name) > %s and boss = 1", text),
			fmt.Sprintf("execute %s", id), fmt.Sprintf("fetch from %s", id), fmt.Sprintf("release savepoint %s", id), fmt.Sprintf("copy people from %s", text),
			fmt.Sprintf("select pg_read_file(%s)", text), fmt.Sprintf("select lo_open(%d, 1)", 100+i), fmt.Sprintf("select pg_terminate_backend(%d)", 99990+i),
			fmt.Sprintf("select a.id from people a, people b where id = %d", i), fmt.Sprintf("select (select generate_series(1, %d))", i+2), fmt.Sprintf("values (1), (2, %d)", i),
			fmt.Sprintf("insert into people (id, %s) values (1, 2)", id), fmt.Sprintf("insert into people (id, id) values (1, %d)", i), fmt.Sprintf("insert into people (id) values (1, %d)", i),
			fmt.Sprintf("drop table people, %s", id), fmt.Sprintf("delete from v where one = %d", i), fmt.Sprintf("truncate %s", id), fmt.Sprintf("select 1 limit %d", -i-1),
			fmt.Sprintf("begin; select 1/0; select %d", i), fmt.Sprintf("rollback; select %d", i), fmt.Sprintf("select %d", i), "commit", "begin", "begin", "rollback",
			fmt.Sprintf("drop table if exists %s", id), fmt.Sprintf("drop type mood, %s", id), fmt.Sprintf("alter table %s rename to y", id), fmt.Sprintf("create index on people (%s)", id),
			fmt.Sprintf("vacuum %s", id), fmt.Sprintf("begin; vacuum people; select %d", i), "rollback", fmt.Sprintf("begin read only; insert into people values (%d)", i), "rollback",
			fmt.Sprintf("select now() at time zone %s", text), fmt.Sprintf("select '%d:61:00'::time", i), fmt.Sprintf("select '10.0.0.%d/99'::inet", i), fmt.Sprintf("select '\\x%dz'::bytea", i),
			fmt.Sprintf("select '{\"a\": %d'::jsonb", i), fmt.Sprintf("select chr(%d)", -i), fmt.Sprintf("comment on table %s is 'x'", id), fmt.Sprintf("lock table %s", id),
		} {
			_, _ = c.Exec(p.Context(), sql)
		}
		for _, sql := range wrongStatements(p.T, i, id, text) {
			if _, err := c.Exec(p.Context(), sql); c.PgConn().TxStatus() != 'I' && err == nil {
				p.must(c, "rollback")
			}
		}
		p.must(c, "rollback")
		p.denied(id)
	}
}

// denied does what alice may not.
func (p *postgres) denied(id string) {
	cfg, err := pgx.ParseConfig(p.db)
	require.NoError(p, err)
	cfg.User, cfg.Password, cfg.DefaultQueryExecMode = "alice", "secret", pgx.QueryExecModeSimpleProtocol
	cfg.RuntimeParams["application_name"] = "shop"
	c, err := pgx.ConnectConfig(p.Context(), cfg)
	require.NoError(p, err)
	for _, sql := range []string{"select * from people", `update "Orders" set total = 1`, "create schema " + id, "drop table people", "select * from attic.x", "set role postgres",
		"checkpoint", "alter system set work_mem = 1", "create role " + id, "copy people to '/tmp/x'", "create extension hstore", "set log_statement = 'all'", "select * from pg_authid"} {
		_, _ = c.Exec(p.Context(), sql)
	}
	require.NoError(p, c.Close(p.Context()))
}

// slow statements are logged with how long they took.
func (p *postgres) slow() {
	c := p.connect()
	p.must(c, "set log_min_duration_statement = 0")
	for i := range 12 {
		p.must(c, fmt.Sprintf("select id, age from people where id = %d and name <> 'n%d'", i*7, i))
		p.must(c, fmt.Sprintf(`update "Orders" set total = %d.5 where id = '%08d-1111-2222-3333-444444444444'`, i, i))
		_, err := c.Exec(p.Context(), "select count(*) from people where age > $1", pgx.QueryExecModeExec, i)
		require.NoError(p, err)
	}
	p.must(c, "reset log_min_duration_statement")
	p.must(c, "set work_mem = '64kB'")
	for i := range 6 {
		p.must(c, fmt.Sprintf("select count(*) from (select g from generate_series(1, %d) g order by g::text) x", 20000+i*5000))
	}
	for i := range 6 {
		p.must(c, fmt.Sprintf("set statement_timeout = %d", 2+i))
		_, err := c.Exec(p.Context(), "select pg_sleep(5)")
		require.Error(p, err)
	}
	p.must(c, "reset statement_timeout")
}

// locks wait, time out and end in deadlocks.
func (p *postgres) locks() {
	a, b := p.connect(), p.connect()
	p.must(a, "insert into people values (1001, 'x'), (1002, 'y')")
	for i := range 4 {
		p.must(a, "begin; update people set age = 1 where id = 1001")
		p.must(b, fmt.Sprintf("set lock_timeout = %d", 40+i))
		for _, sql := range []string{"update people set age = 2 where id = 1001", "lock table people"} {
			_, err := b.Exec(p.Context(), sql)
			require.Error(p, err)
		}
		_, err := b.Exec(p.Context(), "select id from people where id = 1001 for update nowait")
		require.Error(p, err)
		p.must(b, "reset lock_timeout; begin; update people set age = 3 where id = 1002")
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = a.Exec(p.Context(), "update people set age = 4 where id = 1002") })
		_, _ = b.Exec(p.Context(), "update people set age = 5 where id = 1001")
		wg.Wait()
		p.must(a, "rollback")
		p.must(b, "rollback")
		p.must(a, "begin isolation level serializable; select count(age) from people")
		p.must(b, "begin isolation level serializable; select count(age) from people; update people set age = 8 where id = 1002; commit")
		_, _ = a.Exec(p.Context(), "update people set age = 9 where id = 1002; commit")
		p.must(a, "rollback")
	}
}

// clients come with wrong names and passwords, send rubbish, vanish and are cancelled and ended.
func (p *postgres) clients() {
	refused := func(change func(*pgx.ConnConfig)) {
		cfg, err := pgx.ParseConfig(p.db)
		require.NoError(p, err)
		cfg.RuntimeParams["application_name"] = "cron"
		change(cfg)
		c, err := pgx.ConnectConfig(p.Context(), cfg)
		require.Error(p, err)
		require.Nil(p, c)
	}
	admin := p.connect()
	for i := range 6 {
		refused(func(c *pgx.ConnConfig) { c.Password = fmt.Sprint("wrong", i) })
		refused(func(c *pgx.ConnConfig) { c.User, c.Password = []string{"bob", "carol"}[i%2], "secret" })
		refused(func(c *pgx.ConnConfig) { c.User = fmt.Sprint("nobody", i) })
		refused(func(c *pgx.ConnConfig) { c.Database = []string{"shop", "crm", "ab", "x1", "x2", "y"}[i] })
		refused(func(c *pgx.ConnConfig) { c.RuntimeParams["zzz"+string(rune('a'+i))] = "1" })
		for _, rubbish := range []string{"GET / HTTP/1.1\r\n\r\n", "\x00\x00\x00\x08\x00\x09\x00\x00", "\x00\x00\x00", "\x00\x00\x00\x10\x00\x03\x00\x00user\x00x\x00\x00"} {
			c, err := net.Dial("tcp", p.srv.Addr())
			require.NoError(p, err)
			_, err = c.Write([]byte(rubbish))
			require.NoError(p, err)
			require.NoError(p, c.(*net.TCPConn).CloseWrite())
			_, _ = c.Read(make([]byte, 1024))
			_ = c.Close()
		}
		for _, sql := range []string{"select 1", "begin; select 1"} {
			victim := p.connect()
			p.must(victim, fmt.Sprintf("set application_name = 'worker %d'; %s", i, sql))
			_ = victim.PgConn().Conn().(*net.TCPConn).SetLinger(i % 2)
			_ = victim.PgConn().Conn().Close()
		}
		victim := p.connect()
		p.must(admin, fmt.Sprintf("select pg_terminate_backend(%d)", victim.PgConn().PID()))
		victim = p.connect()
		ctx, cancel := context.WithTimeout(p.Context(), 30*time.Millisecond)
		_, err := victim.Exec(ctx, "select pg_sleep(10)")
		cancel()
		require.Error(p, err)
		victim = p.connect()
		p.must(victim, "set idle_in_transaction_session_timeout = 10; begin")
		require.Eventually(p, func() bool { return errors.Join(victim.Ping(p.Context())) != nil }, 10*time.Second, 20*time.Millisecond)
	}
}

// maintenance are checkpoints, vacuums, and changes of the configuration.
func (p *postgres) maintenance() {
	c := p.connect()
	for i := range 5 {
		p.must(c, fmt.Sprintf("create table bulk%d as select g, md5(g::text) as t from generate_series(1, %d) g; delete from bulk%d where g %% 2 = 0", i, 1000+900*i, i))
		p.must(c, "checkpoint")
		p.must(c, fmt.Sprintf("alter system set work_mem = '%dMB'", i+3))
		p.must(c, fmt.Sprintf("alter system set max_connections = %d", i+50))
		p.must(c, fmt.Sprintf("alter system set log_temp_files = '%dkB'", i+1))
		p.must(c, "select pg_reload_conf()")
		wait(p.T, filepath.Join(p.srv.DataDir(), "log", "pg.csv"), "received SIGHUP", i+1)
	}
	p.must(c, "alter system reset max_connections")
	p.must(c, "alter system reset work_mem")
	wait(p.T, filepath.Join(p.srv.DataDir(), "log", "pg.csv"), "automatic vacuum of table", 3)
}

// restarts are those on request, after a kill of one process and after a crash.
func (p *postgres) restarts() {
	require.NoError(p, p.srv.Restart(p.Context()))
	for i := range 3 {
		c := p.connect()
		other := p.connect()
		p.must(c, fmt.Sprintf("create table lost%d as select generate_series(1, %d)", i, 100*i+50))
		process, err := os.FindProcess(int(c.PgConn().PID()))
		require.NoError(p, err)
		require.NoError(p, process.Kill())
		require.Eventually(p, func() bool { return other.Ping(p.Context()) != nil }, 20*time.Second, 20*time.Millisecond)
		p.up()
		require.NoError(p, p.srv.Crash(p.Context()))
		require.NoError(p, p.srv.Start(p.Context()))
	}
	require.NoError(p, p.srv.Restart(p.Context()))
}

// up waits until the server answers again.
func (p *postgres) up() {
	require.Eventually(p, func() bool {
		cfg, err := pgx.ParseConfig(p.db)
		require.NoError(p, err)
		cfg.RuntimeParams["application_name"] = "probe"
		c, err := pgx.ConnectConfig(p.Context(), cfg)
		if err == nil {
			_ = c.Close(p.Context())
		}
		return err == nil
	}, 30*time.Second, 50*time.Millisecond)
}
