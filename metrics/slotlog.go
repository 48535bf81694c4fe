package metrics

import "encoding/binary"

// slotLog holds the last slots of one series and one tier, oldest first, each with its length in front. It takes memory
// only as it is needed, and from a common budget; when that is used up the oldest slots make room.
type slotLog struct {
	buf    []byte
	head   int    // where the oldest slot begins
	n      int    // slots in buf
	pushed uint32 // slots since the series was made
}

// push adds a slot, or a gap when there is none. At most keep slots remain.
func (l *slotLog) push(slot []byte, isGap bool, keep int, budget *int) {
	l.pushed++
	for l.n >= keep {
		l.drop()
	}
	var header [binary.MaxVarintLen64]byte
	size := 1 // of the header; a 0 is a gap
	if isGap {
		slot = nil
	} else {
		size = binary.PutUvarint(header[:], uint64(len(slot))+1)
	}
	if !l.fit(size+len(slot), budget) {
		return // not even alone
	}
	l.buf = append(append(l.buf, header[:size]...), slot...)
	l.n++
}

// fit makes room for size bytes at the end, and says whether there is.
func (l *slotLog) fit(size int, budget *int) bool {
	for cap(l.buf)-len(l.buf) < size {
		more := max(cap(l.buf)/2, size+32)
		switch {
		case l.head > 0 && (l.head >= len(l.buf)/4 || more > *budget):
			l.buf = l.buf[:copy(l.buf, l.buf[l.head:])]
			l.head = 0
		case more <= *budget:
			*budget -= more
			l.buf = append(make([]byte, 0, cap(l.buf)+more), l.buf[l.head:]...)
			l.head = 0
		case l.n == 0:
			return false
		default:
			l.drop()
		}
	}
	return true
}

// drop forgets the oldest slot.
func (l *slotLog) drop() {
	_, next := l.at(l.head)
	l.head = next
	l.n--
}

// at returns the slot that begins at a place, nil for a gap, and the place of the next.
func (l *slotLog) at(place int) (slot []byte, next int) {
	size, n := binary.Uvarint(l.buf[place:])
	place += n
	if size == 0 {
		return nil, place
	}
	next = place + int(size) - 1 //nolint:gosec // it was a length
	return l.buf[place:next:next], next
}

// between calls do with the last k slots but for the last skip ones, oldest first, as far as they are there and known.
func (l *slotLog) between(k, skip int, do func(slot []byte)) {
	place, n := l.known(k, skip)
	for range n {
		var slot []byte
		slot, place = l.at(place)
		do(slot)
	}
}

// missing returns how many of these slots the series once had that are not there any more, or lie before a gap. It is 0 for
// a series that is younger than that.
func (l *slotLog) missing(k, skip int) int {
	_, n := l.known(k, skip)
	return min(k, int(l.pushed)) - min(skip, int(l.pushed)) - n
}

// known returns the place behind the last gap among these slots, and how many there are from there on.
func (l *slotLog) known(k, skip int) (place, n int) {
	place = l.head
	for range l.n - min(k, l.n) {
		_, place = l.at(place)
	}
	at := place
	for range min(k, l.n) - min(skip, l.n) {
		slot, next := l.at(at)
		n++
		if slot == nil {
			place, n = next, 0
		}
		at = next
	}
	return place, n
}
