package pglog_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/logging"
	"github.com/prodwright/prodwright/logging/pglog"
)

// refused are records that the database does not take, whatever is done to them.
func refused() map[string]*logging.Record {
	return map[string]*logging.Record{
		"not JSON":         {Extra: []byte(`"a":`)},
		"numeric too big":  {Extra: []byte(`"a":1e999999`)},
		"too deep":         {Extra: []byte(`"a":` + strings.Repeat("[", 200_000) + strings.Repeat("]", 200_000))},
		"a constraint":     {Message: "forbidden"},
		"misleading":       {Message: "forbidden", Module: ", line 1: x"},
		"a trigger":        {Message: "raise"},
		"a broken trigger": {Message: "subquery"},
		"at the commit":    {Message: "raise later"},
	}
}

const rules = `alter table application_logs add constraint allowed check (message <> 'forbidden');
create function refuse() returns trigger language plpgsql as $$ begin if new.message = 'raise' then raise exception 'no'; end if;
if new.message = 'subquery' then new.level := (select n::text from generate_series(1, 2) n); end if; return new; end $$;
create trigger refuse before insert on application_logs for each row execute function refuse();
create function refuse_later() returns trigger language plpgsql as $$ begin if new.message = 'raise later' then raise exception 'no'; end if; return null; end $$;
create constraint trigger refuse_later after insert on application_logs deferrable initially deferred for each row execute function refuse_later()`

// One bad record among a thousand costs that record, and nothing else, whether they come from memory or from disk.
func TestPoison(t *testing.T) {
	t.Parallel()
	for name, bad := range refused() {
		for _, durable := range []bool{false, true} {
			if durable && name != "a constraint" && name != "at the commit" {
				continue
			}
			t.Run(name+map[bool]string{true: " from disk"}[durable], func(t *testing.T) {
				t.Parallel()
				url := sharedURL(t)
				require.NoError(t, pglog.Migrate(t.Context(), connect(t, url), pglog.Config{}))
				execute(t, url, rules)
				var told complaints
				dir := t.TempDir()
				s := open(t, url, pglog.Config{SpillDir: dir, Durable: durable, BatchInterval: time.Hour, OnError: told.add, QueueEntries: 2000})
				bad.Time, bad.Logger = time.Now(), "bad"
				for n := range 1000 {
					if n == 567 {
						require.NoError(t, s.Write(bad))
					}
					require.NoError(t, s.Write(numbered(n, zapcore.InfoLevel)))
				}
				closed(t, s)
				once(t, url, "application_logs", 1000)
				require.Equal(t, int64(1), s.Stats().Dead)
				if name == "at the commit" {
					require.LessOrEqual(t, s.Stats().Batches, int64(15), "found by halves")
				} else {
					require.LessOrEqual(t, s.Stats().Batches, int64(4), "found by the line that the server names")
				}
				line, err := os.ReadFile(filepath.Join(dir, "dead.jsonl"))
				require.NoError(t, err)
				require.Equal(t, 1, bytes.Count(line, []byte("\n")))
				require.Contains(t, string(line), `"logger":"bad"`)
				require.Contains(t, string(line), "SQLSTATE")
				require.True(t, json.Valid(line))
				require.Contains(t, strings.Join(told.list(), "\n"), "refuses a record")
			})
		}
	}
}

