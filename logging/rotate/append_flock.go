//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package rotate

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// appendOnce writes with one system call, so that no other line gets between the parts of one.
func appendOnce(f *os.File, fd uintptr, b []byte) (n int, err error) {
	for {
		n, err = syscall.Write(int(fd), b)
		switch {
		case err == nil && n == len(b):
			return n, nil
		case err == nil:
			return appendRest(f, fd, b, n)
		case !errors.Is(err, syscall.EINTR):
			return 0, fail("write", f.Name(), err)
		}
	}
}

// appendRest goes on after n bytes: the system says why it did not take more only when it is asked again. If it takes them now,
// and nobody else wrote in between, the line is whole.
func appendRest(f *os.File, fd uintptr, b []byte, n int) (int, error) {
	first := n
	from, err := written(f, 0)
	for err == nil && n < len(b) {
		var more int
		err = retry(func() (err error) { more, err = syscall.Write(int(fd), b[n:]); return err })
		n += max(more, 0)
		if err == nil && more <= 0 {
			break
		}
	}
	if err == nil {
		var to int64
		if to, err = written(f, 0); err == nil && n == len(b) && to-from == int64(n-first) {
			return n, nil
		}
	}
	if err == nil {
		return n, fail("write", f.Name(), errSplit)
	}
	return n, &Error{Op: "write", Path: f.Name(), Err: fmt.Errorf("%w: %w", io.ErrShortWrite, err)}
}

// written returns where in the file the last write through f ended.
func written(f *os.File, _ int64) (int64, error) {
	n, err := f.Seek(0, io.SeekCurrent)
	return n, fail("seek", f.Name(), err)
}
