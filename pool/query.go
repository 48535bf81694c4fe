package pool

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Acquire returns a connection, which must be given back with Release. It waits until one is free, AcquireTimeout
// passes or ctx is done. Errors are an [*AcquireError], a [*ConnectError] or [ErrClosed].
func (p *Pool) Acquire(ctx context.Context) (*pgxpool.Conn, error) {
	failures := p.connectFailures.Load()
	c, err := p.raw.Acquire(ctx)
	if err != nil {
		return nil, p.explain(ctx, failures, err)
	}
	return c, nil
}

// AcquireFunc acquires a connection, calls f with it and releases it. Errors are those of [Pool.Acquire] and of f.
func (p *Pool) AcquireFunc(ctx context.Context, f func(*pgxpool.Conn) error) error {
	c, err := p.Acquire(ctx)
	if err != nil {
		return err
	}
	defer c.Release()
	return f(c)
}

// Exec runs sql on a connection of the pool. Errors are those of [Pool.Acquire] and of the statement.
func (p *Pool) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	failures := p.connectFailures.Load()
	tag, err := p.raw.Exec(ctx, sql, args...)
	return tag, p.explain(ctx, failures, err)
}

// Query runs sql and returns its rows, which must be closed or read to the end. The error may be ignored and taken from
// the rows instead. Errors are those of [Pool.Acquire] and of the statement.
func (p *Pool) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	failures := p.connectFailures.Load()
	rows, err := p.raw.Query(ctx, sql, args...)
	if err != nil {
		err = p.explain(ctx, failures, err)
		return failedRows{Rows: rows, err: err}, err
	}
	return rows, nil
}

// failedRows are the empty rows of a Query that failed, with the explained error.
type failedRows struct {
	pgx.Rows
	err error
}

func (r failedRows) Err() error             { return r.err }
func (r failedRows) Scan(...any) error      { return r.err }
func (r failedRows) Values() ([]any, error) { return nil, r.err }

// QueryRow runs sql and returns its first row. Errors, those of [Pool.Acquire] included, are returned by Scan, which
// must be called: it gives the connection back.
func (p *Pool) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	failures := p.connectFailures.Load()
	return &explainedRow{row: p.raw.QueryRow(ctx, sql, args...), pool: p, ctx: ctx, failures: failures}
}

// explainedRow explains the error of its row. It keeps the context only to tell whose deadline passed.
type explainedRow struct {
	row      pgx.Row
	pool     *Pool
	ctx      context.Context //nolint:containedctx // see above
	failures int64
}

func (r *explainedRow) Scan(dest ...any) error {
	return r.pool.explain(r.ctx, r.failures, r.row.Scan(dest...))
}

// SendBatch sends b on a connection of the pool. The result must be closed. Errors, those of [Pool.Acquire] included, are
// returned by its methods.
func (p *Pool) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	failures := p.connectFailures.Load()
	return &explainedBatch{BatchResults: p.raw.SendBatch(ctx, b), pool: p, ctx: ctx, failures: failures}
}

// explainedBatch explains the errors of its results, as explainedRow does.
type explainedBatch struct {
	pgx.BatchResults
	pool     *Pool
	ctx      context.Context //nolint:containedctx // see explainedRow
	failures int64
}

func (b *explainedBatch) Exec() (pgconn.CommandTag, error) {
	tag, err := b.BatchResults.Exec()
	return tag, b.pool.explain(b.ctx, b.failures, err)
}

func (b *explainedBatch) Query() (pgx.Rows, error) {
	rows, err := b.BatchResults.Query()
	if err != nil {
		err = b.pool.explain(b.ctx, b.failures, err)
		return failedRows{Rows: rows, err: err}, err
	}
	return rows, nil
}

func (b *explainedBatch) QueryRow() pgx.Row {
	return &explainedRow{row: b.BatchResults.QueryRow(), pool: b.pool, ctx: b.ctx, failures: b.failures}
}

func (b *explainedBatch) Close() error {
	return b.pool.explain(b.ctx, b.failures, b.BatchResults.Close())
}

// CopyFrom copies rows into a table. Errors are those of [Pool.Acquire] and of the copy.
func (p *Pool) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, rows pgx.CopyFromSource) (int64, error) {
	failures := p.connectFailures.Load()
	n, err := p.raw.CopyFrom(ctx, table, columns, rows)
	return n, p.explain(ctx, failures, err)
}

// Ping acquires a connection and sends an empty statement. Errors are those of [Pool.Acquire] and of the statement.
func (p *Pool) Ping(ctx context.Context) error {
	failures := p.connectFailures.Load()
	return p.explain(ctx, failures, p.raw.Ping(ctx))
}
