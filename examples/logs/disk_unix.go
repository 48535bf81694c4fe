//go:build unix

package main

import "syscall"

// takeDisk lets no file of the process grow beyond 64 kB, which is what a full disk does to those that are larger, until it
// is given back. It needs no rights.
func takeDisk() (giveBack func(), err error) {
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		return nil, err
	}
	full := before
	full.Cur = 64 << 10
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &full); err != nil {
		return nil, err
	}
	return func() { _ = syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before) }, nil
}
