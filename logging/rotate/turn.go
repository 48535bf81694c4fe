package rotate

import (
	"errors"
	"io/fs"
	"os"
	"time"
)

// turn makes the live file a backup if it is not empty and still needs to be, as its size says, and follows who was faster. It is
// called with mu held.
func (f *File) turn(now time.Duration, needed func(size int64) bool) error {
	newest, err := f.newest() // before the lock, which is not to be held for longer than it must
	if err != nil {
		return err
	}
	l, err := f.lock()
	if err != nil {
		if errors.Is(err, ErrBusy) && !f.live() { // who has it is done with the file already
			return f.follow(now)
		}
		return err
	}
	defer l.unlock()
	h := f.h
	info, err := os.Lstat(f.path)
	if err != nil || h.dead || !os.SameFile(info, h.info) {
		return f.follow(now)
	}
	if info.Size() == 0 || !needed(info.Size()) {
		f.grown(now, info)
		return nil
	}
	if err := f.verify(now); err != nil {
		return err
	}
	if !sharing {
		if err := f.release(); err != nil {
			return err
		}
	}
	if err := f.setAside(newest); err != nil {
		if !sharing {
			return errors.Join(err, f.follow(now))
		}
		return err
	}
	f.stats.Rotations++
	if err := f.renew(now); err != nil {
		f.due = now // soon again
		return err
	}
	inherit(f.h.file, f.h.info, info) // also when another process made it first
	return nil
}

// live says whether the path still names the file that is written to.
func (f *File) live() bool {
	info, err := os.Lstat(f.path)
	return err == nil && !f.h.dead && os.SameFile(info, f.h.info)
}

// release closes the file where open ones cannot be renamed.
func (f *File) release() error {
	err := f.h.file.Sync()
	f.h.dead = true
	f.h.file.Close()
	return fail("sync", f.path, err)
}

// newest returns the stamp of the newest backup, "" if there is none. It is the same as long as the file is live.
func (f *File) newest() (string, error) {
	if f.h.listed {
		return f.h.newest, nil
	}
	backups, err := listTwice(f.path)
	if err != nil {
		return "", fail("list", f.path, err)
	}
	if len(backups) > 0 {
		f.h.newest = backups[len(backups)-1].stamp
	}
	f.h.listed = true
	return f.h.newest, nil
}

// setAside gives the live file the name of a backup that is newer than all.
func (f *File) setAside(newest string) error {
	var err error
	for range 10 {
		if newest, err = after(newest, time.Now()); err != nil {
			break
		}
		if err = rename(f.path, f.path+"."+newest); !errors.Is(err, fs.ErrExist) {
			break
		}
	}
	f.h.listed = false
	if err == nil {
		f.newName = true
	}
	return fail("rename", f.path, err)
}
