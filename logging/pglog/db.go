package pglog

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// All SQL goes through pgconn, below the tracers of pgx: a tracer that logs would feed the sink with what the sink does. It
// is also why no description of a table outlives a change of it: nothing is prepared.

// exec runs statements that return nothing.
func exec(ctx context.Context, conn *pgconn.PgConn, sql string) error {
	return conn.Exec(ctx, sql).Close()
}

// affected runs statements and returns how many rows the last of them changed.
func affected(ctx context.Context, conn *pgconn.PgConn, sql string) (int64, error) {
	results := conn.Exec(ctx, sql)
	var n int64
	for results.NextResult() {
		tag, err := results.ResultReader().Close()
		if err != nil {
			return 0, closeAfter(results, err)
		}
		n = tag.RowsAffected()
	}
	return n, results.Close()
}

func closeAfter(results *pgconn.MultiResultReader, err error) error {
	_ = results.Close() // says the same
	return err
}

// rows runs a query and returns its rows as text. NULL is the empty text.
func rows(ctx context.Context, conn *pgconn.PgConn, sql string) ([][]string, error) {
	results, err := conn.Exec(ctx, sql).ReadAll()
	if err != nil {
		return nil, err
	}
	var all [][]string
	for _, row := range results[len(results)-1].Rows {
		texts := make([]string, len(row))
		for i, v := range row {
			texts[i] = string(v)
		}
		all = append(all, texts)
	}
	return all, nil
}

// lookUp returns the only value of a query.
func lookUp(ctx context.Context, conn *pgconn.PgConn, sql string) (string, error) {
	all, err := rows(ctx, conn, sql)
	if err != nil {
		return "", err
	}
	if len(all) == 0 || len(all[0]) == 0 {
		return "", nil
	}
	return all[0][0], nil
}

// exists reports whether there is a table or an index of a name. A session may remember that there was none, and hear of a new one
// only when it takes the lock of a table for the first time in a transaction: hence the one of pg_class.
func exists(ctx context.Context, conn *pgconn.PgConn, quoted string) (bool, error) {
	there, err := lookUp(ctx, conn, "select exists (select from pg_catalog.pg_class where oid = to_regclass("+literal(quoted)+"))")
	return there == "t", err
}

// inTx runs f in a transaction, which is rolled back when f fails. It begins with statements that go in one message with its begin, so that no
// limit of the session ends it before they have set another one.
func inTx(ctx context.Context, conn *pgconn.PgConn, first string, f func() error) error {
	if err := exec(ctx, conn, "begin; "+first); err != nil {
		rollback(ctx, conn)
		return err
	}
	if err := f(); err != nil {
		rollback(ctx, conn)
		return err
	}
	return exec(ctx, conn, "commit")
}

// rollback ends a transaction that failed. A connection on which that is not possible is closed.
func rollback(ctx context.Context, conn *pgconn.PgConn) {
	if conn.IsClosed() || conn.TxStatus() == 'I' {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if err := exec(ctx, conn, "rollback"); err != nil {
		_ = conn.Close(ctx) // there is nobody left to tell
	}
}

// setLocal returns the statements that make a transaction independent of what the session, its role or its database have set.
func setLocal(statement, lock time.Duration) string {
	ms := func(d time.Duration) int64 { return min(max(d.Milliseconds(), 1), math.MaxInt32) }
	return fmt.Sprintf("set local statement_timeout = %d; set local lock_timeout = %d; set local idle_in_transaction_session_timeout = %d; "+
		"set local timezone = 'UTC'; set local client_encoding = 'UTF8'; "+
		// of PostgreSQL 17; where it is on it cannot be made longer in a transaction, only be turned off
		"select set_config('transaction_timeout', '0', true) where current_setting('transaction_timeout', true) is not null",
		ms(statement), ms(lock), ms(max(statement, 10*time.Second)))
}
