package rotate

import "time"

const (
	// Lines are checked when there are so many of them or they are so old, or at once when others write, too.
	unchecked    = 64
	uncheckedFor = time.Millisecond
	// strictFor is how long others have to be silent.
	strictFor = time.Second
)

// put appends a line, with mu held.
func (f *File) put(now time.Duration, line []byte) error {
	h := f.h
	if len(h.lengths) > 0 && h.torn { // an earlier check could not be finished
		if err := f.verify(now, true); err != nil {
			return err
		}
	}
	rec, healing := line, false
	if h.torn || line[len(line)-1] != '\n' {
		var err error
		if rec, healing, err = f.record(line); err != nil {
			return err
		}
	}
	first := h.end == 0
	n, err := appendOnce(h.file, h.fd, rec)
	h.end += int64(n)
	if err != nil {
		_ = f.verify(now, false)
		h.torn = true
		return err
	}
	if healing {
		f.stats.Healed++
	}
	h.torn = false
	h.remember(rec)
	if first || now < h.strict || len(h.lengths) >= unchecked || len(h.recent) > 64<<10 || now-h.verified > uncheckedFor {
		if err := f.verify(now, true); err != nil {
			return err
		}
		if h.end == int64(len(rec)) && f.cfg.Every != Never {
			h.began = time.Now()
			f.setBoundary(h.began)
			f.writeBegin(number(h.info), h.began)
		}
	}
	return nil
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

// verify checks that the lines since the last time are each on a line of their own, and, when again is set, writes those again that
// are not: another process may have died in the middle of a line just before ours came. Where the last write ended tells
// whether anybody wrote in between; only then there is something to read.
func (f *File) verify(now time.Duration, again bool) error {
	h := f.h
	for range 3 {
		if len(h.lengths) == 0 {
			return nil
		}
		at, err := written(h.file, h.end)
		if err != nil {
			return err
		}
		if at == h.end && h.clean {
			h.forget(at)
			h.verified = now
			return nil
		}
		h.strict = now + strictFor
		missing, err := h.missing(at)
		if err != nil {
			return err
		}
		if len(missing) == 0 {
			h.forget(at)
			h.verified = now
			return nil
		}
		if !again {
			return nil
		}
		h.forget(at)
		for i, rec := range missing {
			n, err := appendOnce(h.file, h.fd, rec)
			h.end += int64(n)
			if err != nil {
				h.torn = true // and these are still owed
				for _, rec := range missing[i:] {
					h.remember(rec)
				}
				return err
			}
			f.stats.Healed++
			h.remember(rec)
		}
	}
	h.torn = true
	return fail("write", f.path, errGlued)
}
