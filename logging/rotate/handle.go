package rotate

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"time"
)

// handle is one file that was or is at the path.
type handle struct {
	file *os.File
	fd   uintptr
	info fs.FileInfo // when it was opened

	end   int64 // where it ends, as far as is known
	clean bool  // what is before base is empty or ends with a newline
	torn  bool  // the last write may have left a line unfinished: look before the next one
	dead  bool  // it had to be closed, and could not be opened again

	// The lines since base, in recent, were written but it is not checked yet that each is on a line of its own.
	base     int64
	recent   []byte
	lengths  []int         // of these
	owed     [][]byte      // lines that were acknowledged, and are not on a line of their own: they are to be written again
	verified time.Duration // when that was checked last
	strict   time.Duration // until when it is checked after each line, because others write to the file, too

	newest string // stamp of the newest backup
	listed bool   // that is known

	began time.Time // when its first line was written; zero if it is empty or nobody needs to know
}

// measure reads where the file ends, and whether that is the end of a line.
func (h *handle) measure() error {
	info, err := h.file.Stat()
	if err != nil {
		return fail("stat", h.file.Name(), err)
	}
	if !info.Mode().IsRegular() {
		return fail("open", h.file.Name(), errIrregular)
	}
	h.info = info
	h.end = info.Size()
	h.base = h.end
	h.clean, err = h.newlineBefore(h.end)
	return err
}

// newlineBefore says whether a line may begin at an offset.
func (h *handle) newlineBefore(at int64) (bool, error) {
	if at == 0 {
		return true, nil
	}
	var last [1]byte
	if _, err := h.file.ReadAt(last[:], at-1); err != nil {
		if err == io.EOF { // it was truncated
			return true, nil
		}
		return false, fail("read", h.file.Name(), err)
	}
	return last[0] == '\n', nil
}

// remember keeps a line until it is checked.
func (h *handle) remember(rec []byte) {
	h.recent = append(h.recent, rec...)
	h.lengths = append(h.lengths, len(rec))
}

// forget drops the lines that were checked: all that comes before at is good.
func (h *handle) forget(at int64) {
	h.base, h.end, h.clean = at, at, true
	h.lengths = h.lengths[:0]
	if cap(h.recent) > 64<<10 {
		h.recent = nil
	}
	h.recent = h.recent[:0]
}

// missing returns those of the recent lines that are not on a line of their own. Others wrote between them. The last write, of a line
// or of a part of one that failed, ended at an offset.
func (h *handle) missing(at int64) ([][]byte, error) {
	if at < h.end && h.torn { // truncated: what is gone is not missed
		return nil, nil
	}
	if (len(h.lengths) == 1 || at < h.end) && !h.torn {
		last := h.lengths[len(h.lengths)-1]
		rec := h.recent[len(h.recent)-last:]
		if ok, err := h.newlineBefore(at - int64(last)); ok || err != nil || rec[0] == '\n' {
			return nil, err
		}
		return [][]byte{bytes.Clone(rec)}, nil
	}
	const most = 1 << 20 // of what others wrote within a millisecond
	from := max(h.base-1, 0)
	text := make([]byte, min(at-from, int64(len(h.recent))+most))
	n, err := h.file.ReadAt(text, from)
	if err != nil && err != io.EOF {
		return nil, fail("read", h.file.Name(), err)
	}
	text = text[:n]
	if h.base == 0 {
		text = append([]byte{'\n'}, text...)
	}
	var out [][]byte
	rest := h.recent
	for _, length := range h.lengths {
		rec := rest[:length]
		rest = rest[length:]
		if i := lineIndex(text, rec); i >= 0 {
			text = text[i+length-1:] // its newline may be the one before the next
			continue
		}
		out = append(out, bytes.Clone(rec))
	}
	return out, nil
}

// lineIndex returns where in a text a line begins.
func lineIndex(text, rec []byte) int {
	for at := 0; ; {
		i := bytes.Index(text[at:], rec)
		if i < 0 {
			return -1
		}
		at += i
		if rec[0] == '\n' || at > 0 && text[at-1] == '\n' {
			return at
		}
		at++
	}
}
