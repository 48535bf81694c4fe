package pglog_test

import (
	"errors"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/logging/pglog"
)

// flatTable is the table of the reference.
const flatTable = `create table application_logs (id serial primary key, timestamp timestamptz not null, level varchar(20), logger varchar(100),
	message text, module varchar(100), function varchar(100), line_number integer, user_id integer, request_id varchar(100), ip_address inet,
	exception text, extra_data jsonb, created_at timestamptz default now());
create index on application_logs (timestamp); create index on application_logs (level); create index on application_logs (user_id);
create index on application_logs (request_id)`

func TestMigrateTwiceAndManyAtOnce(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	var all sync.WaitGroup
	for range 4 {
		conn := connect(t, url)
		all.Go(func() {
			for range 2 {
				if err := pglog.Migrate(t.Context(), conn, pglog.Config{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	require.Equal(t, int64(3), query[int64](t, url, "select count(*) from application_logs_migrations"))
	require.Equal(t, int64(10), query[int64](t, url, "select count(*) from pg_inherits where inhparent = 'application_logs'::regclass"))
	require.Equal(t, "p", query[string](t, url, "select relkind::text from pg_class where relname = 'application_logs'"))
	require.Equal(t, int64(5), query[int64](t, url, "select count(*) from pg_index where indrelid = 'application_logs'::regclass"))
}

func TestMigrateNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{`x"; DROP`, `My Logs`, `select`, `s.t`, `"q"."x`, `we\ird'`, strings.Repeat("n", 36)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := sharedURL(t)
			execute(t, url, `create schema s; create schema """q"""`)
			conn := connect(t, url)
			require.NoError(t, pglog.Migrate(t.Context(), conn, pglog.Config{Table: name}))
			require.NoError(t, pglog.Migrate(t.Context(), conn, pglog.Config{Table: name}))
			parts := pgx.Identifier(strings.SplitN(name, ".", 2))
			require.Equal(t, int64(0), query[int64](t, url, "select count(*) from "+parts.Sanitize()))
		})
	}
	for _, bad := range []string{".x", "x.", "a.b.c", "x\x00", "\xff", strings.Repeat("n", 37)} {
		require.ErrorContains(t, pglog.Config{Table: bad}.Validate(), "Table", bad)
	}
}

func TestMigrateLeavesAFlatTable(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	execute(t, url, flatTable)
	require.NoError(t, pglog.Migrate(t.Context(), connect(t, url), pglog.Config{}))
	require.Equal(t, "r", query[string](t, url, "select relkind::text from pg_class where relname = 'application_logs'"))
	require.Equal(t, int64(0), query[int64](t, url, "select count(*) from application_logs_batches"))
	require.Equal(t, int64(0), query[int64](t, url, "select count(*) from application_logs_errors"))
}

func TestMigrationsAreForOtherProgramsToo(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	files := pglog.Migrations()
	list, err := fs.Glob(files, "*.sql")
	require.NoError(t, err)
	require.Len(t, list, 3)
	for _, file := range list { // as tern does: what stands above the line
		sql, err := fs.ReadFile(files, file)
		require.NoError(t, err)
		up, down, found := strings.Cut(string(sql), "---- create above / drop below ----")
		require.True(t, found)
		require.True(t, strings.HasPrefix(up, "-- +goose Up\n"))
		require.True(t, strings.HasSuffix(up, "-- +goose Down\n"))
		execute(t, url, up)
		execute(t, url, down)
		execute(t, url, up)
	}
	require.NoError(t, pglog.Migrate(t.Context(), connect(t, url), pglog.Config{}), "afterwards by ourselves")
}

// Rows for which there was no partition lie in the default one and are moved, those of no day in reach stay.
func TestRowsAreMovedOutOfDefault(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	conn := connect(t, url)
	require.NoError(t, pglog.Migrate(t.Context(), conn, pglog.Config{}))
	execute(t, url, `insert into application_logs (timestamp, message) select now() - n * interval '1 day', 'old ' || n from generate_series(0, 12) n;
		insert into application_logs (timestamp, message) values ('9999-01-01', 'stays')`)
	require.Equal(t, int64(12), query[int64](t, url, "select count(*) from application_logs_default"))
	require.NoError(t, pglog.Maintain(t.Context(), conn, pglog.Config{}))
	require.Equal(t, int64(1), query[int64](t, url, "select count(*) from application_logs_default"))
	require.Equal(t, int64(14), query[int64](t, url, "select count(*) from application_logs"))
	require.Equal(t, int64(14), query[int64](t, url, "select count(distinct id) from application_logs"))

	partitions, rows, err := pglog.Cleanup(t.Context(), conn, pglog.Config{}, 5)
	require.NoError(t, err)
	require.Equal(t, 7, partitions)
	require.Zero(t, rows)
	require.LessOrEqual(t, query[int64](t, url, "select count(*) from application_logs where timestamp < now() - interval '6 days'"), int64(0))
	_, _, err = pglog.Cleanup(t.Context(), conn, pglog.Config{}, 0)
	require.ErrorContains(t, err, "less than 1")
}

func TestCleanupOfAFlatTableAndOfDefault(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	conn := connect(t, url)
	execute(t, url, flatTable+`; insert into application_logs (timestamp) select now() - interval '40 days' from generate_series(1, 12000);
		insert into application_logs (timestamp) values (now())`)
	require.NoError(t, pglog.Maintain(t.Context(), conn, pglog.Config{}))
	require.Equal(t, int64(12001), query[int64](t, url, "select count(*) from application_logs"))
	partitions, rows, err := pglog.Cleanup(t.Context(), conn, pglog.Config{}, 30)
	require.NoError(t, err)
	require.Zero(t, partitions)
	require.Equal(t, int64(12000), rows)
	require.Equal(t, int64(1), query[int64](t, url, "select count(*) from application_logs"))

	other := pglog.Config{Table: "other"}
	require.NoError(t, pglog.Migrate(t.Context(), conn, other))
	execute(t, url, "insert into other (timestamp) select now() - interval '2 years' from generate_series(1, 7)")
	other.RetentionDays = 30
	require.NoError(t, pglog.Maintain(t.Context(), conn, other))
	require.Equal(t, int64(0), query[int64](t, url, "select count(*) from other"))
}

// Maintainers get in nobody's way: not in each other's, and not in that of a writer that keeps a transaction open.
func TestTwoMaintainersAtOnce(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	cfg := pglog.Config{LockTimeout: 50 * time.Millisecond}
	require.NoError(t, pglog.Migrate(t.Context(), connect(t, url), cfg))
	stop := make(chan struct{})
	var writers, maintainers sync.WaitGroup
	for range 2 {
		conn := connect(t, url)
		writers.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := conn.Exec(t.Context(), "insert into application_logs (timestamp, extra_data) values (now() - $1 * interval '1 day', '{}')", n%20); err != nil {
					if pgErr := (*pgconn.PgError)(nil); errors.As(err, &pgErr) && pgErr.Code == "23514" {
						continue // it was on its way to the default partition when the right one came; the sink tries again, too
					}
					t.Error(err)
					return
				}
			}
		})
	}
	for range 3 {
		conn := connect(t, url)
		maintainers.Go(func() {
			for range 5 {
				_ = pglog.Maintain(t.Context(), conn, cfg) // a lock that is not got in time is got later
			}
		})
	}
	maintainers.Wait()
	close(stop)
	writers.Wait()
	rows := query[int64](t, url, "select count(*) from application_logs")
	require.NoError(t, pglog.Maintain(t.Context(), connect(t, url), pglog.Config{}))
	require.Equal(t, rows, query[int64](t, url, "select count(*) from application_logs"))
	require.Equal(t, int64(0), query[int64](t, url, "select count(*) from application_logs_default"))
}
