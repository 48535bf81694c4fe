package pglog

import (
	"cmp"
	"errors"
	"io"
)

// chunkOf is what is stored of a file in one transaction: records, and up to where the file is stored with them.
type chunkOf struct {
	file     *segment
	from, to int64
	rows     []row
	batch    *uuid // they may be stored already, under this id
	corrupt  int   // frames, or what was left of them, that were skipped
	torn     bool  // the file ends in the middle of a frame
}

// readWindow is how much is read at once.
const readWindow = 4 << 20

// reader reads the spill's files. It keeps the part in memory that it is at: a few times the window, unless the file is damaged.
type reader struct {
	file   *segment
	buf    []byte
	base   int64 // where in the file buf begins
	plain  int64 // up to where batches are known not to be stored, so that their records are like any others
	window int   // 0 = readWindow
	rows   []row
}

// next returns what comes after pos in the file, up to maxRows records or maxBytes.
func (r *reader) next(f *segment, size int64, maxRows, maxBytes int) (chunkOf, error) {
	if r.file != f {
		r.file, r.buf, r.base, r.plain = f, nil, f.pos, 0
	}
	if f.pos < r.base || f.pos > r.base+int64(len(r.buf)) { // the database knew better
		r.buf, r.base = nil, f.pos
	}
	c := chunkOf{file: f, from: f.pos, to: f.pos}
	r.rows = r.rows[:0]
	end := size // of the batch
	for len(r.rows) < maxRows && c.to-c.from < int64(maxBytes) || c.batch != nil {
		if c.to >= end {
			break
		}
		have := min(end, r.base+int64(len(r.buf)))
		rest := r.buf[c.to-r.base : have-r.base]
		payload, length, ok := frameAt(rest, f.id)
		if !ok && have < end {
			if err := r.more(f, c.from, size); err != nil {
				return chunkOf{}, err
			}
			continue
		}
		if !ok {
			skipped := nextFrame(rest[1:], f.id) + 1
			c.torn = c.to+int64(skipped) == size
			if !c.torn {
				c.corrupt++
			}
			c.to += int64(skipped)
			continue
		}
		switch payload[0] {
		case kindBatch:
			id, n, err := decodeBatch(payload[1:])
			if err != nil {
				c.corrupt++
				break
			}
			n = min(n, size-c.to-int64(length)) // a batch that was not written to its end
			if c.to < r.plain || n == 0 {
				break
			}
			if c.to > c.from {
				c.rows = r.rows
				return c, nil // what comes before is a chunk of its own
			}
			c.batch, end = &id, c.to+int64(length)+n
		case kindRecord:
			r.rows = append(r.rows, row{})
			if decodeRecord(payload[1:], &r.rows[len(r.rows)-1].Record) != nil {
				r.rows = r.rows[:len(r.rows)-1]
				c.corrupt++
			}
		default:
			c.corrupt++
		}
		c.to += int64(length)
	}
	c.rows = r.rows
	return c, nil
}

// more reads on, and lets go of what is before from. The buffer is a new one: records of this chunk may lie in the old one.
func (r *reader) more(f *segment, from, size int64) error {
	keep := r.buf[from-r.base:]
	next := r.base + int64(len(r.buf))
	n := min(int64(cmp.Or(r.window, readWindow)), size-next)
	buf := make([]byte, int64(len(keep))+n)
	copy(buf, keep)
	if _, err := f.f.ReadAt(buf[len(keep):], next); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	r.buf, r.base = buf, from
	return nil
}

// forget lets go of the memory, also of what rows of the last chunk still point to.
func (r *reader) forget() {
	clear(r.rows[:cap(r.rows)])
	*r = reader{rows: r.rows[:0], window: r.window}
}
