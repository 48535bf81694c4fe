package cluster

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// CopyFrom copies rows into a table, all or none, and returns how many. A source can be read only once: as long as nothing of it
// was read the copy is sent again as Exec does; afterwards, what certainly was not written is an error that matches
// [ErrSourceSpent].
func (w Writer) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, source pgx.CopyFromSource) (n int64, err error) {
	s := &copySource{CopyFromSource: source}
	err = w.c.write(ctx, func(conn *pgxpool.Conn) error {
		var err error
		n, err = conn.CopyFrom(ctx, table, columns, s)
		switch {
		case err == nil:
			return nil
		case !s.begun:
			return uncommittedError{error: err}
		}
		return spentError{err, s.ended}
	})
	return n, err
}

// CopyFrom fails: it is there because the DBTX of sqlc wants it of whoever runs queries.
func (r Reader) CopyFrom(_ context.Context, table pgx.Identifier, _ []string, _ pgx.CopyFromSource) (int64, error) {
	return 0, fmt.Errorf("cluster: copy into %s: a Reader cannot write, use the Writer", table.Sanitize())
}

// copySource knows how far a source was read. The server cannot have been told that the copy is complete before the source said
// that it has no more.
type copySource struct {
	pgx.CopyFromSource

	begun, ended bool
}

// Next goes to the next row.
func (s *copySource) Next() bool {
	s.begun = true
	more := s.CopyFromSource.Next()
	s.ended = s.ended || !more && s.Err() == nil
	return more
}

// spentError is an error of a copy whose source cannot be read again.
type spentError struct {
	error

	complete bool // the server may have all of it
}

func (e spentError) Unwrap() error { return e.error }
