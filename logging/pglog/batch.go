package pglog

// batch is records that were taken from the queue, in one or, after the database refused some, several pieces.
type batch struct {
	rows   []row
	pieces []piece // of which it is not known that they are stored, and which are not on disk either
}

// piece is a part of a batch that is stored in one transaction. Its id makes that happen once.
type piece struct {
	id       uuid
	from, to int // of the rows
}

// reset empties the batch and keeps its buffers.
func (b *batch) reset() {
	for i := range b.rows {
		b.rows[i].clear()
	}
	b.rows, b.pieces = b.rows[:0], nil
}

// add returns a new row at the end.
func (b *batch) add() *row {
	if len(b.rows) < cap(b.rows) {
		b.rows = b.rows[:len(b.rows)+1]
	} else {
		b.rows = append(b.rows, row{})
	}
	return &b.rows[len(b.rows)-1]
}

// whole makes all rows one piece.
func (b *batch) whole() { b.pieces = []piece{{newUUID(), 0, len(b.rows)}} }

// split replaces the first piece by smaller ones with ids of their own: around the row that is suspected, if one is, or
// in the middle. It is only allowed when the piece is known not to be stored.
func (b *batch) split(suspect int) {
	p := b.pieces[0]
	var parts []piece
	add := func(from, to int) {
		if from < to {
			parts = append(parts, piece{newUUID(), from, to})
		}
	}
	if suspect >= 0 && suspect < p.to-p.from {
		at := p.from + suspect
		add(p.from, at)
		add(at, at+1)
		add(at+1, p.to)
	} else {
		middle := (p.from + p.to) / 2
		add(p.from, middle)
		add(middle, p.to)
	}
	b.pieces = append(parts, b.pieces[1:]...)
}

// left returns the rows that are neither stored nor on disk. Those of a batch that nobody has tried to store are all.
func (b *batch) left() []row {
	if len(b.pieces) == 0 {
		return b.rows
	}
	return b.rows[b.pieces[0].from:]
}
