// Package analysistest says what an [analysis.Analyzer] must keep to, as a test for those who implement one.
//
//	func TestMyAnalyzer(t *testing.T) {
//		analysistest.TestAnalyzer(t, func(t *testing.T, records []logging.Record) analysis.Analyzer {
//			return newAnalyzerOf(t, records)
//		})
//	}
package analysistest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"reflect"
	"strconv"
	"testing"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/logging"
	"github.com/prodwright/prodwright/logging/analysis"
)

// Open makes an analyzer of records, which are given in the order in which they were written. Times have whole microseconds.
type Open func(t *testing.T, records []logging.Record) analysis.Analyzer

// TestAnalyzer runs all tests.
func TestAnalyzer(t *testing.T, open Open) {
	t.Helper()
	now := time.Now().UTC().Truncate(time.Hour)
	day := story(now)
	for name, test := range map[string]func(*testing.T, analysis.Analyzer, time.Time){
		"summary": summary, "top": top, "new": fresh, "trend": trend, "records": records, "nonsense": nonsense, "ends": ends,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t, day), now) })
	}
	t.Run("nothing", func(t *testing.T) { nothing(t, open(t, nil)) })
	t.Run("the same as records", func(t *testing.T) { same(t, open) })
}

// story is what was logged in the last days before now.
func story(now time.Time) []logging.Record {
	at := func(ago time.Duration, level zapcore.Level, logger, message, user, release string) logging.Record {
		return logging.Record{Time: now.Add(-ago), Level: level, Logger: logger, Message: message, UserID: user, RequestID: "r-" + user, IP: "10.0.0.7", Release: release}
	}
	const hour = time.Hour
	lost := at(2*hour+30*time.Minute, zapcore.ErrorLevel, "app.db", "connection lost", "", "v2")
	lost.Error, lost.Stack = "dial 10.0.0.1:5432: refused\nby nobody", "main.main\n\t/src/main.go:7"
	lost.Extra, lost.Module, lost.Function, lost.Line, lost.TraceID, lost.SpanID = []byte(`"try": 3`), "db/pool.go", "db.Dial", 12, "aa", "bb"
	named := at(hour, zapcore.FatalLevel, "pay", "card 4711 was refused", "carol", "v2")
	named.Fingerprint = "payment"
	other := at(hour, zapcore.ErrorLevel, "pay.batch", "nothing was paid", "dave", "v2")
	other.Fingerprint = "payment"
	return []logging.Record{
		at(50*hour, zapcore.ErrorLevel, "app", "user 1 not found", "alice", "v1"),
		at(26*hour, zapcore.InfoLevel, "app", "served 1", "alice", "v1"),
		at(24*hour, zapcore.ErrorLevel, "app", "user 2 not found", "alice", "v1"),
		at(23*hour, zapcore.InfoLevel, "app", "served 2", "alice", "v1"),
		at(22*hour, zapcore.ErrorLevel, "app", "user 3 not found", "bob", "v2"),
		at(22*hour, zapcore.ErrorLevel, "app", "user 4 not found", "bob", "v2"),
		at(21*hour, zapcore.ErrorLevel, "apple", "out of juice", "", "v2"),
		lost,
		at(2*hour, zapcore.WarnLevel, "app.db", "connection slow", "bob", "v2"),
		at(hour, zapcore.DebugLevel, "app", "query", "alice", "v2"),
		at(hour, zapcore.InfoLevel, "app", "done", "alice", "v2"),
		named,
		other,
	}
}

