package pglog

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// work stores one batch, or a part of one.
func (s *Sink) work(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.SendTimeout)
	defer cancel()
	pooled, err := s.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer pooled.Release()
	conn := pooled.Conn().PgConn()
	if err = s.prepare(ctx, conn); err == nil {
		err = s.step(ctx, conn)
	}
	if err != nil {
		if !s.cfg.KeepSchema {
			s.prepared = false // a table or partition may be missing
		}
		closing, done := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer done()
		_ = pooled.Conn().Close(closing) // whatever is wrong with it, the next one does not have it
	}
	return err
}

func (s *Sink) step(ctx context.Context, conn *pgconn.PgConn) error {
	s.flightMu.Lock()
	pieces := len(s.flight.pieces)
	s.flightMu.Unlock()
	if pieces == 0 {
		if s.spill != nil {
			if f, size := s.spill.oldest(); f != nil {
				return s.replay(ctx, conn, f, size)
			}
			s.reader.forget()
		}
		b := s.queue.take(sender, s.spare, s.cfg.BatchRows, s.cfg.BatchBytes)
		if len(b.rows) == 0 {
			return nil
		}
		if len(b.pieces) == 0 {
			b.whole()
		}
		s.flightMu.Lock()
		s.spare, s.flight = s.flight, b
		s.flightMu.Unlock()
	}
	return s.sendFlight(ctx, conn)
}

// sendFlight stores the pieces of the batch in hands. The keeper may take them to disk meanwhile; then the rest is left
// to be read from there.
func (s *Sink) sendFlight(ctx context.Context, conn *pgconn.PgConn) error {
	for {
		s.flightMu.Lock()
		if len(s.flight.pieces) == 0 {
			s.flightMu.Unlock()
			return nil
		}
		p := s.flight.pieces[0]
		s.flightMu.Unlock()
		b := s.flight // it is replaced by this goroutine alone
		result, err := s.store.put(ctx, conn, b.rows[p.from:p.to], nil, &p.id)
		if err != nil && !poison(err) {
			return err
		}
		if err := s.sent(b, p, result, err); err != nil {
			return err
		}
	}
}

// sent draws the conclusion from what became of a piece: refused says that the database does not take it.
func (s *Sink) sent(b *batch, p piece, result outcome, refused error) error {
	s.flightMu.Lock()
	defer s.flightMu.Unlock()
	mine := len(b.pieces) > 0 && b.pieces[0].id == p.id // it is not on disk
	switch {
	case refused == nil:
		s.count.stored.Add(int64(p.to - p.from))
		if result == before {
			s.count.known.Add(1)
		} else {
			s.count.batches.Add(1)
		}
		if !mine {
			s.counted[p.id] = true
		}
	case !mine: // the spill will come to the same conclusion
		return nil
	case p.to-p.from > 1:
		b.split(suspect(refused))
		return nil
	default:
		if err := s.bury(&b.rows[p.from], refused); err != nil {
			return err
		}
	}
	if mine {
		if refused == nil {
			s.store.settle(p.id)
		}
		b.pieces = b.pieces[1:]
		if len(b.pieces) == 0 {
			s.queue.done(sender)
		}
	}
	return nil
}

// spillFlight takes to disk what could not be stored.
func (s *Sink) spillFlight() {
	if s.spill != nil {
		s.copyFlight()
	}
}
