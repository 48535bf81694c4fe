package pglog

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
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
