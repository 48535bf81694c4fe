package rotate

import (
	"errors"
	"os"
	"time"
)

// look sees whether the path still names the file, and whether its period ended. It is called each tenth of a second in which
// lines come, with mu held.
func (f *File) look(now time.Duration) {
	f.due = now + lookEvery
	h := f.h
	info, err := os.Lstat(f.path)
	if err == nil && !h.dead && os.SameFile(info, h.info) {
		f.seen = f.lines
		f.grown(now, info)
	} else if err := f.follow(now); err != nil {
		if errors.Is(err, ErrBusy) {
			f.due = now + time.Millisecond
		} else if !f.strayed {
			f.strayed = true
			f.report(err)
		}
	}
	if f.cfg.Every != Never {
		f.calendar(now)
	}
}

// grown takes note of the size, which others change.
func (f *File) grown(now time.Duration, info os.FileInfo) {
	if h := f.h; info.Size() != h.end {
		_ = f.verify(now)
		if len(h.lengths) == 0 && info.Size() != h.end {
			h.base, h.end, h.clean = info.Size(), info.Size(), false
			h.strict = now + strictFor
		}
	}
}

// calendar rotates the file when its period ended.
func (f *File) calendar(now time.Duration) {
	wall := time.Now()
	if f.h.began.IsZero() {
		if info, err := f.h.file.Stat(); err == nil && info.Size() > 0 {
			f.h.began = f.beganAt(info)
		}
		f.setBoundary(wall)
	}
	if !wall.Before(f.boundary) && now >= f.retry {
		f.note(now, f.turn(now, func(int64) bool { return true }))
	}
	if left := f.boundary.Sub(wall); left > 0 {
		f.due = min(f.due, now+left)
	}
}

// follow opens what is at the path now, which somebody else may have put there. If that fails, it goes on with the old file.
func (f *File) follow(now time.Duration) error {
	before := f.h.info
	if err := f.renew(now); err != nil {
		return err
	}
	if !os.SameFile(before, f.h.info) {
		f.stats.Reopened++
	}
	return nil
}

// renew opens the live file and leaves the one before.
func (f *File) renew(now time.Duration) error {
	h, err := f.acquire()
	if err != nil {
		return err
	}
	f.strayed = false
	old := f.h
	if old.dead {
		f.use(h)
		return nil
	}
	owed := f.settle(now)
	if info, err := old.file.Stat(); err == nil && links(info) == 0 {
		f.stats.Lost += f.lines - f.seen
	}
	f.seen = f.lines
	f.use(h)
	f.leave(old)
	f.h.owed = owed
	_ = f.verify(now) // if it fails, they stay owed
	return nil
}

// settle checks the last lines of a file that is left, and returns those that have to be written again and cannot be there.
func (f *File) settle(now time.Duration) [][]byte {
	_ = f.verify(now)
	return f.h.owed
}

// leave lets others compress a file. It stays open until it is synced.
func (f *File) leave(old *handle) {
	unlock(old.file)
	f.left = append(f.left, old.file)
	if len(f.left) > maxLeft { // rotation is faster than the disk
		if err := syncAll(f.left[:1]); err != nil {
			f.report(err)
		}
		f.left = f.left[1:]
	}
	f.kick()
}
