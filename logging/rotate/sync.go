package rotate

import (
	"errors"
	"os"
	"path/filepath"
)

// Sync waits until all lines that were acknowledged before it was called are on the disk, also those in files that were rotated
// since, and the names of the files. It fails with [ErrClosed] or an [*Error]; then what was written since the last Sync may
// not survive a power cut, even if a further Sync returns nil.
func (f *File) Sync() error {
	f.syncMu.Lock()
	defer f.syncMu.Unlock()
	return f.syncLocked(false)
}

// syncTo syncs unless somebody else did since a line was written.
func (f *File) syncTo(line int64) error {
	f.syncMu.Lock()
	defer f.syncMu.Unlock()
	if f.synced >= line {
		return nil
	}
	return f.syncLocked(false)
}

// sync syncs and closes.
func (f *File) sync(closing bool) error {
	f.syncMu.Lock()
	defer f.syncMu.Unlock()
	err := f.syncLocked(closing)
	if closing && errors.Is(err, ErrClosed) {
		return nil
	}
	return err
}

func (f *File) syncLocked(closing bool) error {
	f.mu.Lock()
	h, left, lines, newName := f.h, f.left, f.lines, f.newName
	var err error
	if h != nil {
		err = f.verify(f.due)
		if closing {
			f.stats.Lost += int64(len(h.owed))
			f.h = nil
		}
	}
	f.left, f.newName = nil, false
	f.mu.Unlock()
	if h == nil {
		return ErrClosed
	}
	err = errors.Join(err, syncAll(left))
	if !h.dead {
		err = errors.Join(err, fail("sync", f.path, h.file.Sync()))
	}
	if newName {
		err = errors.Join(err, syncDir(filepath.Dir(f.path)))
	}
	if err == nil {
		f.synced = lines
	} else {
		f.mu.Lock()
		f.newName = f.newName || newName
		f.mu.Unlock()
	}
	if closing {
		h.file.Close()
	}
	return err
}

// syncLeft syncs rotated files, in the background.
func (f *File) syncLeft() error {
	f.syncMu.Lock()
	defer f.syncMu.Unlock()
	f.mu.Lock()
	left := f.left
	f.left = nil
	f.mu.Unlock()
	return syncAll(left)
}

// syncAll syncs files and closes them.
func syncAll(files []*os.File) error {
	var errs []error
	for _, file := range files {
		errs = append(errs, fail("sync", file.Name(), file.Sync()))
		file.Close()
	}
	return errors.Join(errs...)
}
