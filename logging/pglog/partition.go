package pglog

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// span is what a partition holds. The zero times are the default partition's.
type span struct {
	name     string // quoted, with its schema
	from, to time.Time
}

// covers reports whether the partition has a part of the day that begins at t.
func (s span) covers(t time.Time) bool { return s.from.Before(t.Add(day)) && t.Before(s.to) }

// spans returns the partitions that there are.
func (u upkeep) spans(ctx context.Context) ([]span, error) {
	all, err := rows(ctx, u.conn, u.limited(`select name, extract(epoch from substring(bound from 'FROM [(]''([^'']+)''[)]')::timestamptz)::bigint,
	extract(epoch from substring(bound from 'TO [(]''([^'']+)''[)]')::timestamptz)::bigint, bound = 'DEFAULT'
from (select format('%I.%I', n.nspname, c.relname) as name, pg_get_expr(c.relpartbound, c.oid) as bound
	from pg_inherits i join pg_class c on c.oid = i.inhrelid join pg_namespace n on n.oid = c.relnamespace
	where i.inhparent = to_regclass(`+literal(u.quoted(""))+`)) as partitions
where bound = 'DEFAULT' or bound ~ '^FOR VALUES FROM [(]''[^'']+''[)] TO [(]''[^'']+''[)]$' order by 2, 1`))
	if err != nil {
		return nil, err
	}
	spans := make([]span, 0, len(all))
	for _, row := range all {
		s := span{name: row[0]}
		if row[3] != "t" {
			from, err1 := strconv.ParseInt(row[1], 10, 64)
			to, err2 := strconv.ParseInt(row[2], 10, 64)
			if err := errors.Join(err1, err2); err != nil {
				return nil, err
			}
			s.from, s.to = time.Unix(from, 0), time.Unix(to, 0)
		}
		spans = append(spans, s)
	}
	return spans, nil
}

// columns returns those of the table, quoted, separated by commas.
func (u upkeep) columns(ctx context.Context) (string, error) {
	return lookUp(ctx, u.conn, "select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute where attrelid = to_regclass("+
		literal(u.quoted(""))+") and attnum > 0 and not attisdropped and attgenerated = ''")
}

// like returns the statement that makes a table which can be attached.
func (u upkeep) like(suffix string) string {
	return "create table " + u.quoted(suffix) + " (like " + u.quoted("") + " including defaults including constraints including storage)"
}

// free returns the suffix, or with a number if something has that name: a partition that was detached, or one of a table that was
// renamed.
func (u upkeep) free(ctx context.Context, suffix string) (string, error) {
	for n := 1; ; n++ {
		try := suffix
		if n > 1 {
			try += "_" + strconv.Itoa(n)
		}
		taken, err := exists(ctx, u.conn, u.quoted(try))
		if err != nil || !taken {
			return try, err
		}
	}
}

// ensureDefault makes the default partition if there is none. Attaching takes a lock that lets others write, which making
// it in place would not.
func (u upkeep) ensureDefault(ctx context.Context) error {
	isDefault := func(spans []span) bool {
		for _, s := range spans {
			if s.to.IsZero() {
				return true
			}
		}
		return false
	}
	if spans, err := u.spans(ctx); err != nil || isDefault(spans) {
		return err
	}
	return u.locked(ctx, func() error {
		if spans, err := u.spans(ctx); err != nil || isDefault(spans) {
			return err
		}
		suffix, err := u.free(ctx, "_default")
		if err != nil {
			return err
		}
		return exec(ctx, u.conn, u.like(suffix)+"; alter table "+u.quoted("")+" attach partition "+u.quoted(suffix)+" default")
	})
}

// ensureDay makes the partition of the day that begins at d, with the rows of that day that lie in the default one. Nobody
// can put more of them there meanwhile: the default partition is locked.
func (u upkeep) ensureDay(ctx context.Context, d time.Time) error {
	covered := func(spans []span) (bool, string) {
		rest := ""
		for _, s := range spans {
			if s.to.IsZero() {
				rest = s.name
			} else if s.covers(d) {
				return true, ""
			}
		}
		return false, rest
	}
	spans, err := u.spans(ctx)
	if err != nil {
		return err
	}
	if is, _ := covered(spans); is {
		return nil
	}
	suffix := "_p" + d.Format("20060102")
	err = u.locked(ctx, func() error {
		spans, err := u.spans(ctx)
		if err != nil {
			return err
		}
		is, rest := covered(spans)
		if is {
			return nil
		}
		columns, err := u.columns(ctx)
		if err != nil {
			return err
		}
		suffix, err := u.free(ctx, suffix)
		if err != nil {
			return err
		}
		from, to := literal(d.Format("2006-01-02 00:00:00+00")), literal(d.Add(day).Format("2006-01-02 00:00:00+00"))
		var sql strings.Builder
		sql.WriteString(u.like(suffix) + "; ")
		if rest != "" {
			fmt.Fprintf(&sql, `lock table %[1]s in access exclusive mode; with moved as (delete from only %[1]s where "timestamp" >= %[2]s and "timestamp" < %[3]s returning %[4]s)
insert into %[5]s (%[4]s) select %[4]s from moved; `, rest, from, to, columns, u.quoted(suffix))
		}
		fmt.Fprintf(&sql, "alter table %s attach partition %s for values from (%s) to (%s)", u.quoted(""), u.quoted(suffix), from, to)
		return exec(ctx, u.conn, sql.String())
	})
	if err != nil {
		return fmt.Errorf("partition %s: %w", suffix[1:], err)
	}
	return nil
}
