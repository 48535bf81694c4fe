package rotate

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

var (
	errIrregular = errors.New("not a regular file; write to consoles and pipes without rotation")
	errSplit     = fmt.Errorf("%w: others wrote in between", io.ErrShortWrite)
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
		h.began = f.beganAt(h.info)
	}
	return h, nil
}

// beganAt returns when the first line of a file that is not empty was written.
func (f *File) beganAt(info fs.FileInfo) time.Time {
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
