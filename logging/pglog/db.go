package pglog

import (
	"context"
	"fmt"
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

// inTx runs f in a transaction, which is rolled back when f fails.
func inTx(ctx context.Context, conn *pgconn.PgConn, f func() error) error {
	if err := exec(ctx, conn, "begin"); err != nil {
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

// setLocal returns the statement that limits a transaction.
func setLocal(statement, lock time.Duration) string {
	return fmt.Sprintf("set local statement_timeout = %d; set local lock_timeout = %d; set local idle_in_transaction_session_timeout = %d; set local timezone = 'UTC'",
		statement.Milliseconds(), lock.Milliseconds(), max(statement, 10*time.Second).Milliseconds())
}