func summary(t *testing.T, a analysis.Analyzer, now time.Time) {
	t.Helper()
	is(t, []analysis.LevelCount{{Level: "CRITICAL", Count: 1, Users: 1, Loggers: 1}, {Level: "ERROR", Count: 6, Users: 3, Loggers: 4}},
		counts(t, a, analysis.Query{Since: now.Add(-24 * time.Hour), Until: now}))
	is(t, []analysis.LevelCount{{Level: "ERROR", Count: 3, Users: 2, Loggers: 1}},
		counts(t, a, analysis.Query{Since: now.Add(-24 * time.Hour), Until: now.Add(-21 * time.Hour)}), "until is not included, since is")
	is(t, []analysis.LevelCount{{Level: "ERROR", Count: 4, Users: 2, Loggers: 2}},
		counts(t, a, analysis.Query{Since: now.Add(-24 * time.Hour), Until: now, Logger: "app"}), "of a logger and below")
	is(t, []analysis.LevelCount{{Level: "ERROR", Count: 2, Users: 1, Loggers: 1}},
		counts(t, a, analysis.Query{Since: now.Add(-72 * time.Hour), Until: now, Release: "v1"}), "of a release")
}

func top(t *testing.T, a analysis.Analyzer, now time.Time) {
	t.Helper()
	day := analysis.Query{Since: now.Add(-24 * time.Hour), Until: now}
	groups := all(t, a.TopErrors(t.Context(), day))
	if len(groups) != 4 {
		t.Fatalf("%d groups, not 4: %+v", len(groups), groups)
	}
	want := analysis.Group{
		ID: groups[0].ID, Count: 3, Users: 2, Level: "ERROR", Logger: "app", Message: "user 4 not found", LastSeen: now.Add(-22 * time.Hour), LastRelease: "v2",
		FirstSeen: now.Add(-50 * time.Hour), FirstRelease: "v1",
	}
	is(t, want, groups[0])
	payment := groups[1]
	is(t, analysis.Group{
		ID: payment.ID, Count: 2, Users: 2, Level: "ERROR", Logger: "pay.batch", Message: "nothing was paid", LastSeen: now.Add(-time.Hour), LastRelease: "v2",
		FirstSeen: now.Add(-time.Hour), FirstRelease: "v2",
	}, payment, "one group by its name")
	is(t, []string{"connection lost", "out of juice"}, []string{groups[2].Message, groups[3].Message}, "of those with as many the last one first")
	is(t, int64(0), groups[3].Users)
	day.Limit = 1
	is(t, []analysis.Group{want}, all(t, a.TopErrors(t.Context(), day)))
	day.Limit, day.Logger = -1, "pay"
	is(t, []analysis.Group{payment}, all(t, a.TopErrors(t.Context(), day)))
	day.Logger, day.Release = "", "v1"
	want.Count, want.Users, want.Message, want.LastSeen, want.LastRelease = 1, 1, "user 2 not found", now.Add(-24*time.Hour), "v1"
	is(t, []analysis.Group{want}, all(t, a.TopErrors(t.Context(), day)))
}

func fresh(t *testing.T, a analysis.Analyzer, now time.Time) {
	t.Helper()
	messages := func(q analysis.Query) (texts []string) {
		for g, err := range a.NewErrors(t.Context(), q) {
			if err != nil {
				t.Fatal(err)
			}
			texts = append(texts, fmt.Sprint(g.Count, " ", g.Message, " ", g.FirstRelease))
		}
		return texts
	}
	is(t, []string{"2 nothing was paid v2", "1 connection lost v2", "1 out of juice v2"}, messages(analysis.Query{Since: now.Add(-24 * time.Hour), Until: now}), "the newest first")
	is(t, []string{"4 user 4 not found v1"}, messages(analysis.Query{Since: now.Add(-72 * time.Hour), Until: now, Release: "v1"}), "came with a release; all are counted")
	is(t, []string{"2 nothing was paid v2"}, messages(analysis.Query{Since: now.Add(-24 * time.Hour), Until: now, Limit: 1}))
	is(t, []string{"1 out of juice v2"}, messages(analysis.Query{Since: now.Add(-24 * time.Hour), Until: now, Logger: "apple"}))
}

