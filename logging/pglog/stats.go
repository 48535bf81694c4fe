package pglog

import (
	"sync"
	"sync/atomic"
	"time"
)

// Stats are counts since the sink was made, and what is the case now.
type Stats struct {
	Accepted int64 // records that Write took, those of lower levels that are not stored not counted
	Stored   int64 // rows in the database, replayed ones included
	Spilled  int64 // records written to disk
	Replayed int64 // rows stored from disk, those of earlier processes included
	Dead     int64 // records that the database refused
	Dropped  int64 // records that were lost
	// DroppedBy is Dropped by reason and level, as in "queue_full WARNING". Reasons are queue_full, spill_full, closed, and dead_letter:
	// the database refused it and the file of dead letters could not be written.
	DroppedBy map[string]int64
	Corrupt   int64 // damaged places in files of the spill, of which each took one or more records
	Torn      int64 // files of the spill that end in the middle of a record, as after a loss of power

	Batches int64 // transactions that stored rows
	Retries int64 // attempts that failed because the database could not be reached or used
	Known   int64 // batches that turned out to be stored already

	Queued       int           // records in memory, those that are being sent included
	QueuedBytes  int           // about what they need there
	SpillBytes   int64         // on disk
	SpillFiles   int           // on disk
	OldestUnsent time.Duration // age of the oldest record that is not stored, about; 0 if there is none
	Down         time.Duration // for how long the database has not taken anything; 0 if it does

	LastError     string    // of the last attempt that failed
	LastErrorTime time.Time // when that was
}

// Why records are dropped.
const (
	queueFull = iota
	spillFull
	closedSink
	deadLetter
	reasons
)

var reasonNames = [reasons]string{"queue_full", "spill_full", "closed", "dead_letter"}

// counters are what [Stats] is made of.
type counters struct {
	accepted, stored, spilled, replayed, dead, corrupt, torn, batches, retries, known atomic.Int64

	dropped [reasons][classes]atomic.Int64
	down    atomic.Int64 // since when, in nanoseconds since 1970; 0 = it is up

	mu       sync.Mutex
	lastErr  string
	lastTime time.Time
}

// drop counts records by class.
func (c *counters) drop(reason int, lost *[classes]int) {
	for class, n := range lost {
		if n > 0 {
			c.dropped[reason][class].Add(int64(n))
		}
	}
}

func (c *counters) failed(err error) {
	c.retries.Add(1)
	now := time.Now()
	c.down.CompareAndSwap(0, now.UnixNano())
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastErr, c.lastTime = err.Error(), now
}

// Stats returns the present counts. It is safe for concurrent use and cheap enough to be scraped.
func (s *Sink) Stats() Stats {
	c, l, now := &s.count, s.queue.load(), time.Now()
	st := Stats{
		Accepted: c.accepted.Load(), Stored: c.stored.Load(), Spilled: c.spilled.Load(), Replayed: c.replayed.Load(),
		Dead: c.dead.Load(), Corrupt: c.corrupt.Load(), Torn: c.torn.Load(), Batches: c.batches.Load(),
		Retries: c.retries.Load(), Known: c.known.Load(), Queued: l.rows + l.held, QueuedBytes: l.bytes,
		DroppedBy: map[string]int64{},
	}
	for reason := range reasons {
		for class := range classes {
			if n := c.dropped[reason][class].Load(); n > 0 {
				st.Dropped += n
				st.DroppedBy[reasonNames[reason]+" "+className(class)] = n
			}
		}
	}
	if !l.oldest.IsZero() {
		st.OldestUnsent = max(now.Sub(l.oldest), 1)
	}
	if s.spill != nil {
		sl := s.spill.load()
		st.SpillBytes, st.SpillFiles = sl.bytes, sl.files
		if sl.files > 0 {
			st.OldestUnsent = max(st.OldestUnsent, now.Sub(sl.since))
		}
	}
	if since := c.down.Load(); since != 0 {
		st.Down = max(now.Sub(time.Unix(0, since)), 1)
	}
	c.mu.Lock()
	st.LastError, st.LastErrorTime = c.lastErr, c.lastTime
	c.mu.Unlock()
	return st
}
