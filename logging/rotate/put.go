package rotate

import (
	"bytes"
	"time"
)

const (
	// Lines are checked when there are so many of them or they are so old, or at once when others write, too.
	unchecked    = 64
	uncheckedFor = time.Millisecond
	// strictFor is how long others have to be silent.
	strictFor = time.Second
)

// put writes a line, after those that are owed, and checks it if it is time, with mu held.
func (f *File) put(now time.Duration, line []byte) error {
	h := f.h
	if len(h.owed) > 0 || h.torn && len(h.lengths) > 0 {
		if err := f.verify(now); err != nil {
			return err
		}
	}
	first := h.end == 0
	n := len(line)
	if h.torn || line[n-1] != '\n' {
		var err error
		if n, err = f.add(line); err != nil {
			return err
		}
	} else {
		done, err := appendOnce(h.file, h.fd, line)
		h.end += int64(done)
		if err != nil {
			h.torn = true
			return err
		}
		h.remember(line)
	}
	if first || now < h.strict || len(h.lengths) >= unchecked || len(h.recent) > 64<<10 || now-h.verified > uncheckedFor {
		if err := f.verify(now); err != nil && !f.stands(line) {
			return err
		}
		if h.end == int64(n) && f.cfg.Every != Never {
			h.began = time.Now()
			f.setBoundary(h.began)
			f.writeBegin(number(h.info), h.began)
		}
	}
	return nil
}

// add appends a line, and returns how long it is in the file.
func (f *File) add(line []byte) (int, error) {
	h := f.h
	rec, healing := line, false
	if h.torn || line[len(line)-1] != '\n' {
		var err error
		if rec, healing, err = f.record(line); err != nil {
			return 0, err
		}
	}
	n, err := appendOnce(h.file, h.fd, rec)
	h.end += int64(n)
	if err != nil {
		h.torn = true
		return 0, err
	}
	if healing {
		f.stats.Healed++
	}
	h.torn = false
	h.remember(rec)
	return n, nil
}

// record returns what is written for a line: with a newline at its end and, when the last line is unfinished, one before it.
func (f *File) record(line []byte) (rec []byte, healing bool, err error) {
	if f.h.torn {
		if err := f.h.measure(); err != nil {
			return nil, false, err
		}
		healing = !f.h.clean
		f.h.clean = true
	}
	ends := line[len(line)-1] == '\n'
	if ends && !healing {
		return line, false, nil
	}
	if cap(f.buf) > 64<<10 { // that was one long line
		f.buf = nil
	}
	f.buf = f.buf[:0]
	if healing {
		f.buf = append(f.buf, '\n')
	}
	f.buf = append(f.buf, line...)
	if !ends {
		f.buf = append(f.buf, '\n')
	}
	return f.buf, healing, nil
}

// stands says, when not all could be verified, whether a line that was just written is not to blame: only older ones are owed. If it
// is owed itself, it is no more, as it will not be acknowledged.
func (f *File) stands(line []byte) bool {
	h := f.h
	last := len(h.owed) - 1
	if last < 0 {
		return false // it could not be checked
	}
	if bytes.Equal(bytes.Trim(h.owed[last], "\n"), bytes.Trim(line, "\n")) {
		h.owed = h.owed[:last]
		return false
	}
	return true
}
