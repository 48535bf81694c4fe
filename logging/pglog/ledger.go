package pglog

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// place is a part of a file of the spill.
type place struct {
	file     uuid
	from, to int64
}

// waitForDisk makes the end of a transaction wait for the disk of the server where it otherwise would not: what is confirmed is
// forgotten here, and must not be lost when the server is killed. Settings that ask for more are left alone.
const waitForDisk = "select set_config('synchronous_commit', 'local', true) where current_setting('synchronous_commit') = 'off'"

// claim begins the transaction and says in the ledger what it will store.
func (s *store) claim(ctx context.Context, conn *pgconn.PgConn, rows int, at *place, id *uuid) (outcome, error) {
	sql := "begin isolation level read committed; " + setLocal(s.cfg.SendTimeout, s.cfg.SendTimeout) + "; " + waitForDisk
	if !s.target.ledger || at == nil && id == nil {
		return stored, exec(ctx, conn, sql)
	}
	if at != nil {
		n, err := affected(ctx, conn, fmt.Sprintf(`%[1]s; insert into %[2]s as b (id, position, rows) values ('%[3]s', %[4]d, %[5]d)
on conflict (id) do update set position = excluded.position, rows = b.rows + excluded.rows, committed_at = now() where b.position = %[6]d`,
			sql, s.quoted("_batches"), at.file, at.to, rows, at.from))
		if err != nil || n == 0 {
			return elsewhere, err
		}
		sql = ""
	}
	if id != nil {
		if len(s.settled) > 0 && at == nil {
			ids := make([]string, len(s.settled))
			for i, u := range s.settled {
				ids[i] = u.String()
			}
			sql += "; delete from " + s.quoted("_batches") + " where id in ('" + strings.Join(ids, "', '") + "')"
		}
		n, err := affected(ctx, conn, fmt.Sprintf("%s; insert into %s (id, rows) values ('%s', %d) on conflict (id) do nothing",
			sql, s.quoted("_batches"), id, rows))
		if err != nil || n == 0 {
			return before, err
		}
	}
	return stored, nil
}

// settle says that nobody will ask any more whether a batch was stored.
func (s *store) settle(id uuid) {
	if s.target != nil && s.target.ledger {
		s.settled = append(s.settled, id)
	}
}

// position asks up to where a file is stored, 0 if the database does not know it.
func (s *store) position(ctx context.Context, conn *pgconn.PgConn, file uuid) (int64, error) {
	text, err := lookUp(ctx, conn, fmt.Sprintf("select coalesce((select position from %s where id = '%s'), 0)", s.quoted("_batches"), file))
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(text, 10, 64)
}
