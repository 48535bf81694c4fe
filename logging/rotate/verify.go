package rotate

import "time"

// verify checks the lines since the last time, and writes those again that are not on a line of their own: another process may have
// died in the middle of a line just before ours came. While it fails, these are owed.
func (f *File) verify(now time.Duration) error {
	h := f.h
	if err := f.check(now); err != nil {
		return err
	}
	for range 3 {
		for len(h.owed) > 0 {
			if _, err := f.add(h.owed[0]); err != nil {
				return err
			}
			h.owed = h.owed[1:]
			f.stats.Healed++
		}
		if err := f.check(now); err != nil {
			return err
		}
		if len(h.owed) == 0 {
			h.owed = nil
			return nil
		}
	}
	return fail("write", f.path, errGlued)
}

// check looks whether the lines since the last time are each on a line of their own. Those that are not are owed from then on. Where
// the last write ended tells whether anybody wrote in between; only then there is something to read.
func (f *File) check(now time.Duration) error {
	h := f.h
	if len(h.lengths) == 0 {
		return nil
	}
	at, err := written(h.file, h.end)
	if err != nil {
		return err
	}
	if at != h.end || !h.clean {
		missing, err := h.missing(at)
		if err != nil {
			return err
		}
		h.strict = now + strictFor
		h.owed = append(h.owed, missing...)
	}
	h.forget(at)
	h.verified = now
	return nil
}
