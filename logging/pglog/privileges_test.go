package pglog_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/logging/pglog"
)

// documented returns the SQL of the roles that the package documentation shows.
func documented(t *testing.T) string {
	t.Helper()
	doc, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(doc), "// # Roles\n")
	require.True(t, found)
	rest, _, _ = strings.Cut(rest, "// # ")
	var sql []string
	for line := range strings.Lines(rest) {
		if statement, ok := strings.CutPrefix(line, "//\t"); ok {
			sql = append(sql, statement)
		}
	}
	require.Len(t, sql, 7)
	return strings.Join(sql, "")
}

// as returns the URL for another role of the shared server, which trusts everybody.
func as(t *testing.T, url, role string) string {
	t.Helper()
	cfg, err := pgx.ParseConfig(url)
	require.NoError(t, err)
	return strings.Replace(url, "://"+cfg.User, "://"+role, 1)
}

// The privileges in the documentation are enough, and no more than that.
func TestPrivileges(t *testing.T) {
	t.Parallel()
	srv := server(t) // roles are of a whole server
	url := srv.URL("postgres")
	for _, role := range []string{"log_maintainer", "log_writer", "log_reader"} {
		execute(t, url, "create role "+role+" login")
	}
	before, after, found := strings.Cut(documented(t), "-- as log_maintainer: Migrate\n")
	require.True(t, found)
	execute(t, url, before)
	maintainer, writer, reader := as(t, url, "log_maintainer"), as(t, url, "log_writer"), as(t, url, "log_reader")
	cfg := pglog.Config{Table: "logs.application_logs", SpillDir: t.TempDir()}
	require.NoError(t, pglog.Migrate(t.Context(), connect(t, maintainer), cfg))
	execute(t, maintainer, after)

	var told complaints
	cfg.OnError = told.add
	for _, keep := range []bool{true, false} {
		cfg.KeepSchema = keep
		s := open(t, writer, cfg)
		for n := range 30 {
			r := numbered(n, zapcore.ErrorLevel)
			r.Time = time.Now().AddDate(0, 0, -n%3)
			require.NoError(t, s.Write(r))
			if n%10 == 0 {
				synced(t, s)
			}
		}
		closed(t, s)
		require.Equal(t, int64(30), s.Stats().Stored)
		require.Zero(t, s.Stats().Retries)
	}
	require.LessOrEqual(t, len(told.list()), 1)
	require.Equal(t, int64(60), query[int64](t, reader, "select count(*) from logs.application_logs"))
	require.Equal(t, int64(1), query[int64](t, reader, "select count(*) from logs.application_logs_errors"))
	require.NoError(t, pglog.Maintain(t.Context(), connect(t, maintainer), cfg))
	partitions, _, err := pglog.Cleanup(t.Context(), connect(t, maintainer), cfg, 1)
	require.NoError(t, err)
	require.Equal(t, 1, partitions)

	for role, sql := range map[string][]string{
		writer: {"delete from logs.application_logs", "update logs.application_logs set level = ''", "drop table logs.application_logs", "create table logs.x ()", "delete from logs.application_logs_errors"},
		reader: {"insert into logs.application_logs (timestamp) values (now())", "delete from logs.application_logs", "delete from logs.application_logs_errors"},
	} {
		for _, statement := range sql {
			_, err := connect(t, role).Exec(t.Context(), statement)
			require.ErrorContains(t, err, "42501", statement)
		}
	}
}
