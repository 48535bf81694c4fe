package pglog

import (
	"context"
	"fmt"
	"time"
)

// syncPatience is how long the database has until records are made safe on disk instead.
const syncPatience = time.Second

// Sync returns when everything that was acknowledged before is in the database or durable in the spill, or lost and
// counted. When the database does not take it soon, or is known to be down, it goes to the spill. The error says that ctx
// was done before, or that the disk failed. After Close it returns what that did.
func (s *Sink) Sync(ctx context.Context) error { return s.syncTo(ctx, s.queue.load().seq) }

// syncTo does so for records up to one.
func (s *Sink) syncTo(ctx context.Context, seq uint64) error {
	select {
	case <-s.ended:
		return s.closeErr
	default:
	}
	raise(&s.wanted, seq)
	s.wake(sender)
	if err := s.awaitSafe(ctx, seq, syncPatience); err != nil {
		return err
	}
	return s.syncDisk(ctx)
}

// awaitSafe waits until all records up to seq have left memory. After patience, or half the time that ctx has, and at once
// when the database is down, the keeper takes them to disk.
func (s *Sink) awaitSafe(ctx context.Context, seq uint64, patience time.Duration) error {
	if deadline, ok := ctx.Deadline(); ok {
		patience = min(patience, time.Until(deadline)/2)
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	late := false
	for {
		change, unsafe := s.queue.change()
		if unsafe == 0 || unsafe > seq {
			return nil
		}
		if s.spill != nil && (late || s.count.down.Load() != 0) {
			raise(&s.toDisk, seq)
			s.wake(keeper)
		}
		select {
		case <-change:
		case <-s.ended:
			return s.closeErr
		case <-timer.C:
			late = true
			timer.Reset(100 * time.Millisecond) // the disk may have been full
		case <-ctx.Done():
			return fmt.Errorf("logging/pglog: records wait for the database: %w", ctx.Err())
		}
	}
}

// syncDisk lets the keeper make the spill durable.
func (s *Sink) syncDisk(ctx context.Context) error {
	if s.spill == nil || !s.spill.load().dirty {
		return nil
	}
	done := make(chan error, 1)
	select {
	case s.syncs <- done:
	case <-s.ended:
		return s.closeErr
	case <-ctx.Done():
		return fmt.Errorf("logging/pglog: sync of the spill: %w", ctx.Err())
	}
	select {
	case err := <-done:
		return err
	case <-s.ended:
		return s.closeErr
	case <-ctx.Done():
		return fmt.Errorf("logging/pglog: sync of the spill: %w", ctx.Err())
	}
}

// raise makes v at least n.
func raise(v interface {
	Load() uint64
	CompareAndSwap(old, raised uint64) bool
}, n uint64,
) {
	for {
		old := v.Load()
		if old >= n || v.CompareAndSwap(old, n) {
			return
		}
	}
}
