package pgxmon

import "bytes"

// maxFrames is how deep in brackets lists are looked for, which keeps the time linear.
const maxFrames = 16

// frame is an open bracket.
type frame struct {
	list  bool // elements that are the same as the one before are dropped
	rows  bool // VALUES has come, and rows may follow
	comma int  // where in out the comma behind a row is, -1 when the last comma is another
	cut   int  // of a row that is not the first: where its comma is, and -1 for everything else
	start int  // where in out the present element begins
	prev  int  // the same of the element before, or -1
	end   int  // where that ends
}

func newFrame(start int, list bool) frame {
	return frame{list: list, comma: -1, cut: -1, start: start, prev: -1}
}

func (n *normalizer) frame() *frame { return &n.frames[len(n.frames)-1] }

func (n *normalizer) open(s string) {
	f := n.frame()
	list := f.list || n.lastWord == "in" || n.lastWord == "values" || n.lastWord == "array" && s == "["
	cut := -1
	if f.rows && n.last == comma {
		cut = f.comma
	}
	n.write(opening, s)
	if len(n.frames) >= maxFrames {
		n.deeper++
		return
	}
	n.frames = append(n.frames, newFrame(len(n.out), list || cut >= 0))
	n.frame().cut = cut
}

func (n *normalizer) close(s string) {
	if n.deeper > 0 {
		n.deeper--
		n.write(closing, s)
		return
	}
	if len(n.frames) == 1 {
		n.write(closing, s)
		return
	}
	n.element()
	n.write(closing, s)
	f := *n.frame()
	n.frames = n.frames[:len(n.frames)-1]
	if f.cut >= 0 {
		n.out = n.out[:f.cut]
		n.frame().start = min(n.frame().start, f.cut)
	}
}

func (n *normalizer) comma() {
	if n.deeper > 0 {
		n.write(comma, ",")
		return
	}
	n.element()
	f := n.frame()
	f.comma = -1
	if f.rows && n.last == closing {
		f.comma = len(n.out)
	}
	n.write(comma, ",")
	f.start = len(n.out)
}

// element ends an element of a list, and drops it when it is the same as the one before.
func (n *normalizer) element() {
	f := n.frame()
	if !f.list {
		return
	}
	if f.prev >= 0 && bytes.Equal(bytes.TrimLeft(n.out[f.prev:f.end], " "), bytes.TrimLeft(n.out[f.start:], " ")) {
		n.out, n.last = n.out[:f.end], value
		return
	}
	f.prev, f.end = f.start, len(n.out)
}
