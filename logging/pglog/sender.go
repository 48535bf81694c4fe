package pglog

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// firstRetry is the pause after the first attempt that failed; each further one is twice as long.
const firstRetry = 100 * time.Millisecond

// runSender stores what waits, one batch after the other: first what is on disk, which is older, then what is in memory.
func (s *Sink) runSender(ctx context.Context) {
	pause := time.Duration(0)
	for s.awaitWork(ctx) {
		err := s.work(ctx)
		if err == nil {
			pause = 0
			s.count.down.Store(0)
			continue
		}
		if ctx.Err() != nil {
			return
		}
		s.count.failed(err)
		s.report("database", fmt.Errorf("logging/pglog: the database takes no records, they wait: %w", err))
		s.spillFlight()
		s.wake(keeper)
		pause = min(max(2*pause, firstRetry), s.cfg.RetryMax)
		s.rest(ctx, pause/2+rand.N(pause/2+1))
	}
}

// rest waits. The beginning of Close ends it, so that there is one more attempt.
func (s *Sink) rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	closed := s.closed
	select {
	case <-closed: // it has begun before
		closed = nil
	default:
	}
	select {
	case <-timer.C:
	case <-ctx.Done():
	case <-closed:
	}
}

// awaitWork waits until there is something to store: anything on disk, a full batch, or records that waited long enough or
// that somebody waits for. It returns false when ctx is done.
func (s *Sink) awaitWork(ctx context.Context) bool {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		due := s.due(time.Now())
		if ctx.Err() != nil {
			return false
		}
		if due <= 0 {
			return true
		}
		timer.Reset(due)
		select {
		case <-s.kick[sender]:
		case <-timer.C:
		case <-ctx.Done():
			return false
		}
	}
}

// due returns in what time there is something to store.
func (s *Sink) due(now time.Time) time.Duration {
	s.flightMu.Lock()
	pieces := len(s.flight.pieces)
	s.flightMu.Unlock()
	l, wanted := s.queue.load(), s.wanted.Load()
	if pieces > 0 || l.back || l.rows >= s.cfg.BatchRows || l.bytes >= s.cfg.BatchBytes || l.rows > 0 && l.unsafe <= wanted {
		return 0
	}
	due := time.Hour
	if s.spill != nil {
		sl := s.spill.load()
		if sl.files > 0 && (!s.cfg.Durable || sl.old || sl.count >= s.cfg.BatchRows || s.isClosed()) {
			return 0
		}
		if sl.files > 0 { // records go through the disk, so that they come one by one
			due = s.cfg.BatchInterval - now.Sub(sl.since)
		}
	}
	if l.rows > 0 {
		due = min(due, s.cfg.BatchInterval-now.Sub(l.since))
	}
	return due
}

func (s *Sink) isClosed() bool {
	select {
	case <-s.closed:
		return true
	default:
		return false
	}
}

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

// bury puts a record that the database refuses into the file of dead letters.
func (s *Sink) bury(r *row, why error) error {
	if err := s.dead.add(&r.Record, reason(why)); err != nil {
		return err
	}
	s.count.dead.Add(1)
	s.report("dead", fmt.Errorf("logging/pglog: the database refuses a record (SQLSTATE %s); see the file of dead letters", sqlState(why)))
	return nil
}

// spillFlight takes to disk what could not be stored.
func (s *Sink) spillFlight() {
	if s.spill != nil {
		s.copyFlight()
	}
}

// replay stores the next part of a file of the spill.
func (s *Sink) replay(ctx context.Context, conn *pgconn.PgConn, f *segment, size int64) error {
	c, err := s.reader.next(f, size, s.limit, s.cfg.BatchBytes)
	if err != nil {
		return fmt.Errorf("spill: %w", err)
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
		s.limit = min(max(suspect(err), 1), len(c.rows)-1)
		if suspect(err) < 0 {
			s.limit = len(c.rows) / 2
		}
		return nil
	case poison(err):
		if err := s.bury(&c.rows[0], err); err != nil {
			return err
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
	s.limit = min(2*s.limit, s.cfg.BatchRows)
	return s.read(f, c)
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
