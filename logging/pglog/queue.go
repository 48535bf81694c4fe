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

// close refuses what comes from now on.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.progress()
}
