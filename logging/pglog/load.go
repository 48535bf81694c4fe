package pglog

import "time"

// load is what waits.
type load struct {
	rows, bytes int // without what was given back
	held        int // what was taken or given back and is not yet safe
	back        bool
	seq         uint64 // last accepted
	unsafe      uint64 // lowest that is not yet safe
	since       time.Time
	oldest      time.Time // time of the oldest record
}

func (q *queue) load() load {
	q.mu.Lock()
	defer q.mu.Unlock()
	l := load{rows: q.rows, bytes: q.bytes, back: len(q.back) > 0, seq: q.seq, unsafe: q.unsafe(), since: q.since}
	if c := q.oldest(); c != none {
		l.oldest = q.slots[q.first[c]].Time
	}
	l.held = q.held[sender] + q.held[keeper]
	for _, b := range q.back {
		l.held += len(b.rows)
	}
	if l.back {
		l.oldest = q.back[0].rows[0].Time
	}
	return l
}

// spillLoad is what waits on disk.
type spillLoad struct {
	bytes int64
	files int
	count int // records of this process
	since time.Time
	dirty bool
	ok    bool // the last write succeeded, or it is time to try again
	old   bool // there is a file that is not written to
}

func (s *spill) load() spillLoad {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := spillLoad{bytes: s.bytes, files: len(s.files), count: s.count, since: s.since, dirty: s.dirty}
	l.ok = s.failed == nil || !time.Now().Before(s.retry)
	if s.active != nil && s.idle(s.active) {
		l.files--
		l.bytes -= s.active.size
	}
	l.old = len(s.files) > 0 && s.files[0] != s.active
	return l
}
