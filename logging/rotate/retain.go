package rotate

import (
	"errors"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"time"
)

// retain deletes the backups that are too many, too old or too large. One process at a time does it; others leave it to that one.
func (f *File) retain() error {
	if f.cfg.Backups < 0 && f.cfg.MaxAge <= 0 && f.cfg.MaxTotal <= 0 {
		return nil
	}
	if backups, err := list(f.path); err == nil && len(f.surplus(backups, time.Now())) == 0 {
		return nil // without the lock, which keeps others from rotating
	}
	l, err := f.lock()
	if err != nil {
		if errors.Is(err, ErrBusy) { // who rotates looks after it afterwards
			return nil
		}
		return err
	}
	defer l.unlock()
	backups, err := list(f.path)
	if err != nil {
		return fail("list", f.path, err)
	}
	var errs []error
	for _, b := range f.surplus(backups, time.Now()) {
		removed, err := f.discard(&b, false)
		if removed {
			f.count(func(s *Stats) { s.Removed++ })
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// surplus returns the backups that are not to be kept, oldest first.
func (f *File) surplus(backups []backup, now time.Time) []backup {
	var out []backup
	var total int64
	kept, full := 0, false
	for _, b := range slices.Backward(backups) {
		size, modified := b.measure()
		full = full || f.cfg.Backups >= 0 && kept >= f.cfg.Backups || f.cfg.MaxTotal > 0 && total+size > f.cfg.MaxTotal && kept > 0
		if full || f.cfg.MaxAge > 0 && now.Sub(modified) > f.cfg.MaxAge {
			out = append(out, b)
			continue
		}
		kept++
		total += size
	}
	slices.Reverse(out)
	return out
}

// measure returns how many bytes the files of a backup take, and when its last line was written.
func (b *backup) measure() (size int64, modified time.Time) {
	for _, path := range b.paths() {
		info, err := os.Lstat(path)
		if err != nil {
			continue
		}
		size += info.Size()
		if modified.IsZero() || info.ModTime().Before(modified) {
			modified = info.ModTime()
		}
	}
	if modified.IsZero() { // gone, or only a half compressed one
		modified = time.Now()
	}
	return size, modified
}

// discard deletes a backup, unless somebody still writes to it or compresses it. To empty it before gives its space back at once, also
// while it is still open to be synced, but takes it from those who read it.
func (f *File) discard(b *backup, empty bool) (bool, error) {
	if b.raw {
		source, err := f.exclusive(b.base)
		if err != nil {
			return false, err
		}
		if source == nil {
			if _, err := os.Lstat(b.base); !errors.Is(err, fs.ErrNotExist) {
				return false, nil
			}
		} else {
			defer source.Close()
			if info, err := source.Stat(); empty && err == nil && links(info) == 1 { // not those of a snapshot
				_ = source.Truncate(0)
			}
		}
	}
	var errs []error
	for _, path := range b.paths() {
		errs = append(errs, remove(path))
	}
	for _, ext := range b.tmps {
		errs = append(errs, remove(b.base+ext+tmpExt))
	}
	err := errors.Join(errs...)
	return err == nil, err
}

// again says whether a line that failed is worth a further attempt.
func (f *File) again(err error, try int) bool {
	if errors.Is(err, errSplit) { // there is room by now
		return try < 3
	}
	return f.cfg.FreeOnFull && isFull(err) && f.free(try)
}

// free deletes the oldest backup that can be, and says whether it is worth trying to write again. It is called with mu held, when
// the disk is full. While another process has the lock, that one is probably doing the same, so it gets a chance; a process
// that hangs keeps nobody from it.
func (f *File) free(try int) bool {
	const chances = 20
	l, err := f.lock()
	switch {
	case err == nil:
		defer l.unlock()
	case errors.Is(err, ErrBusy) && try < chances:
		runtime.Gosched()
		return true
	}
	backups, err := list(f.path)
	if err != nil {
		return false
	}
	for i := range backups {
		if removed, _ := f.discard(&backups[i], true); removed {
			f.stats.Removed++
			return true
		}
	}
	return false
}
