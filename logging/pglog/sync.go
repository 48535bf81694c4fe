package pglog

import (
	"context"
	"errors"
	"fmt"
	"math"
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
