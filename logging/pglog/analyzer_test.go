package pglog_test

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/logging"
	"github.com/prodwright/prodwright/logging/analysis"
	"github.com/prodwright/prodwright/logging/analysis/analysistest"
	"github.com/prodwright/prodwright/logging/fingerprint"
	"github.com/prodwright/prodwright/logging/pglog"
)

// stored returns an analyzer of records that a sink has stored.
func stored(t *testing.T, url, table string, records []logging.Record) *pglog.Analyzer {
	t.Helper()
	require.NoError(t, pglog.Migrate(t.Context(), connect(t, url), pglog.Config{Table: table}))
	s := open(t, url, pglog.Config{Table: table, Policy: pglog.Block, BlockTimeout: hang})
	for i := range records {
		require.NoError(t, s.Write(&records[i]))
	}
	closed(t, s)
	return analyzer(t, url, table)
}

func analyzer(t *testing.T, url, table string) *pglog.Analyzer {
	t.Helper()
	db, err := pgxpool.New(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(db.Close)
	a, err := pglog.NewAnalyzer(db, table)
	require.NoError(t, err)
	return a
}

func TestAnalyzer(t *testing.T) {
	t.Parallel()
	for name, table := range map[string]string{"default": "", "another table": `Log "of" us`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			analysistest.TestAnalyzer(t, func(t *testing.T, records []logging.Record) analysis.Analyzer {
				t.Helper()
				return stored(t, sharedURL(t), table, records)
			})
		})
	}
}

// A table as the applications before this one had it: no partitions, no fingerprints, times without a zone.
func TestAnalyzerOfATableOfOthers(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	execute(t, url, `create table logs (id serial primary key, "timestamp" timestamp not null default now(), level varchar(20), logger varchar(100), message text, user_id int)`)
	now := time.Now().UTC().Truncate(time.Microsecond)
	var list []logging.Record
	conn := connect(t, url)
	for i := range 200 {
		r := logging.Record{
			Time: now.Add(time.Duration(i-300) * time.Minute), Level: []zapcore.Level{zapcore.ErrorLevel, zapcore.WarnLevel, zapcore.DPanicLevel}[i%3],
			Logger: []string{"app", "app.db"}[i%2], Message: fmt.Sprint([]string{"user ", "row ", "took "}[i%3], i, " was refused"), UserID: fmt.Sprint(i % 7),
		}
		list = append(list, r)
		_, err := conn.Exec(t.Context(), `insert into logs ("timestamp", level, logger, message, user_id) values ($1, $2, $3, $4, $5)`,
			r.Time, logging.LevelName(r.Level), r.Logger, r.Message, i%7)
		require.NoError(t, err)
	}
	want := analysis.Records(func(context.Context, time.Time, zapcore.Level) iter.Seq2[logging.Record, error] {
		return func(yield func(logging.Record, error) bool) {
			for _, r := range list {
				if !yield(r, nil) {
					return
				}
			}
		}
	})
	execute(t, url, "alter database "+query[string](t, url, "select quote_ident(current_database())")+" set timezone = 'Asia/Kathmandu'")
	got := analyzer(t, url, "logs")
	ctx, q := t.Context(), analysis.Query{Since: now.Add(-290 * time.Minute), Until: now.Add(-110 * time.Minute), Logger: "app", Limit: 5}
	wantLevels, err := want.ErrorSummary(ctx, q)
	require.NoError(t, err)
	require.Len(t, wantLevels, 2)
	gotLevels, err := got.ErrorSummary(ctx, q)
	require.NoError(t, err)
	require.Equal(t, wantLevels, gotLevels)
	groups := equal(t, want.TopErrors(ctx, q), got.TopErrors(ctx, q))
	require.Len(t, groups, 4)
	all := q
	all.Since = now.Add(-301 * time.Minute)
	require.NotEmpty(t, equal(t, want.NewErrors(ctx, all), got.NewErrors(ctx, all)))
	for _, id := range []fingerprint.ID{0, groups[0].ID} {
		require.NotEmpty(t, equal(t, want.Trend(ctx, id, time.Minute, q), got.Trend(ctx, id, time.Minute, q)))
	}
	require.Len(t, equal(t, want.Occurrences(ctx, groups[1].ID, q), got.Occurrences(ctx, groups[1].ID, q)), 5)
	require.Len(t, equal(t, want.UserActivity(ctx, "3", q), got.UserActivity(ctx, "3", q)), 5)
	require.Empty(t, equal(t, want.UserActivity(ctx, "x3", q), got.UserActivity(ctx, "x3", q)), "a number")
	require.Empty(t, equal(t, want.Request(ctx, "r", q), got.Request(ctx, "r", q)), "there is no such column")
}

// equal requires that two sequences are the same, and returns it.
func equal[T any](t *testing.T, want, got iter.Seq2[T, error]) []T {
	t.Helper()
	w, err := analysis.Collect(want)
	require.NoError(t, err)
	g, err := analysis.Collect(got)
	require.NoError(t, err)
	require.Equal(t, w, g)
	return g
}

// What others put into extra_data need not be an object, or JSON. A record's Extra is members of an object all the same.
func TestExtraDataOfOthers(t *testing.T) {
	t.Parallel()
	url := sharedURL(t)
	execute(t, url, `create table logs ("timestamp" timestamptz default now() - interval '1 min', level text default 'ERROR', user_id text default 'u', extra_data text, n int);
		insert into logs (n, extra_data) values (1, '{ "a": 1 }'), (2, '{ }'), (3, 'null'), (4, null), (5, '[1]'), (6, 'it "broke"'), (7, '{"a":')`)
	execute(t, url, `update logs set "timestamp" = "timestamp" - n * interval '1 s'`)
	found, err := analysis.Collect(analyzer(t, url, "logs").UserActivity(t.Context(), "u", analysis.Query{}))
	require.NoError(t, err)
	var extras []string
	for _, r := range found {
		extras = append(extras, string(r.Extra))
		require.True(t, json.Valid(r.AppendJSON(nil)), "%s", r.Extra)
	}
	require.Equal(t, []string{`"a": 1`, "", "", "", `"extra_data":[1]`, `"extra_data":"it \"broke\""`, `"extra_data":"{\"a\":"`}, extras)
}

func TestNamesThatAreNoTable(t *testing.T) {
	t.Parallel()
	_, err := pglog.NewAnalyzer(nil, "a.b.c")
	require.ErrorContains(t, err, "more than one dot")
	a := analyzer(t, sharedURL(t), "none")
	_, err = a.ErrorSummary(t.Context(), analysis.Query{})
	require.ErrorContains(t, err, `there is no table "none"`)
}
