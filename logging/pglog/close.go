package pglog

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"
)

const (
	closeLimit = 30 * time.Second // for Close, when its context says nothing
	closeGrace = 3 * time.Second  // for what is to be kept, even if the context is done
)

// Close stores what was acknowledged, or, when the database is down, the spill has older records, or ctx is about to be
// done, writes it to the spill, where the next process finds it. Then it ends the sink's goroutines and, of [Open], the
// connections. What neither the database nor a disk took is counted, reported, and returned as an error; so is a ctx that
// was done before everything ended. Without a deadline it takes at most 30 s. A second Close waits for the first, until its own ctx is
// done, and returns what that did.
func (s *Sink) Close(ctx context.Context) error {
	if s.closing.CompareAndSwap(false, true) {
		s.closeErr = s.shut(ctx)
		close(s.ended)
		return s.closeErr
	}
	select {
	case <-s.ended:
		return s.closeErr
	default:
	}
	select {
	case <-s.ended:
		return s.closeErr
	case <-ctx.Done():
		return fmt.Errorf("logging/pglog: close: %w", ctx.Err())
	}
}

func (s *Sink) shut(ctx context.Context) error {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, closeLimit)
		defer cancel()
	}
	s.queue.close()
	close(s.closed)
	raise(&s.wanted, math.MaxUint64)
	s.wake(sender)
	patience := closeLimit
	if s.spill != nil && s.spill.load().old {
		patience = 0
	}
	failed := []error{s.awaitSafe(ctx, math.MaxUint64-1, patience)}
	if s.cfg.Durable {
		s.awaitReplayed(ctx)
	}
	failed = append(failed, s.syncDisk(ctx))
	s.stop()
	// The goroutines have been told; even if ctx is done they have a moment, since what they hold is to be kept.
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeGrace)
	defer cancel()
	if s.await(ctx, grace, s.running.Wait) {
		failed = append(failed, s.leave())
	} else {
		failed = append(failed, errors.New("logging/pglog: close: the disk does not answer"))
	}
	s.mute()
	if !s.await(ctx, grace, s.telling.Wait) {
		failed = append(failed, errors.New("logging/pglog: close: OnError does not return"))
	}
	if s.ownPool && !s.await(ctx, ctx, s.pool.Close) { // a connection to a server that hangs takes its time
		failed = append(failed, fmt.Errorf("logging/pglog: close: connections: %w", ctx.Err()))
	}
	return errors.Join(failed...)
}

// await calls f and reports whether it returned before both contexts were done.
func (s *Sink) await(ctx, grace context.Context, f func()) bool {
	returned := make(chan struct{})
	go func() {
		f()
		close(returned)
	}()
	for _, c := range []context.Context{ctx, grace} {
		select {
		case <-returned:
			return true
		case <-c.Done():
		}
	}
	return false
}

// awaitReplayed waits until the spill is empty, the database is down, or half of the time has passed.
func (s *Sink) awaitReplayed(ctx context.Context) {
	limit := closeLimit
	if deadline, ok := ctx.Deadline(); ok {
		limit = time.Until(deadline) / 2
	}
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if s.spill.load().files == 0 || s.count.down.Load() != 0 {
			return
		}
		s.wake(sender)
	}
}

// leave closes what the goroutines used, and takes what they left to disk or counts it.
func (s *Sink) leave() error {
	var failed []error
	var lost [classes]int
	total := 0
	var rest []*batch
	if len(s.flight.pieces) > 0 {
		rest = append(rest, s.flight)
	}
	for {
		b := s.queue.take(keeper, &batch{}, s.cfg.BatchRows, s.cfg.BatchBytes)
		if len(b.rows) == 0 {
			break
		}
		rest = append(rest, b)
	}
	for _, b := range rest {
		if s.spill != nil {
			refused, err := s.spillBatch(b)
			if err == nil {
				s.count.drop(spillFull, &refused)
				continue
			}
			failed = append(failed, err)
		}
		for _, r := range b.left() {
			lost[classOf(r.Level)]++
			total++
		}
	}
	s.queue.done(sender)
	s.queue.done(keeper)
	s.count.drop(closedSink, &lost)
	if total > 0 {
		failed = append(failed, fmt.Errorf("logging/pglog: close: %d records are lost", total))
	}
	if s.spill != nil {
		failed = append(failed, s.spill.sync(0), s.spill.close())
	}
	return errors.Join(failed...)
}