func trend(t *testing.T, a analysis.Analyzer, now time.Time) {
	t.Helper()
	numbers := func(points []analysis.Point) (counts []int64) {
		for _, p := range points {
			counts = append(counts, p.Count)
		}
		return counts
	}
	q := analysis.Query{Since: now.Add(-4*time.Hour + time.Minute), Until: now}
	points := all(t, a.Trend(t.Context(), 0, time.Hour, q))
	is(t, []int64{0, 1, 0, 2}, numbers(points))
	is(t, now.Add(-4*time.Hour), points[0].Start, "whole hours")
	is(t, now.Add(-time.Hour), points[3].Start)
	groups := all(t, a.TopErrors(t.Context(), q))
	is(t, []int64{0, 0, 0, 2}, numbers(all(t, a.Trend(t.Context(), groups[0].ID, time.Hour, q))), "of a group")
	is(t, 0, len(all(t, a.Trend(t.Context(), 0, time.Hour, analysis.Query{Since: now, Until: now}))))
}

func records(t *testing.T, a analysis.Analyzer, now time.Time) {
	t.Helper()
	messages := func(list []logging.Record) (texts []string) {
		for _, r := range list {
			texts = append(texts, r.Message)
		}
		return texts
	}
	day := analysis.Query{Since: now.Add(-24 * time.Hour), Until: now}
	is(t, []string{"done", "query", "served 2", "user 2 not found"}, messages(all(t, a.UserActivity(t.Context(), "alice", day))), "the newest first")
	is(t, []string{"user 2 not found", "served 2", "query", "done"}, messages(all(t, a.Request(t.Context(), "r-alice", day))), "the oldest first")
	day.Limit = 2
	is(t, []string{"done", "query"}, messages(all(t, a.UserActivity(t.Context(), "alice", day))))
	is(t, []string{"user 2 not found", "served 2"}, messages(all(t, a.Request(t.Context(), "r-alice", day))))
	is(t, 0, len(all(t, a.UserActivity(t.Context(), "al", day))))
	is(t, 0, len(all(t, a.UserActivity(t.Context(), "", day))), "nobody")
	is(t, 0, len(all(t, a.Request(t.Context(), "", day))))
	lost := story(now)[7]
	found := all(t, a.Occurrences(t.Context(), analysis.GroupOf(&lost), analysis.Query{Since: now.Add(-24 * time.Hour), Until: now}))
	is(t, []logging.Record{lost}, found, "the whole record")
}

// nonsense is what an analyzer must say no to, at each question.
func nonsense(t *testing.T, a analysis.Analyzer, now time.Time) {
	t.Helper()
	for q, err := range questions(t.Context(), a, analysis.Query{Since: now, Until: now.Add(-time.Second), Limit: -2}) {
		if err == nil {
			t.Errorf("%s: no error", q)
		}
	}
	for _, step := range []time.Duration{0, -time.Hour, time.Millisecond, time.Second} {
		if _, err := analysis.Collect(a.Trend(t.Context(), 0, step, analysis.Query{})); err == nil {
			t.Errorf("a step of %v: no error", step)
		}
	}
}

// ends are loops that are left, and a context that is done.
func ends(t *testing.T, a analysis.Analyzer, now time.Time) {
	t.Helper()
	q := analysis.Query{Since: now.Add(-72 * time.Hour), Until: now}
	for range 50 { // more than a pool has connections
		for _, err := range a.TopErrors(t.Context(), q) {
			is(t, nil, err)
			break
		}
		for _, err := range a.UserActivity(t.Context(), "alice", q) {
			is(t, nil, err)
			break
		}
		for _, err := range a.Trend(t.Context(), 0, time.Hour, q) {
			is(t, nil, err)
			break
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, err := range questions(ctx, a, q) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v is not that the context is done", name, err)
		}
	}
}

func nothing(t *testing.T, a analysis.Analyzer) {
	t.Helper()
	for name, err := range questions(t.Context(), a, analysis.Query{}) {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	is(t, 0, len(counts(t, a, analysis.Query{})))
	is(t, 0, len(all(t, a.TopErrors(t.Context(), analysis.Query{}))))
}

// questions asks all, and returns what went wrong.
func questions(ctx context.Context, a analysis.Analyzer, q analysis.Query) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		_, err := a.ErrorSummary(ctx, q)
		_ = yield("ErrorSummary", err) &&
			yield("TopErrors", errorOf(a.TopErrors(ctx, q))) &&
			yield("NewErrors", errorOf(a.NewErrors(ctx, q))) &&
			yield("Trend", errorOf(a.Trend(ctx, 0, time.Hour, q))) &&
			yield("Occurrences", errorOf(a.Occurrences(ctx, 1, q))) &&
			yield("UserActivity", errorOf(a.UserActivity(ctx, "alice", q))) &&
			yield("Request", errorOf(a.Request(ctx, "r-alice", q)))
	}
}

