package cluster

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// peeked are rows of which the first one may have been waited for.
type peeked struct {
	pgx.Rows

	first, held bool // first is what Next has said already
}

// peek waits for the first row, or for what there is instead.
func (p *peeked) peek() error {
	p.first, p.held = p.Rows.Next(), true
	if p.first {
		return nil
	}
	p.Rows.Close()
	return p.Err()
}

// Next goes to the next row.
func (p *peeked) Next() bool {
	if p.held {
		p.held = false
		return p.first
	}
	return p.Rows.Next()
}

// Close ends the rows.
func (p *peeked) Close() {
	p.held = false
	p.Rows.Close()
}

// rows give their connection back at their end, and say what became of a write.
type rows struct {
	peeked

	sql     string // of a read, and its arguments
	args    []any
	conn    *pgxpool.Conn // nil after the end
	load    *load         // of a read
	began   time.Time
	written func(error) error // of a write
	err     error             // instead of that of Rows
	broke   bool              // the connection was closed when they ended
}

// Next goes to the next row.
func (r *rows) Next() bool {
	if r.conn == nil && !r.held {
		return false
	}
	if r.peeked.Next() {
		return true
	}
	r.end(r.Rows.Err())
	return false
}

// Close ends the rows.
func (r *rows) Close() {
	r.peeked.Close()
	r.end(r.Rows.Err())
}

// Err returns the error that ended the rows.
func (r *rows) Err() error {
	if r.err != nil {
		return r.err
	}
	return r.Rows.Err()
}

// Scan reads the current row.
func (r *rows) Scan(dest ...any) error {
	err := r.Rows.Scan(dest...)
	if err != nil { // then pgx has closed them
		r.Close()
	}
	return err
}

// end gives the connection back.
func (r *rows) end(err error) {
	if r.conn == nil {
		return
	}
	conn := r.conn
	r.conn, r.broke = nil, err != nil && conn.Conn().IsClosed()
	if r.load != nil {
		r.load.end(time.Since(r.began), err != nil)
	}
	if r.written != nil {
		r.err = r.written(err)
		if again, ok := r.err.(againError); ok { //nolint:errorlint // it is the outermost
			r.err = again.error // it is too late for that
		}
	}
	conn.Release()
}

// row is the only one of a read.
type row struct {
	rows

	c   *Cluster
	ctx context.Context //nolint:containedctx // that of the call that returned it
}

// ask sends the query.
func (r *row) ask() {
	if err := r.c.read(r.ctx, &r.rows); err != nil {
		r.Rows, r.err = nil, err
	}
}

// Scan reads the row and ends the rows. When the node fails after the row has come, and before it has said that all is well, the read
// runs again: nobody has seen the row yet.
func (r *row) Scan(dest ...any) error {
	for n := 1; ; n++ {
		if r.Rows == nil {
			return r.err
		}
		err := scanOne(&r.rows, dest)
		if err == nil || !r.broke || n == attempts || r.ctx.Err() != nil {
			return err
		}
		r.c.suspect()
		r.rows = rows{sql: r.sql, args: r.args}
		r.ask()
	}
}

// scanOne reads the first row and ends the rows.
func scanOne(rs pgx.Rows, dest []any) error {
	defer rs.Close()
	if !rs.Next() {
		if err := rs.Err(); err != nil {
			return err
		}
		return pgx.ErrNoRows
	}
	if err := rs.Scan(dest...); err != nil {
		return err
	}
	rs.Close()
	return rs.Err()
}
