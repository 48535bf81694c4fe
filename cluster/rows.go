package cluster

import (
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// rows give their connection back at their end, and say what became of a write.
type rows struct {
	pgx.Rows

	sql     string // of a read, and its arguments
	args    []any
	conn    *pgxpool.Conn // nil after the end
	load    *load         // of a read
	began   time.Time
	written func(error) error // of a write
	first   bool              // what Next has said already
	peeked  bool
	err     error // instead of that of Rows
}

// peek waits for the first row, or for what there is instead.
func (r *rows) peek() error {
	r.first, r.peeked = r.Rows.Next(), true
	if r.first {
		return nil
	}
	r.Rows.Close()
	return r.Rows.Err()
}

// Next goes to the next row.
func (r *rows) Next() bool {
	if r.peeked {
		r.peeked = false
		if !r.first {
			r.end(nil)
		}
		return r.first
	}
	if r.conn == nil {
		return false
	}
	if r.Rows.Next() {
		return true
	}
	r.end(r.Rows.Err())
	return false
}

// Close ends the rows.
func (r *rows) Close() {
	r.Rows.Close()
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
	r.conn = nil
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

// row is the first one.
type row rows

// Scan reads the row and ends the rows.
func (r *row) Scan(dest ...any) error {
	rs := (*rows)(r)
	if rs.Rows == nil {
		return rs.err
	}
	defer rs.Close()
	if !rs.Next() {
		if err := rs.Err(); err != nil {
			return err
		}
		return pgx.ErrNoRows
	}
	if err := rs.Rows.Scan(dest...); err != nil {
		return err
	}
	rs.Close()
	return rs.Err()
}