// What PostgreSQL would refuse is made acceptable.
func TestSanitise(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	s := open(t, url, pglog.Config{})
	at := time.Now()
	for _, r := range []logging.Record{
		{Logger: "nul", Message: "a\x00b", UserID: "\x00", Error: "e\x00", Extra: []byte(`"k":"x\u0000y"`)},
		{Logger: "utf8", Message: "a\xffb\xc3", Error: "\xed\xa0\x80", Release: "\xfe"},
		{Logger: "surrogates", Extra: []byte(`"a":"\ud800","b":"\udc00x","c":"\ud83d\ude00","d":"\\u0000","e":"\uD800\u0041"`)},
		{Logger: "copy", Message: `\N`, UserID: `\.`, Error: "\\\t\r\n\b\f\v\x01"},
		{Logger: "ip1", IP: "[::1]:80"}, {Logger: "ip2", IP: "fe80::1%eth0"}, {Logger: "ip3", IP: "unknown, 1.2.3.4"}, {Logger: "ip4", IP: "10.0.0.0/8"},
		{Logger: "line", Line: math.MaxInt32 + 1}, {Logger: "negative", Line: -5},
		{Logger: "zone", Time: at.In(time.FixedZone("x", -11*3600-1800))}, {Logger: "year 1", Time: time.Date(1, 1, 1, 12, 0, 0, 0, time.UTC)},
		{Logger: "edges", Time: time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC)}, {Logger: "year 10000", Time: time.Date(9999, 12, 31, 23, 59, 59, 0, time.FixedZone("x", -3600))},
		{Logger: "many", Extra: manyFields(10_000)},
		{Logger: "old", Time: time.Date(-5000, 1, 1, 0, 0, 0, 0, time.UTC)}, {Logger: "new", Time: time.Unix(1<<40, 0)}, {Logger: "none"},
		{Logger: "twice", Extra: []byte(`"k":1,"k":2`)}, {Logger: "white", Extra: []byte("\"k\": [\n1,\t2 ]")},
		{Logger: "long", Message: strings.Repeat("é", 100_000), Error: strings.Repeat("x", 1<<20), UserID: strings.Repeat("u", 5000)},
		{Logger: "extra", Extra: []byte(`"k":"` + strings.Repeat("x", 2<<20) + `"`)},
	} {
		if r.Time.IsZero() && r.Logger != "none" {
			r.Time = at
		}
		require.NoError(t, s.Write(&r))
	}
	synced(t, s)
	require.Zero(t, s.Stats().Dead)
	for logger, is := range map[string]string{
		"nul":        `message = 'a�b' and user_id = '�' and exception = 'e�' and extra_data->>'k' = 'x�y'`,
		"utf8":       `message = 'a�b�' and exception = '���' and release = '�'`,
		"surrogates": `extra_data = '{"a": "�", "b": "�x", "c": "😀", "d": "\\u0000", "e": "�A"}'`,
		"copy":       `message = '\N' and user_id = '\.' and exception = E'\\\t\r\n\b\f\x0b\x01'`,
		"ip1":        `ip_address = '::1' and extra_data is null`,
		"ip2":        `ip_address = 'fe80::1'`,
		"ip3":        `ip_address is null and extra_data->>'ip_address' = 'unknown, 1.2.3.4'`,
		"ip4":        `ip_address = '10.0.0.0/8'`,
		"line":       `line_number is null and extra_data->>'line_number' = '2147483648'`,
		"negative":   `line_number = -5`,
		"zone":       `timestamp between now() - interval '1 hour' and now() + interval '1 hour'`,
		"year 1":     `timestamp > now() - interval '1 hour' and extra_data->>'timestamp' = '0001-01-01T12:00:00Z'`,
		"edges":      `timestamp = '9999-12-31 23:59:59.999999+00'`,
		"year 10000": `timestamp < now() + interval '1 hour' and extra_data->>'timestamp' = '10000-01-01T00:59:59Z'`,
		"many":       `(select count(*) from jsonb_object_keys(extra_data)) = 10000 and extra_data->>'f9999' = 'v'`,
		"old":        `timestamp > now() - interval '1 hour' and extra_data->>'timestamp' like '-5000%'`,
		"new":        `timestamp < now() + interval '1 hour' and extra_data->>'timestamp' like '36812-02-20%'`,
		"none":       `timestamp > now() - interval '1 hour' and extra_data is null`,
		"twice":      `extra_data->>'k' = '2'`,
		"white":      `extra_data->'k' = '[1, 2]'`,
		"long":       `message = repeat('é', 32768) and length(exception) = 262144 and length(user_id) = 1024`,
		"extra":      `extra_data = '{"extra_data_too_long": 2097158}'`,
	} {
		require.Equal(t, int64(1), query[int64](t, url, "select count(*) from application_logs where logger = $1 and "+is, logger), logger)
	}
}

// manyFields returns so many members of an object.
func manyFields(n int) (extra []byte) {
	for i := range n {
		extra = fmt.Appendf(extra, `,"f%d":"v"`, i)
	}
	return extra[1:]
}

// The table of the reference has other columns. What it has no place for goes to extra_data.
func TestFlatTable(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	execute(t, url, flatTable)
	s := open(t, url, pglog.Config{})
	for _, r := range []logging.Record{
		{Logger: "fits", UserID: "7", RequestID: "r", TraceID: "t", SpanID: "s", Release: "v1", Level: zapcore.ErrorLevel, Extra: []byte(`"k":1`)},
		{Logger: "user", UserID: "u-7"}, {Logger: "big", UserID: "2147483648"}, {Logger: "long", RequestID: strings.Repeat("é", 150)},
		{Logger: strings.Repeat("l", 150)},
	} {
		r.Time = time.Now()
		require.NoError(t, s.Write(&r))
	}
	synced(t, s)
	require.Zero(t, s.Stats().Dead)
	for logger, is := range map[string]string{
		"fits": `user_id = 7 and request_id = 'r' and extra_data->>'trace_id' = 't' and extra_data->>'span_id' = 's' and extra_data->>'release' = 'v1'
			and (extra_data->>'fingerprint')::bigint in (select fingerprint from application_logs_errors) and extra_data->'k' = '1'`,
		"user": `user_id is null and extra_data->>'user_id' = 'u-7'`, "big": `user_id is null and extra_data->>'user_id' = '2147483648'`,
		"long":                   `request_id = repeat('é', 100)`,
		strings.Repeat("l", 100): `level = 'INFO'`,
	} {
		require.Equal(t, int64(1), query[int64](t, url, "select count(*) from application_logs where logger = $1 and "+is, logger), logger)
	}
	require.NoError(t, s.Maintain(t.Context()))
	execute(t, url, "update application_logs set timestamp = now() - interval '3 days' where logger = 'user'")
	partitions, rows, err := s.Cleanup(t.Context(), 2)
	require.NoError(t, err)
	require.Zero(t, partitions)
	require.Equal(t, int64(1), rows)
}
