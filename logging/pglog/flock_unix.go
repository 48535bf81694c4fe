//go:build unix

package pglog

import (
	"errors"
	"os"
	"syscall"
)

// adopts says that the lock of a dead process is free.
const adopts = true

// tryLock locks a file for this process, or returns false if another one, or another part of this one, holds it.
func tryLock(f *os.File) (bool, error) {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return true, nil
		case errors.Is(err, syscall.EWOULDBLOCK):
			return false, nil
		case !errors.Is(err, syscall.EINTR):
			return false, err
		}
	}
}
