package rotate

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// dirMode is that of directories that are made.
const dirMode fs.FileMode = 0o750

// flags are those of the live file. It is made by another call, because some systems let nobody open the file of somebody else with
// O_CREATE in a directory that everybody may write to.
const flags = os.O_RDWR | os.O_APPEND | noFollow

// open opens the path. A pipe is not opened, which might wait.
func (f *File) open() (*os.File, error) {
	if info, err := os.Lstat(f.path); err == nil && !info.Mode().IsRegular() {
		return nil, fail("open", f.path, errIrregular)
	}
	for range 10 {
		file, err := os.OpenFile(f.path, flags, 0)
		if errors.Is(err, fs.ErrNotExist) {
			file, err = f.begin()
		}
		if !errors.Is(err, fs.ErrExist) {
			return file, fail("open", f.path, err)
		}
	}
	return nil, &Error{Op: "open", Path: f.path, Err: ErrBusy}
}

// begin makes the live file, with the mode and the owner of the one before as they were when that was opened: whoever moved it may
// have changed them since.
func (f *File) begin() (*os.File, error) {
	const flags = flags | os.O_CREATE | os.O_EXCL
	mode := f.cfg.Mode
	if f.h != nil {
		mode = f.h.info.Mode().Perm()
	}
	file, err := os.OpenFile(f.path, flags, mode)
	if errors.Is(err, fs.ErrNotExist) {
		if err = makeDir(filepath.Dir(f.path)); err == nil {
			file, err = os.OpenFile(f.path, flags, mode)
		}
	}
	if err != nil || f.h == nil {
		return file, err
	}
	if info, err := file.Stat(); err == nil {
		inherit(file, info, f.h.info) // what the umask took, too
	}
	return file, nil
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
