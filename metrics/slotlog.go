package metrics

import "encoding/binary"

// slotLog holds the last slots of one series and one tier, oldest first, each with its length in front. It takes memory
// only as it is needed, see memory.go.
type slotLog struct {
	buf    []byte
	head   int    // where the oldest slot begins
	n      int    // slots in buf
	pushed uint32 // slots since the series was made
}

// slotSize returns how much room a slot takes, with its header in front.
func slotSize(slot []byte, isGap bool) int {
	if isGap {
		return 1
	}
	var header [binary.MaxVarintLen64]byte
	return binary.PutUvarint(header[:], uint64(len(slot))+1) + len(slot)
}

// put adds a slot, or a gap, for which there is room.
func (l *slotLog) put(slot []byte, isGap bool) {
	size := uint64(len(slot)) + 1
	if isGap {
		slot, size = nil, 0
	}
	l.buf = append(binary.AppendUvarint(l.buf, size), slot...)
	l.n++
}

// used is how many bytes its slots take.
func (l *slotLog) used() int { return len(l.buf) - l.head }

// compact moves the slots to the front.
func (l *slotLog) compact() {
	l.buf = l.buf[:copy(l.buf, l.buf[l.head:])]
	l.head = 0
}

// resize moves the slots to memory of another size. It returns how much more that is.
func (l *slotLog) resize(size int) (more int) {
	more = size - cap(l.buf)
	old := l.buf[l.head:]
	if l.buf = nil; size > 0 {
		l.buf = append(make([]byte, 0, size), old...)
	}
	l.head = 0
	return more
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
