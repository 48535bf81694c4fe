package rotate

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// tidy compresses a backup and removes what was left half done. It does nothing while somebody may append to it, or does the same.
func (f *File) tidy(b *backup) (compressed bool, err error) {
	ext := f.cfg.Codec.Ext()
	if !b.raw {
		for _, tmp := range b.tmps {
			err = errors.Join(err, remove(b.base+tmp+tmpExt)) // its source is gone, so it is of no use
		}
		return false, err
	}
	if ext == "" && len(b.tmps) == 0 && len(b.exts) == 0 {
		return false, nil
	}
	source, err := f.exclusive(b.base)
	if source == nil {
		return false, err
	}
	defer source.Close()
	for _, tmp := range b.tmps {
		if err := remove(b.base + tmp + tmpExt); err != nil {
			return false, err
		}
	}
	for _, done := range b.exts { // somebody died before removing the source
		if done == ext && f.equal(source, b.base+ext) {
			return true, f.replace(b.base)
		}
	}
	if ext == "" {
		return false, nil
	}
	if err := f.compress(source, b.base+ext); err != nil {
		return false, err
	}
	f.count(func(s *Stats) { s.Compressed++ })
	return true, f.replace(b.base)
}

// exclusive opens a rotated file that nobody can append to, and nobody else gets until it is closed. It returns nil if there is none.
func (f *File) exclusive(path string) (*os.File, error) {
	file, err := openRegular(path, os.O_RDWR, 0) // some network file systems want that for the lock
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // see above
	}
	if err != nil {
		file, err = openRegular(path, os.O_RDONLY, 0)
	}
	if err != nil {
		return nil, fail("open", path, err)
	}
	if !f.cfg.Unshared && sharing {
		if ok, err := tryLock(file, true); !ok {
			file.Close()
			return nil, err
		}
	}
	if !same(file, path) {
		file.Close()
		return nil, nil //nolint:nilnil // somebody else was faster
	}
	return file, nil
}

// compress makes a complete file at path, or none.
func (f *File) compress(source *os.File, path string) (err error) {
	info, err := source.Stat()
	if err != nil {
		return fail("stat", source.Name(), err)
	}
	tmp := path + tmpExt
	out, err := create(tmp, info.Mode().Perm())
	if err != nil {
		return fail("compress", path, err)
	}
	defer func() {
		if err != nil {
			out.Close()
			_ = os.Remove(tmp)
			err = fail("compress", path, err)
		}
	}()
	if w, err := f.cfg.Codec.NewWriter(out); err != nil {
		return err
	} else if _, err := io.Copy(w, &stoppable{source, f}); err != nil {
		_ = w.Close()
		return err
	} else if err := w.Close(); err != nil {
		return err
	}
	if now, err := out.Stat(); err == nil {
		inherit(out, now, info)
	}
	if err := out.Sync(); err != nil {
		return err
	}
	if err := out.Close(); err != nil {
		return err
	}
	if err := os.Chtimes(tmp, info.ModTime(), info.ModTime()); err != nil { // the age of its last line
		return err
	}
	return os.Rename(tmp, path)
}

// create makes a file in the place of what may be there.
func create(path string, mode fs.FileMode) (*os.File, error) {
	const flag = os.O_WRONLY | os.O_CREATE | os.O_EXCL
	file, err := openRegular(path, flag, mode)
	if err != nil && os.Remove(path) == nil {
		file, err = openRegular(path, flag, mode)
	}
	return file, err
}

// stoppable reads until the File is closed.
type stoppable struct {
	io.Reader
	f *File
}

func (s *stoppable) Read(p []byte) (int, error) {
	if s.f.worker.abort.Load() {
		return 0, errAborted
	}
	return s.Reader.Read(p)
}

// equal says whether a compressed file has all of its source in it.
func (f *File) equal(source *os.File, path string) bool {
	file, err := openRegular(path, os.O_RDONLY, 0)
	if err != nil {
		return false
	}
	defer file.Close()
	r, err := f.cfg.Codec.NewReader(bufio.NewReader(file))
	if err != nil {
		return false
	}
	defer r.Close()
	ok := sameBytes(r, &stoppable{source, f})
	_, err = source.Seek(0, io.SeekStart)
	return ok && err == nil
}

func sameBytes(a, b io.Reader) bool {
	var x, y [32 << 10]byte
	for {
		n, errA := io.ReadFull(a, x[:])
		m, errB := io.ReadFull(b, y[:])
		if n != m || !bytes.Equal(x[:n], y[:m]) {
			return false
		}
		endA, endB := errors.Is(errA, io.EOF) || errors.Is(errA, io.ErrUnexpectedEOF) && n < len(x), errors.Is(errB, io.EOF) || errors.Is(errB, io.ErrUnexpectedEOF)
		if errA != nil || errB != nil {
			return endA && endB
		}
	}
}

// replace removes the source of a compressed file, when that is sure to stay.
func (f *File) replace(source string) error {
	if err := syncDir(filepath.Dir(source)); err != nil {
		return err
	}
	return remove(source)
}

// remove deletes a file. It may be gone already.
func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fail("remove", path, err)
	}
	return nil
}