func errorOf[T any](all iter.Seq2[T, error]) error {
	_, err := analysis.Collect(all)
	return err
}

// same compares with what [analysis.Records] says of the same records, which are many and random.
func same(t *testing.T, open Open) {
	t.Helper()
	now := time.Now().UTC().Truncate(time.Microsecond)
	random := rand.New(rand.NewPCG(1, 2))
	var list []logging.Record
	for i := range 2000 {
		n := random.IntN(8)
		list = append(list, logging.Record{
			Time:  now.Add(-48 * time.Hour).Add(time.Duration(i) * time.Minute).Truncate(time.Duration(1+n) * time.Second),
			Level: zapcore.Level(random.IntN(5) - 1), Logger: []string{"app", "app.db", "apple", ""}[random.IntN(4)],
			Message: []string{"user %d not found", "took %dms", "%d rows", "nothing"}[random.IntN(4)] + strconv.Itoa(n), UserID: []string{"", "alice", "bob", "carol"}[random.IntN(4)],
			RequestID: fmt.Sprint("r", random.IntN(20)), Release: []string{"", "v1", "v2"}[min(i/700, 2)], Error: []string{"", "timeout of 7s"}[random.IntN(2)],
		})
	}
	a := open(t, list)
	b := analysis.Records(func(context.Context, time.Time, zapcore.Level) iter.Seq2[logging.Record, error] {
		return func(yield func(logging.Record, error) bool) {
			for _, r := range list {
				if !yield(r, nil) {
					return
				}
			}
		}
	})
	ctx := t.Context()
	for _, q := range []analysis.Query{
		{Until: now},
		{Since: now.Add(-47 * time.Hour), Until: now.Add(-7 * time.Hour), Limit: 3},
		{Since: now.Add(-40 * time.Hour), Until: now, Limit: -1, Logger: "app"},
		{Since: now.Add(-48 * time.Hour), Until: now, Limit: 20, Release: "v2"},
	} {
		is(t, counts(t, b, q), counts(t, a, q), q)
		groups := all(t, b.TopErrors(ctx, q))
		is(t, groups, all(t, a.TopErrors(ctx, q)), q)
		is(t, all(t, b.NewErrors(ctx, q)), all(t, a.NewErrors(ctx, q)), q)
		for _, id := range append(groups[:min(len(groups), 3)], analysis.Group{}) {
			is(t, all(t, b.Trend(ctx, id.ID, 7*time.Minute, q)), all(t, a.Trend(ctx, id.ID, 7*time.Minute, q)), q)
			is(t, all(t, b.Occurrences(ctx, id.ID, q)), all(t, a.Occurrences(ctx, id.ID, q)), q)
		}
		is(t, all(t, b.UserActivity(ctx, "bob", q)), all(t, a.UserActivity(ctx, "bob", q)), q)
		is(t, all(t, b.Request(ctx, "r7", q)), all(t, a.Request(ctx, "r7", q)), q)
	}
}

// is fails unless both are the same.
func is(t *testing.T, want, got any, of ...any) {
	t.Helper()
	if !reflect.DeepEqual(want, got) {
		t.Errorf("%v: is\n%.2000s\nnot\n%.2000s", of, fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want))
	}
}

// all returns all of a sequence.
func all[T any](t *testing.T, from iter.Seq2[T, error]) []T {
	t.Helper()
	list, err := analysis.Collect(from)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func counts(t *testing.T, a analysis.Analyzer, q analysis.Query) []analysis.LevelCount {
	t.Helper()
	list, err := a.ErrorSummary(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return list
}
