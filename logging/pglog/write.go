package pglog

import (
	"context"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/logging"
)

// Write takes a record. What a nil error means is said in the package documentation; otherwise it is [ErrFull] or
// [ErrClosed] and the record was counted as dropped.
//
// It does not wait, except for a record above ERROR, up to FlushTimeout, under the policy [Block], and for the disk with
// Durable.
func (s *Sink) Write(r *logging.Record) error {
	if r.Level < s.level || len(s.cfg.Ignore) > 0 && s.ignored(r.Logger) {
		return nil
	}
	if s.cfg.Durable && s.writeThrough(r) {
		return nil
	}
	p := s.put(r)
	if p.seq == 0 {
		lost := [classes]int{}
		lost[classOf(r.Level)]++
		if p.closed {
			s.count.drop(closedSink, &lost)
			return ErrClosed
		}
		s.count.drop(queueFull, &lost)
		s.wake(sender)
		return ErrFull
	}
	s.count.accepted.Add(1)
	if p.rows == 1 || p.rows%s.cfg.BatchRows == 0 || p.bytes >= s.cfg.BatchBytes {
		s.wake(sender)
	}
	if s.spill != nil && s.crowded(p.rows, p.bytes) {
		s.wake(keeper)
	}
	if r.Level > zapcore.ErrorLevel && s.cfg.FlushTimeout > 0 {
		ctx, cancel := context.WithTimeout(context.Background(), s.cfg.FlushTimeout)
		defer cancel()
		s.report("flush", s.syncTo(ctx, p.seq))
	}
	return nil
}

// put puts a record into the queue as the policy says.
func (s *Sink) put(r *logging.Record) placed {
	var lost [classes]int
	p := placed{}
	if s.cfg.Policy == Block {
		p = s.putWaiting(r)
	}
	if p.seq == 0 && !p.closed {
		p = s.queue.put(r, true, &lost)
		s.count.drop(queueFull, &lost)
	}
	return p
}

// putWaiting waits for room.
func (s *Sink) putWaiting(r *logging.Record) placed {
	var limit <-chan time.Time
	for {
		room, _ := s.queue.change()
		p := s.queue.put(r, false, nil)
		if p.seq > 0 || p.closed {
			return p
		}
		s.wake(sender)
		if limit == nil {
			timer := time.NewTimer(s.cfg.BlockTimeout)
			defer timer.Stop()
			limit = timer.C
		}
		select {
		case <-room:
		case <-limit:
			return placed{}
		}
	}
}

// writeThrough writes a record to disk, or returns false if that is not possible.
func (s *Sink) writeThrough(r *logging.Record) bool {
	select {
	case <-s.closed:
		return false // the queue will say so
	default:
	}
	one, _ := s.singles.Get().(*[1]row)
	if one == nil {
		one = new([1]row)
	}
	defer s.singles.Put(one)
	one[0].set(r)
	defer one[0].clear()
	refused, err := s.spill.append(one[:], nil)
	if err != nil || refused != [classes]int{} {
		s.report("spill", err)
		return false
	}
	s.count.accepted.Add(1)
	s.count.spilled.Add(1)
	if s.cfg.FsyncInterval == 1 || r.Level > zapcore.ErrorLevel && s.cfg.FsyncInterval > 0 {
		s.report("spill", s.spill.sync(0))
	}
	s.wake(sender)
	if s.cfg.FsyncInterval > 1 {
		s.wake(keeper)
	}
	return true
}

// crowded reports whether so much waits in memory that some of it should go to disk.
func (s *Sink) crowded(rows, bytes int) bool {
	return rows >= max(s.cfg.QueueEntries/4*3, 1) || bytes >= s.cfg.QueueBytes/4*3
}
