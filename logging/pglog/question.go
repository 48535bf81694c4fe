package pglog

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/logging"
	"github.com/prodwright/prodwright/logging/analysis"
	"github.com/prodwright/prodwright/logging/fingerprint"
)

// question is one that is put to the database.
type question struct {
	*target

	db         Querier
	table      table
	asked      analysis.Query // as it was given
	query      analysis.Query // with its defaults
	conditions []string
	args       []any
}

// ask begins a question: what the table looks like is asked anew each time, since it may be altered.
func (a *Analyzer) ask(ctx context.Context, q analysis.Query, limit int) (*question, error) {
	full, err := q.Complete(time.Now(), limit)
	if err != nil {
		return nil, err
	}
	s := &question{db: a.db, table: a.table, asked: q, query: full}
	described, err := analysis.Collect(run(ctx, s, a.table.describe(), func(row pgx.Rows) (texts []string, err error) {
		texts = make([]string, 3)
		return texts, row.Scan(&texts[0], &texts[1], &texts[2])
	}))
	if err != nil {
		return nil, err
	}
	if s.target, err = a.table.described(described); err != nil {
		return nil, s.failed(err)
	}
	s.and(`"timestamp" >= `+s.moment(), full.Since) // $1 and $2, which further parts of a query use
	s.and(`"timestamp" < `+s.moment(), full.Until)
	if full.Logger != "" {
		s.and(`(`+s.text(fieldLogger)+` = %[1]s or starts_with(`+s.text(fieldLogger)+`, %[1]s || '.'))`, full.Logger)
	}
	if full.Release != "" {
		s.and(s.text(fieldRelease)+` = %s`, full.Release)
	}
	return s, nil
}

