package pglog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// chunk is how many rows one statement deletes, so that no transaction is long.
const chunk = 5000

// Maintain makes the partitions of the coming days, moves rows out of the default partition, and removes what is older than
// cfg.RetentionDays. A sink with a role that may do so does it every hour by itself; without, a program of the maintainer's
// calls this. Several may do it at once: an advisory lock lets one work, and the others return nil. No lock is waited for
// longer than cfg.LockTimeout, so that writers never queue up behind it; what failed is tried again at the next call.
func Maintain(ctx context.Context, conn *pgx.Conn, cfg Config) error {
	u, err := newUpkeep(conn, cfg)
	if err != nil {
		return err
	}
	if err := u.run(ctx, time.Now()); err != nil {
		return fmt.Errorf("logging/pglog: maintain %s: %w", u.cfg.Table, err)
	}
	return nil
}

// Cleanup removes what is older than so many days: whole partitions, and rows of the default partition or of a table
// without partitions, the latter in many small transactions. It returns how many of both were removed, also with an error.
// Days below 1 are an error.
func Cleanup(ctx context.Context, conn *pgx.Conn, cfg Config, days int) (partitions int, rows int64, err error) {
	if days < 1 {
		return 0, 0, fmt.Errorf("logging/pglog: cleanup: %d days are less than 1", days)
	}
	u, err := newUpkeep(conn, cfg)
	if err != nil {
		return 0, 0, err
	}
	partitions, rows, err = u.cleanup(ctx, time.Now().Add(-time.Duration(days)*day))
	if err != nil {
		err = fmt.Errorf("logging/pglog: cleanup %s: %w", u.cfg.Table, err)
	}
	return partitions, rows, err
}

func newUpkeep(conn *pgx.Conn, cfg Config) (upkeep, error) {
	cfg, t, err := cfg.checked()
	return upkeep{conn.PgConn(), t, cfg}, err
}

// cleanup removes what is older than before.
func (u upkeep) cleanup(ctx context.Context, before time.Time) (partitions int, rows int64, err error) {
	flat, err := u.flat(ctx)
	if err != nil {
		return 0, 0, err
	}
	if flat {
		rows, err = u.deleteFrom(ctx, u.quoted(""), before)
		return 0, rows, err
	}
	spans, err := u.spans(ctx)
	if err != nil {
		return 0, 0, err
	}
	var failed []error
	stuck := false // a lock on the whole table is not to be had
	for _, s := range spans {
		switch {
		case s.to.IsZero():
			rows, err = u.deleteFrom(ctx, s.name, before)
			failed = append(failed, err)
		case !s.to.After(before) && !stuck:
			err := u.drop(ctx, s)
			if err == nil {
				partitions++
			}
			failed = append(failed, err)
			stuck = sqlState(err) == lockNotAvailable
		}
	}
	return partitions, rows, ignoreBusy(errors.Join(failed...))
}

// drop drops a partition that is still there. It locks the whole table, for a moment.
func (u upkeep) drop(ctx context.Context, old span) error {
	return u.locked(ctx, func() error {
		spans, err := u.spans(ctx)
		if err != nil {
			return err
		}
		for _, s := range spans {
			if s.name == old.name && s.to.Equal(old.to) {
				return exec(ctx, u.conn, "drop table "+s.name)
			}
		}
		return errBusy // somebody was faster
	})
}

// deleteFrom deletes old rows of a table, skipping those that another program deletes at the moment.
func (u upkeep) deleteFrom(ctx context.Context, name string, before time.Time) (total int64, err error) {
	sql := fmt.Sprintf(`delete from only %[1]s where ctid = any(array(select ctid from only %[1]s where "timestamp" < %[2]s limit %[3]d for update skip locked))`,
		name, literal(before.UTC().Format("2006-01-02 15:04:05.000000+00")), chunk)
	for {
		n, err := affected(ctx, u.conn, u.limited(sql))
		total += n
		if err != nil || n < chunk {
			return total, err
		}
	}
}
