package pglog

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// upkeep makes, fills and drops the partitions of a table.
type upkeep struct {
	conn *pgconn.PgConn
	table
	cfg Config // with its defaults
}

const day = 24 * time.Hour

// errBusy says that another program does the same at the moment.
var errBusy = errors.New("another program does it")

// flat reports whether the table has no partitions. A table that does not exist is an error.
func (u upkeep) flat(ctx context.Context) (bool, error) {
	kind, err := lookUp(ctx, u.conn, "select relkind from pg_class where oid = to_regclass("+literal(u.quoted(""))+")")
	if err == nil && kind == "" {
		err = fmt.Errorf("there is no table %s", u.quoted(""))
	}
	return kind != "p", err
}

// locked runs f in a transaction that holds the lock of the table's upkeep, or returns errBusy.
func (u upkeep) locked(ctx context.Context, f func() error) error {
	locked := false
	err := inTx(ctx, u.conn, u.limited("select pg_advisory_xact_lock("+u.lockKey()+")"), func() error {
		locked = true
		return f()
	})
	if !locked && sqlState(err) == lockNotAvailable {
		return errBusy
	}
	return err
}

// limited returns a statement that is a transaction of its own, under the limits of the configuration: what is sent in one
// message is one.
func (u upkeep) limited(sql string) string {
	return setLocal(u.cfg.MaintainTimeout, u.cfg.LockTimeout) + "; " + sql
}

// run does everything that is to be done at now, as far as it can: a partition that fails does not keep the others from
// their turn. Work that another program does at the moment is no error.
func (u upkeep) run(ctx context.Context, now time.Time) error {
	err := u.partitions(ctx, now)
	if u.cfg.RetentionDays > 0 {
		_, _, err2 := u.cleanup(ctx, now.Add(-time.Duration(u.cfg.RetentionDays)*day))
		err = errors.Join(err, err2)
	}
	return errors.Join(err, u.prune(ctx))
}

// prune forgets batches of the ledger that nobody can ask for any more.
func (u upkeep) prune(ctx context.Context) error {
	if there, err := exists(ctx, u.conn, u.quoted("_batches")); err != nil || !there {
		return err
	}
	return exec(ctx, u.conn, u.limited(fmt.Sprintf("delete from %s where committed_at < now() - interval '%d days'", u.quoted("_batches"), ledgerDays)))
}

// days returns the present one, and the last for which there should be a partition.
func (u upkeep) days(now time.Time) (today, last time.Time) {
	today = now.UTC().Truncate(day)
	return today, today.Add(time.Duration(max(u.cfg.PartitionsAhead, 0)) * day)
}

// ahead makes the default partition and those of yesterday until PartitionsAhead days from now. On a table without partitions
// it does nothing. It ends at the first for which a lock is not to be had.
func (u upkeep) ahead(ctx context.Context, now time.Time) error {
	if flat, err := u.flat(ctx); err != nil || flat {
		return err
	}
	failed := []error{u.ensureDefault(ctx)}
	if blocked(failed[0]) {
		return ignoreBusy(failed[0])
	}
	today, last := u.days(now)
	for d := today.Add(-day); !d.After(last); d = d.Add(day) {
		err := u.ensureDay(ctx, d)
		failed = append(failed, err)
		if blocked(err) {
			break
		}
	}
	return ignoreBusy(errors.Join(failed...))
}

// partitions makes those that ahead does, and those of days whose rows lie in the default one.
func (u upkeep) partitions(ctx context.Context, now time.Time) error {
	if flat, err := u.flat(ctx); err != nil || flat {
		return err
	}
	err := u.ahead(ctx, now)
	if blocked(err) {
		return err
	}
	failed := []error{err}
	today, last := u.days(now)
	strays, err := u.strays(ctx, today, last)
	failed = append(failed, err)
	for _, d := range strays {
		err := u.ensureDay(ctx, d)
		failed = append(failed, err)
		if blocked(err) {
			break
		}
	}
	return ignoreBusy(errors.Join(failed...))
}

// blocked reports whether somebody else holds a lock that is wanted. Then it is better to come back later than to try the next
// partition: writers may have to wait behind every attempt.
func blocked(err error) bool {
	return errors.Is(err, errBusy) || sqlState(err) == lockNotAvailable || sqlState(err) == queryCanceled
}

func ignoreBusy(err error) error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var rest []error
		for _, e := range joined.Unwrap() {
			rest = append(rest, ignoreBusy(e))
		}
		return errors.Join(rest...)
	}
	if errors.Is(err, errBusy) {
		return nil
	}
	return err
}

// strays returns the days of rows in the default partition for which one can be made, at most a month of them at a time.
func (u upkeep) strays(ctx context.Context, today, last time.Time) ([]time.Time, error) {
	spans, err := u.spans(ctx)
	if err != nil {
		return nil, err
	}
	var days []time.Time
	for _, s := range spans {
		if !s.to.IsZero() {
			continue
		}
		all, err := rows(ctx, u.conn, u.limited(fmt.Sprintf(`select distinct extract(epoch from date_trunc('day', "timestamp" at time zone 'UTC'))::bigint
from only %s where "timestamp" >= to_timestamp(%d) and "timestamp" < to_timestamp(%d) order by 1 limit 31`,
			s.name, today.Add(-u.oldest()).Unix(), last.Add(day).Unix())))
		if err != nil {
			return nil, err
		}
		for _, row := range all {
			seconds, err := strconv.ParseInt(row[0], 10, 64)
			if err != nil {
				return nil, err
			}
			days = append(days, time.Unix(seconds, 0).UTC())
		}
	}
	return days, nil
}

// oldest is how old rows may be for which a partition is made; what is older stays in the default one.
func (u upkeep) oldest() time.Duration {
	if u.cfg.RetentionDays > 0 {
		return time.Duration(u.cfg.RetentionDays) * day
	}
	return 400 * day
}