// run yields the rows of a query.
func run[T any](ctx context.Context, s *question, sql string, scan func(pgx.Rows) (T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		// Nothing is prepared, so that no plan outlives a change of the table, and poolers between need not know of it.
		rows, err := s.db.Query(ctx, sql, append([]any{pgx.QueryExecModeExec}, s.args...)...)
		if err != nil {
			yield(none, s.failed(err))
			return
		}
		defer rows.Close()
		for rows.Next() {
			v, err := scan(rows)
			if err != nil {
				err = s.failed(err)
			}
			if !yield(v, err) || err != nil {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(none, s.failed(err))
		}
	}
}

func (s *question) failed(err error) error {
	return fmt.Errorf("logging/pglog: analyze %s: %w", s.table.quoted(""), err)
}

// and adds a condition, in which %s stands for a value.
func (s *question) and(condition string, value any) {
	s.args = append(s.args, value)
	s.conditions = append(s.conditions, fmt.Sprintf(condition, "$"+strconv.Itoa(len(s.args))))
}

// onlyErrors leaves out other levels, as the index on errors does.
func (s *question) onlyErrors() {
	s.conditions = append(s.conditions, s.text(fieldLevel)+` in ('ERROR', 'CRITICAL')`)
}

// of leaves only the errors of a group. It returns false if the table does not say which they are.
func (s *question) of(group fingerprint.ID) bool {
	if !s.grouped() {
		return false
	}
	s.and(`fingerprint = %s`, group.Int64())
	return true
}

// has leaves only the records whose field has a value. It returns false if there is none.
func (s *question) has(f field, value string) bool {
	switch c := s.columns[f]; c.family {
	case missing:
		return false
	case familyText:
		s.and(name(f)+` = %s`, value)
	case familyInt:
		n, err := strconv.ParseInt(value, 10, c.limit)
		if err != nil {
			return false
		}
		s.and(name(f)+` = %s`, n)
	default:
		s.and(s.text(f)+` = %s`, value)
	}
	return true
}

// grouped says whether the table has fingerprints and there is one of groups.
func (s *question) grouped() bool {
	return s.errors && s.columns[fieldFingerprint] == column{familyInt, 64}
}

func name(f field) string { return `"` + fieldNames[f] + `"` }

// text returns the value of a field as a text, which is NULL where the table has no such column.
func (s *question) text(f field) string {
	switch s.columns[f].family {
	case missing:
		return `null::text`
	case familyText:
		return name(f)
	case familyInet:
		return `host(` + name(f) + `)`
	}
	return name(f) + `::text`
}

// moment returns a time to compare with; at returns one that was stored.
func (s *question) moment() string {
	if s.columns[fieldTimestamp].family == familyZoneless {
		return `(%s::timestamptz at time zone 'UTC')`
	}
	return `%s::timestamptz`
}

func (s *question) at(column string) string {
	if s.columns[fieldTimestamp].family == familyZoneless {
		return `(` + column + ` at time zone 'UTC')`
	}
	return column
}

func (s *question) where() string { return " where " + strings.Join(s.conditions, " and ") }

func limited(n int) string {
	if n < 0 {
		return ""
	}
	return " limit " + strconv.Itoa(n)
}

// order returns an order of time. Of those with the same time the one that was stored last is the latest.
func (s *question) order(direction string) string {
	if !s.id {
		return ` order by "timestamp" ` + direction
	}
	return ` order by "timestamp" ` + direction + `, id ` + direction
}

func (s *question) summary() string {
	return `select ` + s.text(fieldLevel) + `, count(*), count(distinct ` + s.text(fieldUserID) + `), count(distinct ` + s.text(fieldLogger) + `) from ` +
		s.table.quoted("") + s.where() + ` group by 1 order by 1`
}

func (s *question) trend(step time.Duration) string {
	return fmt.Sprintf(`select floor(extract(epoch from "timestamp") * 1000000 / %d)::bigint, count(*) from `, step.Microseconds()) +
		s.table.quoted("") + s.where() + ` group by 1 order by 1`
}

// top asks for the groups with the most errors. Errors without a fingerprint come first, as a group without one.
func (s *question) top() string {
	s.onlyErrors()
	return `select g.fingerprint, g.n, g.users` + s.lastColumns() + `, ` + s.at(`g.last`) + `,
	coalesce(least(e.first_seen, ` + s.at(`g.first`) + `), ` + s.at(`g.first`) + `), coalesce(case when e.first_seen <= ` + s.at(`g.first`) + ` then e.first_release end, '')
from (select fingerprint, count(*) n, count(distinct ` + s.text(fieldUserID) + `) users, min("timestamp") first, max("timestamp") last
	from ` + s.table.quoted("") + s.where() + `
	group by 1 order by (fingerprint is null) desc, 2 desc, 5 desc, 1` + limited(s.query.Limit) + `) g
left join ` + s.table.quoted("_errors") + ` e on e.fingerprint = g.fingerprint` + s.lastOf(`g.fingerprint`, `g.last`) + `
order by (g.fingerprint is null) desc, g.n desc, g.last desc, g.fingerprint`
}

// fresh asks for the groups that are new.
func (s *question) fresh() string {
	s.onlyErrors()
	release := ""
	if s.asked.Release != "" { // that of the first error; all are counted
		s.args = append(s.args, s.asked.Release)
		release = ` and e.first_release = $` + strconv.Itoa(len(s.args))
	}
	return `select e.fingerprint, c.n, c.users` + s.lastColumns() + `, ` + s.at(`c.last`) + `, e.first_seen, coalesce(e.first_release, '')
from ` + s.table.quoted("_errors") + ` e
join lateral (select count(*) n, count(distinct ` + s.text(fieldUserID) + `) users, max("timestamp") last from ` + s.table.quoted("") + s.where() + `
	and fingerprint = e.fingerprint) c on c.n > 0` + s.lastOf(`e.fingerprint`, `c.last`) + `
where e.first_seen >= $1::timestamptz and e.first_seen < $2::timestamptz` + release + `
order by e.first_seen desc, e.fingerprint` + limited(s.query.Limit)
}

// lastColumns are those of the last error of a group, which lastOf joins.
func (s *question) lastColumns() string {
	return `, coalesce(l.level, ''), coalesce(l.logger, ''), coalesce(l.message, ''), coalesce(l.release, '')`
}

func (s *question) lastOf(group, at string) string {
	order := ""
	if s.id {
		order = " order by id desc"
	}
	return `
left join lateral (select ` + s.text(fieldLevel) + ` as level, ` + s.text(fieldLogger) + ` as logger, ` + s.text(fieldMessage) + ` as message, ` + s.text(fieldRelease) + ` as release
	from ` + s.table.quoted("") + s.where() + ` and fingerprint = ` + group + ` and "timestamp" = ` + at + order + ` limit 1) l on true`
}

// list asks for whole records.
func (s *question) list(direction string, limit int) string {
	columns := []string{s.at(`"timestamp"`)}
	for f := fieldTimestamp + 1; f < fields; f++ {
		if f != fieldFingerprint {
			columns = append(columns, `coalesce(`+s.text(f)+`, '')`)
		}
	}
	return `select ` + strings.Join(columns, ", ") + ` from ` + s.table.quoted("") + s.where() + s.order(direction) + limited(limit)
}

// scanRecord reads a row of list.
func scanRecord(row pgx.Rows) (r logging.Record, err error) {
	var level, line, exception, extra string
	err = row.Scan(&r.Time, &level, &r.Logger, &r.Message, &r.Module, &r.Function, &line, &r.UserID, &r.RequestID, &r.IP, &r.TraceID, &r.SpanID,
		&r.Release, &exception, &extra)
	if err != nil {
		return r, err
	}
	r.Time = r.Time.UTC()
	r.Level, _ = logging.ParseLevel(level) // one that others use is INFO
	r.Line, _ = strconv.Atoi(line)
	r.Error, r.Stack = logging.SplitException(exception)
	r.Extra = membersOf(extra)
	return r, nil
}

// membersOf returns what extra_data holds as a record has it, also where others put something else into it than an object.
func membersOf(extra string) []byte {
	text := strings.TrimSpace(extra)
	switch {
	case text == "" || text == "null":
		return nil
	case !json.Valid([]byte(text)):
		return appendMember(nil, fieldNames[fieldExtra], extra)
	case text[0] != '{':
		return []byte(`"extra_data":` + text)
	}
	if members := strings.TrimSpace(text[1 : len(text)-1]); members != "" {
		return []byte(members)
	}
	return nil
}

// records are the errors themselves, for questions that SQL cannot answer.
func (s *question) records() analysis.Records {
	return func(ctx context.Context, since time.Time, _ zapcore.Level) iter.Seq2[logging.Record, error] {
		all := &question{target: s.target, db: s.db, table: s.table}
		all.and(`"timestamp" >= `+s.moment(), since)
		all.onlyErrors()
		return run(ctx, all, all.list("asc", -1), scanRecord)
	}
}
