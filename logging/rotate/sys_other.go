//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package rotate

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// sharing says that there are no locks between processes, and that files may have to be closed before they are renamed.
const sharing = false

const noFollow, noWait = 0, 0

func tryLock(*os.File, bool) (bool, error) { return true, nil }

func unlock(*os.File) {}

func appendOnce(f *os.File, _ uintptr, b []byte) (int, error) {
	n, err := f.Write(b)
	return n, fail("write", f.Name(), err)
}

// written returns what is expected, because nobody else writes.
func written(_ *os.File, expected int64) (int64, error) { return expected, nil }

func number(fs.FileInfo) uint64 { return 0 }

func links(fs.FileInfo) uint64 { return 1 }

func inherit(f *os.File, _, before fs.FileInfo) { _ = f.Chmod(before.Mode().Perm()) }

func syncDir(string) error { return nil }

func isFull(err error) bool {
	const diskFull, handleDiskFull = syscall.Errno(112), syscall.Errno(39) // of Windows
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, diskFull) || errors.Is(err, handleDiskFull) || errors.Is(err, io.ErrShortWrite)
}
