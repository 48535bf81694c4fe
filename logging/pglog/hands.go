package pglog

import (
	"time"

	"github.com/prodwright/prodwright/logging"
)

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
