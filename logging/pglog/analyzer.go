package pglog

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/prodwright/prodwright/logging"
	"github.com/prodwright/prodwright/logging/analysis"
	"github.com/prodwright/prodwright/logging/fingerprint"
)

// Querier is what an [Analyzer] asks: a [github.com/jackc/pgx/v5/pgxpool.Pool], a connection, or a transaction.
type Querier interface {
	// Query is that of pgx. The first argument is a mode of execution.
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// Analyzer is an [analysis.Analyzer] of the table that sinks write to. It reads only what a question needs, by the indexes of
// [Migrate] and in the partitions of the query's time, and yields rows as they come: a loop holds a connection of a pool
// until it ends, and other questions on the same connection have to wait until then.
//
// A table of others is asked, too. If it has no fingerprints or there is no table of groups, the answers about groups are made
// from the errors as they are read, all of them. Errors that others write without a fingerprint into a table that has them are not
// among the new ones. A time without a zone is taken for UTC.
//
// An Analyzer is safe for concurrent use if its Querier is.
type Analyzer struct {
	db    Querier
	table table
}

var _ analysis.Analyzer = (*Analyzer)(nil)

// NewAnalyzer returns an Analyzer of a table, "table" or "schema.table" as in [Config]; empty means application_logs. It fails
// when that is no name of a table, and asks the database nothing.
func NewAnalyzer(db Querier, tableName string) (*Analyzer, error) {
	t, err := parseTable(cmp.Or(tableName, DefaultTableName))
	if err != nil {
		return nil, fmt.Errorf("logging/pglog: table is %w", err)
	}
	return &Analyzer{db, t}, nil
}

// ErrorSummary implements [analysis.Analyzer].
func (a *Analyzer) ErrorSummary(ctx context.Context, q analysis.Query) ([]analysis.LevelCount, error) {
	s, err := a.ask(ctx, q, analysis.DefaultGroups)
	if err != nil {
		return nil, err
	}
	s.onlyErrors()
	return analysis.Collect(run(ctx, s, s.summary(), func(row pgx.Rows) (c analysis.LevelCount, err error) {
		return c, row.Scan(&c.Level, &c.Count, &c.Users, &c.Loggers)
	}))
}

// TopErrors implements [analysis.Analyzer].
func (a *Analyzer) TopErrors(ctx context.Context, q analysis.Query) iter.Seq2[analysis.Group, error] {
	return a.groups(ctx, q, q, (*question).top, analysis.Records.TopErrors)
}

// NewErrors implements [analysis.Analyzer].
func (a *Analyzer) NewErrors(ctx context.Context, q analysis.Query) iter.Seq2[analysis.Group, error] {
	counted := q
	counted.Release = ""
	return a.groups(ctx, q, counted, (*question).fresh, analysis.Records.NewErrors)
}

// groups asks for groups with SQL, or, where errors have no fingerprint, by reading them. Those that match counted are counted.
func (a *Analyzer) groups(ctx context.Context, q, counted analysis.Query, sql func(*question) string,
	read func(analysis.Records, context.Context, analysis.Query) iter.Seq2[analysis.Group, error],
) iter.Seq2[analysis.Group, error] {
	return func(yield func(analysis.Group, error) bool) {
		s, err := a.ask(ctx, counted, analysis.DefaultGroups)
		if err != nil {
			yield(analysis.Group{}, err)
			return
		}
		s.asked = q
		plain := !s.grouped()
		if !plain {
			n := 0
			for g, err := range run(ctx, s, sql(s), scanGroup) {
				if err == nil && g.ID == 0 { // always the first
					plain = true
					break
				}
				if n++; s.query.Limit >= 0 && n > s.query.Limit || !yield(g, err) {
					return
				}
			}
		}
		if plain {
			forward(read(s.records(), ctx, s.asked), yield)
		}
	}
}

func scanGroup(row pgx.Rows) (g analysis.Group, err error) {
	var id *int64
	err = row.Scan(&id, &g.Count, &g.Users, &g.Level, &g.Logger, &g.Message, &g.LastRelease, &g.LastSeen, &g.FirstSeen, &g.FirstRelease)
	if id != nil {
		g.ID = fingerprint.FromInt64(*id)
	}
	g.LastSeen, g.FirstSeen = g.LastSeen.UTC(), g.FirstSeen.UTC()
	return g, err
}

// Trend implements [analysis.Analyzer].
func (a *Analyzer) Trend(ctx context.Context, group fingerprint.ID, step time.Duration, q analysis.Query) iter.Seq2[analysis.Point, error] {
	return func(yield func(analysis.Point, error) bool) {
		s, err := a.ask(ctx, q, analysis.DefaultGroups)
		var steps analysis.Steps
		if err == nil {
			steps, err = s.query.Steps(step)
		}
		if err != nil {
			yield(analysis.Point{}, err)
			return
		}
		s.onlyErrors()
		if group != 0 && !s.of(group) {
			forward(s.records().Trend(ctx, group, step, s.asked), yield)
			return
		}
		next := steps.First
		before := func(number int64) bool {
			for ; next < number; next++ {
				if !yield(analysis.Point{Start: steps.Start(next)}, nil) {
					return false
				}
			}
			return true
		}
		for p, err := range run(ctx, s, s.trend(step), func(row pgx.Rows) (p [2]int64, err error) { return p, row.Scan(&p[0], &p[1]) }) {
			if err != nil {
				yield(analysis.Point{}, err)
				return
			}
			if !before(p[0]) || !yield(analysis.Point{Start: steps.Start(p[0]), Count: p[1]}, nil) {
				return
			}
			next = p[0] + 1
		}
		before(steps.First + steps.Count)
	}
}

// Occurrences implements [analysis.Analyzer].
func (a *Analyzer) Occurrences(ctx context.Context, group fingerprint.ID, q analysis.Query) iter.Seq2[logging.Record, error] {
	return func(yield func(logging.Record, error) bool) {
		s, err := a.ask(ctx, q, analysis.DefaultRecords)
		if err != nil {
			yield(logging.Record{}, err)
			return
		}
		s.onlyErrors()
		if !s.of(group) {
			forward(s.records().Occurrences(ctx, group, s.asked), yield)
			return
		}
		forward(run(ctx, s, s.list("desc", s.query.Limit), scanRecord), yield)
	}
}

// UserActivity implements [analysis.Analyzer].
func (a *Analyzer) UserActivity(ctx context.Context, userID string, q analysis.Query) iter.Seq2[logging.Record, error] {
	return a.with(ctx, q, fieldUserID, userID, "desc")
}

// Request implements [analysis.Analyzer].
func (a *Analyzer) Request(ctx context.Context, requestID string, q analysis.Query) iter.Seq2[logging.Record, error] {
	return a.with(ctx, q, fieldRequestID, requestID, "asc")
}

// with yields the records whose field has a value.
func (a *Analyzer) with(ctx context.Context, q analysis.Query, f field, value, order string) iter.Seq2[logging.Record, error] {
	return func(yield func(logging.Record, error) bool) {
		s, err := a.ask(ctx, q, analysis.DefaultRecords)
		if err != nil {
			yield(logging.Record{}, err)
			return
		}
		if value != "" && s.has(f, value) {
			forward(run(ctx, s, s.list(order, s.query.Limit), scanRecord), yield)
		}
	}
}

// forward yields what another sequence does.
func forward[T any](all iter.Seq2[T, error], yield func(T, error) bool) {
	for v, err := range all {
		if !yield(v, err) {
			return
		}
	}
}
