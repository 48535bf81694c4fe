package pglog

import (
	"sync"
	"time"

	"github.com/prodwright/prodwright/logging"
)

// none ends a list of slots.
const none = -1

// queue keeps records in memory in the order in which they came, and knows the oldest of each level, so that the lowest
// can give way at once. Slots and their buffers are used again: a queue in its stride allocates nothing.
type queue struct {
	maxRows, maxBytes int

	mu     sync.Mutex // guards everything below
	slots  []row
	next   []int32 // of the same class, or of the free slots
	free   int32
	first  [classes]int32
	last   [classes]int32
	rows   int
	bytes  int
	seq    uint64 // of the last record that was accepted
	since  time.Time
	hands  [2]uint64     // lowest seq that the sender and the keeper have taken and not yet brought to safety; 0 = nothing
	held   [2]int        // how many records those are
	back   []*batch      // taken and given back, older than what is queued
	moved  chan struct{} // closed and replaced when there is more room or less in hands; nil while nobody waits
	closed bool
}

// Whose hands records are in.
const (
	sender = iota
	keeper
)

func newQueue(rows, bytes int) *queue {
	q := &queue{maxRows: rows, maxBytes: bytes, free: none}
	for c := range classes {
		q.first[c], q.last[c] = none, none
	}
	return q
}

// placed says what became of a record that was put: its number, and what waits with it, or nothing if it was not taken.
type placed struct {
	rows, bytes int
	seq         uint64
	closed      bool
}

// put copies a record into the queue. When there is no room the oldest record of the lowest class below its own gives
// way, if evict is set; lost counts those by class.
func (q *queue) put(r *logging.Record, evict bool, lost *[classes]int) placed {
	class := classOf(r.Level)
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return placed{closed: true}
	}
	slot := q.take1()
	if slot == none && evict && q.evictBelow(class, lost) {
		slot = q.take1()
	}
	if slot == none {
		return placed{}
	}
	w := &q.slots[slot]
	w.set(r)
	for q.rows > 0 && q.bytes+w.size > q.maxBytes {
		if !evict || !q.evictBelow(class, lost) {
			w.clear()
			q.next[slot], q.free = q.free, slot
			return placed{}
		}
	}
	q.seq++
	w.seq = q.seq
	q.next[slot] = none
	if q.last[class] == none {
		q.first[class] = slot
	} else {
		q.next[q.last[class]] = slot
	}
	q.last[class] = slot
	if q.rows == 0 {
		q.since = time.Now()
	}
	q.rows++
	q.bytes += w.size
	return placed{q.rows, q.bytes, q.seq, false}
}

// take1 returns a free slot, making one if there may be more.
func (q *queue) take1() int32 {
	if q.rows >= q.maxRows {
		return none
	}
	if q.free == none {
		q.slots = append(q.slots, row{})
		q.next = append(q.next, none)
		return int32(len(q.slots) - 1) //nolint:gosec // bounded by maxRows
	}
	slot := q.free
	q.free = q.next[slot]
	return slot
}

// evictBelow removes the oldest record of the lowest class below one.
func (q *queue) evictBelow(class int, lost *[classes]int) bool {
	for c := range class {
		if slot := q.first[c]; slot != none {
			q.unlink(c, slot)
			q.slots[slot].clear()
			lost[c]++
			q.progress()
			return true
		}
	}
	return false
}

// unlink takes the first record of a class out and frees its slot, whose row is still there.
func (q *queue) unlink(class int, slot int32) {
	q.first[class] = q.next[slot]
	if q.first[class] == none {
		q.last[class] = none
	}
	q.rows--
	q.bytes -= q.slots[slot].size
	q.next[slot], q.free = q.free, slot
}

// oldest returns the class of the record that came first.
func (q *queue) oldest() int {
	best := none
	for c := range classes {
		if q.first[c] != none && (best == none || q.slots[q.first[c]].seq < q.slots[q.first[best]].seq) {
			best = c
		}
	}
	return best
}

// takeStep is how many records are moved while callers wait for the lock.
const takeStep = 64

// take moves the oldest records into b until it has so many rows or bytes, or the queue is empty. What was given back
// comes first, as a batch of its own, which replaces b: the result is where the records are.
func (q *queue) take(who int, b *batch, maxRows, maxBytes int) *batch {
	b.reset()
	for bytes := 0; len(b.rows) < maxRows && bytes < maxBytes; {
		q.mu.Lock()
		if len(b.rows) == 0 && len(q.back) > 0 {
			b = q.back[0]
			q.back = q.back[1:]
			q.hands[who], q.held[who] = b.rows[0].seq, len(b.rows)
			q.mu.Unlock()
			return b
		}
		n := 0
		for n < takeStep && len(b.rows) < maxRows && bytes < maxBytes {
			class := q.oldest()
			if class == none {
				break
			}
			slot := q.first[class]
			w := b.add()
			w.Extra, *w, q.slots[slot] = nil, q.slots[slot], row{Record: logging.Record{Extra: w.Extra}}
			q.slots[slot].size = w.size
			q.unlink(class, slot)
			bytes += w.size
			if q.hands[who] == 0 {
				q.hands[who] = w.seq
			}
			q.held[who]++
			n++
		}
		q.since = time.Now()
		q.progress()
		q.mu.Unlock()
		if n < takeStep {
			break
		}
	}
	return b
}

// done says that what somebody had in hands is safe, or gone.
func (q *queue) done(who int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.hands[who], q.held[who] = 0, 0
	q.progress()
}

// giveBack says that it is not. The batch is the queue's from now on.
func (q *queue) giveBack(who int, b *batch) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.hands[who], q.held[who] = 0, 0
	q.back = append(q.back, b)
}

// progress wakes those who wait for room or for an end. It is called with the lock.
func (q *queue) progress() {
	if q.moved != nil {
		close(q.moved)
		q.moved = nil
	}
}

// change returns a channel that is closed at the next progress, and the lowest seq that is not yet safe, 0 if all are.
func (q *queue) change() (<-chan struct{}, uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.moved == nil {
		q.moved = make(chan struct{})
	}
	return q.moved, q.unsafe()
}

func (q *queue) unsafe() uint64 {
	lowest := uint64(0)
	see := func(seq uint64) {
		if seq > 0 && (lowest == 0 || seq < lowest) {
			lowest = seq
		}
	}
	if c := q.oldest(); c != none {
		see(q.slots[q.first[c]].seq)
	}
	for _, b := range q.back {
		see(b.rows[0].seq)
	}
	see(q.hands[sender])
	see(q.hands[keeper])
	return lowest
}

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

// close refuses what comes from now on.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.progress()
}
