package pglog

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
)

// replay stores the next part of a file of the spill.
func (s *Sink) replay(ctx context.Context, conn *pgconn.PgConn, f *segment, size int64) error {
	limit := s.limit
	if len(s.steps) > 0 {
		limit = s.steps[0]
	}
	c, err := s.reader.next(f, size, limit, s.cfg.BatchBytes)
	if err != nil {
		s.report("unreadable", fmt.Errorf("logging/pglog: a file of the spill cannot be read, and is tried again later: %w", err))
		s.spill.letGo(f)
		s.reader.forget()
		return nil
	}
	at := &place{f.id, c.from, c.to}
	result, err := s.store.put(ctx, conn, c.rows, at, c.batch)
	switch {
	case err == nil && result == elsewhere:
		return s.seek(ctx, conn, f, size, c)
	case poison(err) && c.batch != nil:
		s.reader.plain = c.to // it is not stored, so its rows may be stored one by one
		return nil
	case poison(err) && len(c.rows) > 1:
		s.narrow(suspect(err), len(c.rows))
		return nil
	case poison(err):
		if s.buried != *at { // or the database could not be told that it was
			if err := s.bury(&c.rows[0], err); err != nil {
				return err
			}
			s.buried = *at
		}
		if result, err = s.store.put(ctx, conn, nil, at, nil); err != nil || result != stored {
			return err
		}
		c.rows = nil
	case err != nil:
		return err
	default:
		s.replayed(c, result)
	}
	if len(s.steps) > 0 {
		s.steps = s.steps[1:]
	} else {
		s.limit = min(2*s.limit, s.cfg.BatchRows)
	}
	return s.read(f, c)
}

// narrow has a part of a file read in smaller ones: up to the row that is suspected and that row, or halves.
func (s *Sink) narrow(suspect, rows int) {
	switch {
	case suspect < 0 || suspect >= rows:
		s.steps, s.limit = nil, rows/2
	case suspect == 0:
		s.steps = []int{1}
	default:
		s.steps = []int{suspect, 1}
	}
}

// replayed counts the rows of a part of a file, unless they were counted when they were sent from memory.
func (s *Sink) replayed(c chunkOf, result outcome) {
	if result == stored {
		s.count.batches.Add(1)
	} else {
		s.count.known.Add(1)
		if c.batch != nil && s.counted[*c.batch] {
			delete(s.counted, *c.batch)
			return
		}
	}
	s.count.stored.Add(int64(len(c.rows)))
	s.count.replayed.Add(int64(len(c.rows)))
}

// read notes that a part of a file is done with.
func (s *Sink) read(f *segment, c chunkOf) error {
	s.count.corrupt.Add(int64(c.corrupt))
	if c.corrupt > 0 {
		s.report("corrupt", fmt.Errorf("logging/pglog: a file of the spill is damaged in %d places, records are lost", c.corrupt))
	}
	if c.torn {
		s.count.torn.Add(1)
	}
	gone, err := s.spill.stored(f, c.to, len(c.rows))
	if gone {
		s.reader.forget()
		s.report("adopt", s.spill.adoptMore())
	}
	s.report("spill", err)
	return nil
}

// seek goes on where the database says that a file is stored to: another attempt, or another process, was there before.
func (s *Sink) seek(ctx context.Context, conn *pgconn.PgConn, f *segment, size int64, c chunkOf) error {
	pos, err := s.store.position(ctx, conn, f.id)
	if err != nil {
		return err
	}
	if pos < fileHeader || pos == c.from {
		return errors.New("the ledger has a place that is not in the file")
	}
	if pos == c.to { // our own attempt, most likely
		s.replayed(c, before)
		return s.read(f, c)
	}
	s.count.known.Add(1)
	return s.read(f, chunkOf{to: min(pos, size)})
}
