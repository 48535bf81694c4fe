package pglog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/prodwright/prodwright/logging/analysis"
)

// store puts rows into the table, one transaction at a time. It belongs to one goroutine.
//
// A transaction first claims what it stores in the ledger. Its commit is only sent when the claim was answered, so that a
// transaction whose commit may still arrive from a lost connection holds its claim, and the next attempt waits for it and
// then sees what became of it. That is what makes rows be stored exactly once, whatever is lost on the way.
type store struct {
	table
	cfg    Config
	enc    encoder
	groups *groups
	target *target // nil: to be found out

	report  func(kind string, err error)
	settled []uuid    // batches that the ledger need not remember any more
	noGroup time.Time // when the table of groups, which did not take ours, is tried again; earlier if the target is found out anew
}

// groupsPatience is the longest wait for a lock on the table of groups: rows are worth more.
const groupsPatience = time.Second

// outcome is what became of rows.
type outcome int

// The outcomes. A batch may have been stored before; a file's claim fails when it is not stored as far as was believed.
const (
	stored outcome = iota
	before
	elsewhere
)

// besideError is a failure of what stands beside the rows in their transaction: the claim in the ledger, or the table of
// groups. Rows are not to blame for it, whatever the server says.
type besideError struct {
	groups bool
	err    error
}

func (e *besideError) Error() string {
	if e.groups {
		return "the table of groups: " + e.err.Error()
	}
	return e.err.Error()
}

func (e *besideError) Unwrap() error { return e.err }

// put stores rows: those of a batch by its id, those of a file by their place, or both.
func (s *store) put(ctx context.Context, conn *pgconn.PgConn, rows []row, at *place, id *uuid) (outcome, error) {
	o, err := s.try(ctx, conn, rows, at, id)
	for len(rows) == 1 && poison(err) && s.foldRefused(&rows[0], err) {
		rollback(ctx, conn)
		o, err = s.try(ctx, conn, rows, at, id)
	}
	if b := (*besideError)(nil); errors.As(err, &b) && b.groups && !conn.IsClosed() && sqlState(b.err) != "" {
		rollback(ctx, conn)
		s.noGroup = time.Now().Add(min(freshFor, 10*s.cfg.RetryMax)) // the rows matter more
		s.report("groups", fmt.Errorf("logging/pglog: groups of errors are not kept: %w", b.err))
		o, err = s.try(ctx, conn, rows, at, id)
	}
	if err != nil || o == elsewhere || o == before && at == nil {
		rollback(ctx, conn)
	}
	if err != nil && !poison(err) {
		s.target = nil
		s.groups.forget()
	}
	return o, err
}

func (s *store) try(ctx context.Context, conn *pgconn.PgConn, rows []row, at *place, id *uuid) (outcome, error) {
	if s.target == nil {
		t, err := discover(ctx, conn, s.table)
		if err != nil {
			return stored, &besideError{err: err}
		}
		s.target, s.noGroup = t, time.Time{}
		if !t.ledger {
			s.report("ledger", fmt.Errorf("logging/pglog: there is no table %s, so rows may be stored twice when a connection is lost; Migrate makes it", s.quoted("_batches")))
		}
	}
	result, err := s.claim(ctx, conn, len(rows), at, id)
	if err != nil {
		return result, &besideError{err: err}
	}
	if result == elsewhere || result == before && at == nil {
		return result, nil
	}
	var stale []*group
	if result == stored && len(rows) > 0 {
		s.encode(rows)
		if _, err := conn.CopyFrom(ctx, bytes.NewReader(s.enc.buf), s.target.copy); err != nil {
			s.enc.buf = nil // what pgx reads it with may not have ended when the connection is lost
			return result, err
		}
		now := time.Now()
		if now.After(s.noGroup) {
			stale = s.groups.stale(now)
		}
		if len(stale) > 0 {
			wait := fmt.Sprintf("set local lock_timeout = %d; ", min(groupsPatience, s.cfg.SendTimeout/4).Milliseconds())
			if err := exec(ctx, conn, wait+s.upsert(stale)); err != nil {
				return result, &besideError{true, err}
			}
		}
	}
	if err := exec(ctx, conn, "commit"); err != nil {
		return result, err
	}
	if conn.TxStatus() != 'I' {
		return result, errors.New("the transaction did not end")
	}
	s.groups.told(stale, time.Now())
	if id != nil && at == nil {
		s.settled = s.settled[:0] // the transaction removed them
	}
	return result, nil
}

// encode makes the text of the rows, and collects their groups.
func (s *store) encode(rows []row) {
	s.enc.buf, s.enc.release = s.enc.buf[:0], s.cfg.Release
	clear(s.groups.batch)
	for i := range rows {
		r := &rows[i].Record
		f := analysis.GroupOf(r).Int64()
		if f != 0 && s.target.errors {
			s.groups.see(r, f, s.cfg.Release)
		}
		s.enc.encode(&rows[i], f, s.target)
	}
}

// foldRefused has a value that its column refused go to extra_data, if that is how the server says why it refused the only row.
func (s *store) foldRefused(w *row, err error) bool {
	f, ok := refusedField(err)
	if !ok || f == fieldTimestamp || f == fieldExtra || w.fold>>f&1 == 1 || s.target == nil || s.target.columns[fieldExtra].family == missing {
		return false
	}
	w.fold |= 1 << f
	return true
}
