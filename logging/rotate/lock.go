package rotate

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

const lockExt = ".lock"

// lockFile is the exclusive lock of those who rotate and delete. It also holds when the live file began.
type lockFile struct{ file *os.File }

// lock takes it if nobody has it, and otherwise says that it is busy.
func (f *File) lock() (*lockFile, error) {
	if f.cfg.Unshared || !sharing {
		return &lockFile{}, nil
	}
	path := f.path + lockExt
	for range 10 {
		file, err := f.openLock()
		if err != nil {
			return nil, fail("open", path, err)
		}
		ok, err := tryLock(file, true)
		if err != nil || !ok {
			file.Close()
			if err == nil {
				err = &Error{Op: "flock", Path: path, Err: ErrBusy}
			}
			return nil, err
		}
		if same(file, path) {
			return &lockFile{file}, nil
		}
		file.Close() // somebody deleted it in between
	}
	return nil, &Error{Op: "flock", Path: path, Err: ErrBusy}
}

// openLock opens it. A new one belongs to whom the live file does, so that a process that root ran for once does not lock others out.
func (f *File) openLock() (*os.File, error) {
	path := f.path + lockExt
	file, err := openRegular(path, os.O_RDWR, 0)
	if !errors.Is(err, fs.ErrNotExist) {
		return file, err
	}
	file, err = openRegular(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, f.cfg.Mode)
	if errors.Is(err, fs.ErrExist) { // somebody else was faster
		return openRegular(path, os.O_RDWR, 0)
	}
	if err != nil {
		return nil, err
	}
	if live, err := os.Lstat(f.path); err == nil && live.Mode().IsRegular() {
		if info, err := file.Stat(); err == nil {
			inherit(file, info, live)
		}
	}
	return file, nil
}

func (l *lockFile) unlock() {
	if l.file != nil {
		l.file.Close()
	}
}

const beginLayout = "%020d %020d\n" // number of the file, and microseconds

// writeBegin records when the first line of the live file was written, so that after a restart it is known what period the file
// is for. Only one process writes the first line. Errors do no harm: the time of its last line is the next best.
func (f *File) writeBegin(file uint64, t time.Time) {
	if file == 0 || f.cfg.Unshared {
		return
	}
	l, err := f.openLock()
	if err != nil {
		return
	}
	defer l.Close()
	_, _ = fmt.Fprintf(l, beginLayout, file, t.UnixMicro())
}

// readBegin returns when the file's first line was written, the zero time if that is not recorded.
func (f *File) readBegin(file uint64) time.Time {
	l, err := openRegular(f.path+lockExt, os.O_RDONLY, 0)
	if err != nil {
		return time.Time{}
	}
	defer l.Close()
	var of uint64
	var micro int64
	if _, err := fmt.Fscanf(l, beginLayout, &of, &micro); err != nil || of != file || of == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micro)
}
