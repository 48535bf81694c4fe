package pglog_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/logging"
	"github.com/prodwright/prodwright/logging/pglog"
)

// Others change the table while the sink writes to it.
func TestTableIsChangedOnline(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	s := open(t, url, pglog.Config{SpillDir: t.TempDir()})
	n := 0
	for _, change := range []string{
		"select 1",
		"alter table application_logs add column tenant text",
		"alter table application_logs alter column user_id type bigint using user_id::bigint",
		"alter table application_logs drop column module",
		"alter table application_logs alter column message type varchar(12)",
		"alter table application_logs alter column extra_data type json",
		"alter table application_logs alter column line_number type bigint",
		"alter table application_logs alter column user_id type text",
		"alter table application_logs_errors drop column sample",
		"alter table application_logs_errors alter column logger type varchar(1) using left(logger, 1)",
		"alter table application_logs_migrations add column x int",
	} {
		execute(t, url, change)
		for range 50 {
			level := zapcore.InfoLevel
			if n%10 == 0 {
				level = zapcore.ErrorLevel
			}
			require.NoError(t, s.Write(numbered(n, level)), change)
			n++
		}
		eventually(t, "rows are stored after "+change, func() bool { return s.Stats().Stored == int64(n) })
	}
	closed(t, s)
	require.Zero(t, s.Stats().Dead)
	once(t, url, "application_logs", n)
}

// A table that is dropped is made again by the sink, if it may; otherwise records wait until somebody does.
func TestTableIsDropped(t *testing.T) {
	t.Parallel()
	for _, keep := range []bool{false, true} {
		url := sharedURL(t)
		require.NoError(t, pglog.Migrate(t.Context(), connect(t, url), pglog.Config{}))
		s := open(t, url, pglog.Config{SpillDir: t.TempDir(), KeepSchema: keep})
		require.NoError(t, s.Write(numbered(0, zapcore.ErrorLevel)))
		synced(t, s)
		for _, drop := range []string{"drop table application_logs", "drop table application_logs, application_logs_batches, application_logs_errors"} {
			execute(t, url, drop)
			for n := range 100 {
				require.NoError(t, s.Write(numbered(n, zapcore.ErrorLevel)))
			}
			if keep {
				retries := s.Stats().Retries
				eventually(t, "the sink tries", func() bool { return s.Stats().Retries > retries })
				require.Contains(t, s.Stats().LastError, "application_logs")
				require.NoError(t, pglog.Migrate(t.Context(), connect(t, url), pglog.Config{}))
			}
			eventually(t, "rows are stored", func() bool { st := s.Stats(); return st.Queued == 0 && st.SpillFiles == 0 && st.Down == 0 })
			once(t, url, "application_logs", 100)
			require.Equal(t, int64(100), query[int64](t, url, "select count(*) from application_logs_errors join application_logs using (fingerprint)"))
		}
		closed(t, s)
	}
}

// A partition that is missing, and even a default one that is missing, costs no row.
func TestPartitionsAreMissing(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	require.NoError(t, pglog.Migrate(t.Context(), connect(t, url), pglog.Config{}))
	s := open(t, url, pglog.Config{SpillDir: t.TempDir()})
	for n := range 10 {
		r := numbered(n, zapcore.InfoLevel)
		r.Time = time.Now().AddDate(0, 0, -n)
		require.NoError(t, s.Write(r))
	}
	synced(t, s)
	once(t, url, "application_logs", 10)
	require.Equal(t, int64(8), query[int64](t, url, "select count(*) from application_logs_default"))
	require.NoError(t, s.Maintain(t.Context()))
	require.Equal(t, int64(0), query[int64](t, url, "select count(*) from application_logs_default"))

	execute(t, url, "drop table application_logs_default")
	r := numbered(10, zapcore.InfoLevel)
	r.Time = time.Now().AddDate(0, 0, 100)
	require.NoError(t, s.Write(r))
	closed(t, s)
	s = open(t, url, pglog.Config{SpillDir: t.TempDir()})
	require.NoError(t, s.Write(numbered(11, zapcore.InfoLevel)))
	r.Extra = []byte(`"n":12`)
	require.NoError(t, s.Write(r))
	eventually(t, "rows are stored", func() bool { return s.Stats().Stored == 2 })
	closed(t, s)
	require.Zero(t, s.Stats().Dead)
	require.Equal(t, int64(2), query[int64](t, url, "select count(*) from application_logs where timestamp > now() - interval '1 minute' and (extra_data->>'n')::int > 10"))
}

// A name with everything in it works from the migration to the row.
func TestHostileName(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	s := open(t, url, pglog.Config{Table: `x"; DROP TABLE y; --'\`})
	for n := range 20 {
		require.NoError(t, s.Write(numbered(n, zapcore.ErrorLevel)))
	}
	closed(t, s)
	once(t, url, `"x""; DROP TABLE y; --'\"`, 20)
	require.Equal(t, int64(1), query[int64](t, url, `select count(*) from "x""; DROP TABLE y; --'\_errors"`))
	require.NotContains(t, s.String(), "postgres://")
}

// Columns of types that nobody thought of take what they can, and what they refuse goes to extra_data.
func TestColumnsOfOtherTypes(t *testing.T) {
	t.Parallel()
	for _, durable := range []bool{false, true} {
		url := sharedURL(t)
		execute(t, url, `create type grade as enum ('INFO', 'ERROR'); create domain short as text check (length(value) < 5);
			create table application_logs (timestamp timestamptz not null, level grade, logger short, message numeric, user_id uuid, request_id uuid,
			trace_id bytea, span_id date, ip_address cidr, line_number boolean, exception int, release numeric(3), extra_data jsonb)`)
		s := open(t, url, pglog.Config{SpillDir: t.TempDir(), Durable: durable})
		const id = "{12345678-1234-1234-1234-123456789ABC}"
		for _, r := range []logging.Record{
			{Level: zapcore.ErrorLevel, Logger: "fits", Message: "1.5", UserID: id, RequestID: id[1:37], SpanID: "2026-01-02", IP: "10.0.0.1", Release: "5"},
			{Level: zapcore.WarnLevel, Logger: "long name", Message: "text", UserID: "u", RequestID: "123456", TraceID: `\xzz`, SpanID: "s", IP: "10.0.0.1/8", Release: "12345", Line: 7, Error: "e", Stack: "s"},
			{Level: zapcore.InfoLevel, Message: "2"},
		} {
			r.Time = time.Now()
			require.NoError(t, s.Write(&r))
		}
		allStored(t, s, 3)
		closed(t, s)
		require.Zero(t, s.Stats().Dead)
		require.Equal(t, int64(1), query[int64](t, url, `select count(*) from application_logs where level = 'ERROR' and logger = 'fits' and message = 1.5 and user_id = $1
			and request_id = user_id and span_id = '2026-01-02' and ip_address = '10.0.0.1' and release = 5 and extra_data - 'fingerprint' - 'module' = '{}'`, id))
		require.Equal(t, int64(1), query[int64](t, url, `select count(*) from application_logs where num_nonnulls(level, logger, message, user_id, request_id, trace_id, span_id, ip_address,
			line_number, exception, release) = 0 and extra_data = '{"level": "WARNING", "logger": "long name", "message": "text", "user_id": "u", "request_id": "123456", "trace_id": "\\xzz",
			"span_id": "s", "ip_address": "10.0.0.1/8", "line_number": "7", "exception": "e\ns", "release": "12345"}'`))
		require.Equal(t, int64(1), query[int64](t, url, "select count(*) from application_logs where message = 2 and level = 'INFO' and extra_data is null"))
	}
}
