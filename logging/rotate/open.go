package rotate

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// dirMode is that of directories that are made.
const dirMode fs.FileMode = 0o750

var (
	errIrregular = errors.New("not a regular file; write to consoles and pipes without rotation")
	errLinks     = errors.New("too many symbolic links")
	errGlued     = errors.New("other processes keep leaving unfinished lines")
)

// acquire opens the live file, and locks it so that nobody compresses it. It does not wait.
func (f *File) acquire() (*handle, error) {
	for range 10 {
		file, err := f.open()
		if err != nil {
			return nil, err
		}
		h, err := f.adopt(file)
		if h != nil || err != nil {
			if err != nil {
				file.Close()
			}
			return h, err
		}
		file.Close()
	}
	return nil, &Error{Op: "flock", Path: f.path, Err: ErrBusy}
}

// open opens the path. A pipe is not opened, which might wait.
func (f *File) open() (*os.File, error) {
	if info, err := os.Lstat(f.path); err == nil && !info.Mode().IsRegular() {
		return nil, fail("open", f.path, errIrregular)
	}
	const flag = os.O_RDWR | os.O_CREATE | os.O_APPEND | noFollow
	mode := f.cfg.Mode
	if f.h != nil { // as it was when it was opened: whoever moved it may have changed it since
		mode = f.h.info.Mode().Perm()
	}
	file, err := os.OpenFile(f.path, flag, mode)
	if errors.Is(err, fs.ErrNotExist) {
		if err = makeDir(filepath.Dir(f.path)); err == nil {
			file, err = os.OpenFile(f.path, flag, mode)
		}
	}
	return file, fail("open", f.path, err)
}

// makeDir makes a directory and those above it that are not there. A power cut does not take them, unless one of those that were there
// may not be read.
func makeDir(dir string) error {
	var changed []string
	for d := dir; ; d = filepath.Dir(d) {
		if _, err := os.Stat(d); err == nil || d == filepath.Dir(d) {
			break
		}
		changed = append(changed, filepath.Dir(d))
	}
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return err
	}
	for _, d := range changed {
		if err := syncDir(d); err != nil && !errors.Is(err, fs.ErrPermission) {
			return err
		}
	}
	return nil
}

// adopt locks a file and ends its last line. It returns nil when the file is not at the path any more, or is locked, as files are
// for a moment while somebody else does this, or when they are compressed.
func (f *File) adopt(file *os.File) (*handle, error) {
	shared := !f.cfg.Unshared && sharing
	if shared {
		if ok, err := tryLock(file, false); !ok {
			return nil, err
		}
	}
	h := &handle{file: file, fd: file.Fd()}
	if err := h.measure(); err != nil {
		return nil, err
	}
	if !h.clean {
		// Only when nobody else has it open it is certain that the line will not be finished. If somebody has, the first line
		// will be checked.
		alone := true
		if shared {
			var err error
			if alone, err = tryLock(file, true); err != nil {
				return nil, err
			}
		}
		if alone {
			if err := h.measure(); err != nil {
				return nil, err
			}
			h.torn = !h.clean // the first line begins with a newline
		}
		if shared {
			if ok, err := tryLock(file, false); !ok {
				return nil, err
			}
		}
	}
	if !same(file, f.path) {
		return nil, nil //nolint:nilnil // see above
	}
	if f.cfg.Every != Never && h.end > 0 {
		h.began = f.begin(h.info)
	}
	return h, nil
}

// begin returns when the first line of a file that is not empty was written.
func (f *File) begin(info fs.FileInfo) time.Time {
	if t := f.readBegin(number(info)); !t.IsZero() {
		return t
	}
	return info.ModTime()
}

// use makes h the file that is written to.
func (f *File) use(h *handle) {
	f.h = h
	f.newName = true
	f.setBoundary(time.Now())
}

func (f *File) setBoundary(now time.Time) {
	if f.cfg.Every == Never {
		return
	}
	if !f.h.began.IsZero() {
		now = f.h.began
	}
	f.boundary = f.cfg.Every.Next(now, f.cfg.Location)
}
