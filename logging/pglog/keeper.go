package pglog

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	keepEvery  = 50 * time.Millisecond // how often the queue is taken to disk while the database is down
	adoptEvery = 30 * time.Second
)

// runKeeper takes records to disk when the sender cannot keep up or the database is down, and makes them durable.
func (s *Sink) runKeeper(ctx context.Context) {
	if s.spill == nil {
		return
	}
	b := &batch{}
	adopt := time.NewTicker(adoptEvery + rand.N(adoptEvery/10))
	defer adopt.Stop()
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		timer.Reset(s.nap())
		var waiting chan error
		select {
		case <-s.kick[keeper]:
		case waiting = <-s.syncs:
		case <-timer.C:
		case <-adopt.C:
			if adopts {
				s.report("adopt", s.spill.adopt())
				s.wake(sender)
			}
		case <-ctx.Done():
			return
		}
		b = s.keep(b)
		switch {
		case waiting != nil:
			waiting <- s.spill.sync(0)
		case s.cfg.FsyncInterval > 0:
			s.report("fsync", s.spill.sync(s.cfg.FsyncInterval))
		}
	}
}

// nap returns how long there is nothing to do unless somebody says so.
func (s *Sink) nap() time.Duration {
	nap := time.Hour
	if s.cfg.FsyncInterval > 0 && s.spill.load().dirty {
		nap = max(s.cfg.FsyncInterval, time.Millisecond)
	}
	if s.count.down.Load() != 0 {
		nap = min(nap, keepEvery)
	}
	return nap
}

// keep takes to disk what should go there. It returns a batch to use next time.
func (s *Sink) keep(b *batch) *batch {
	for {
		l := s.queue.load()
		to := s.toDisk.Load()
		late := l.unsafe > 0 && l.unsafe <= to
		if late {
			s.copyFlight()
		}
		if l.rows == 0 && !l.back || !late && s.count.down.Load() == 0 && !s.crowded(l.rows, l.bytes) || !s.spill.load().ok {
			return b
		}
		b = s.queue.take(keeper, b, s.cfg.BatchRows, s.cfg.BatchBytes)
		if len(b.rows) == 0 {
			return b
		}
		refused, err := s.spillBatch(b)
		if err != nil {
			s.queue.giveBack(keeper, b)
			s.report("spill", err)
			return &batch{}
		}
		s.count.drop(spillFull, &refused)
		s.queue.done(keeper)
		s.wake(sender)
	}
}

// copyFlight takes a copy of what the sender has in hands to disk, with the ids by which it is not stored twice.
func (s *Sink) copyFlight() {
	s.flightMu.Lock()
	defer s.flightMu.Unlock()
	if len(s.flight.pieces) == 0 {
		return
	}
	if _, err := s.spillBatch(s.flight); err != nil {
		s.report("spill", err)
		return
	}
	s.queue.done(sender)
}

// spillBatch writes what is left of a batch to disk: pieces by their ids, or rows that nobody has tried to store.
func (s *Sink) spillBatch(b *batch) (refused [classes]int, err error) {
	if len(b.pieces) == 0 {
		if refused, err = s.spill.append(b.rows, nil); err == nil {
			s.count.spilled.Add(int64(len(b.rows) - sum(refused)))
		}
		return refused, err
	}
	for len(b.pieces) > 0 {
		p := b.pieces[0]
		if _, err = s.spill.append(b.rows[p.from:p.to], &p.id); err != nil {
			return refused, err
		}
		s.count.spilled.Add(int64(p.to - p.from))
		b.pieces = b.pieces[1:]
	}
	return refused, nil
}

func sum(n [classes]int) (total int) {
	for _, v := range n {
		total += v
	}
	return total
}
