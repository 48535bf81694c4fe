// Package freeport hands out TCP ports on the loopback address that no other process takes meanwhile, for servers that
// must be told their port and may be restarted on it.
//
//	port, err := freeport.Take()
//	defer port.Release()
//	start(port.Number())
//
// Listening on port 0 and closing again leaves a gap in which the kernel gives the same port to somebody else, for
// instance to an outgoing connection. Here ports come from below the ephemeral range, and each is guarded by a locked
// file: the lock is taken by one process at a time, of whatever user, and ends with the process. A server that does not
// use this package may still take a port between the check and the start; the caller then takes another one.
//
// # Concurrency
//
// All functions are safe for concurrent use, in one process and in several.
package freeport

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// The range lies between the well-known ports and the ephemeral ranges of Linux (32768) and macOS (49152).
const (
	first = 15000
	last  = 31999
)

// Port is a port that is reserved until Release or the end of the process.
type Port struct {
	number int
	lock   *os.File
}

// Number returns the port's number.
func (p *Port) Number() int { return p.number }

// Addr returns "127.0.0.1:" and the number.
func (p *Port) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(p.number)) }

// Release gives the port back. It may be called more than once.
func (p *Port) Release() {
	if p.lock != nil {
		_ = p.lock.Close() // ends the lock; the file stays, removing it would race with who locks it next
		p.lock = nil
	}
}

// Take reserves a port on which nobody listens on 127.0.0.1. It fails only when all are taken or the temporary directory
// cannot be written.
func Take() (*Port, error) {
	dir := filepath.Join(os.TempDir(), "prodwright-ports")
	if err := os.MkdirAll(dir, 0o777); err != nil { //nolint:gosec // shared by all users, like the temporary directory itself
		return nil, fmt.Errorf("freeport: %w", err)
	}
	_ = os.Chmod(dir, 0o777|os.ModeSticky)
	const n = last - first + 1
	var lastErr error
	for i, start := 0, rand.IntN(n); i < n; i++ {
		port, err := take(dir, first+(start+i)%n)
		if err == nil {
			return port, nil
		}
		lastErr = err
	}
	return nil, fmt.Errorf("freeport: none of the ports %d to %d is free: %w", first, last, lastErr)
}

var errTaken = errors.New("taken")

func take(dir string, number int) (*Port, error) {
	f, err := openLock(filepath.Join(dir, strconv.Itoa(number)))
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, errors.Join(errTaken, err)
	}
	l, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(number))) //nolint:noctx // returns at once
	if err != nil {
		_ = f.Close()
		return nil, errors.Join(errTaken, err)
	}
	_ = l.Close()
	return &Port{number: number, lock: f}, nil
}

// openLock opens the lock file of a port. A file of another user in a directory with the sticky bit may not be opened
// with O_CREATE (Linux, fs.protected_regular), but may be opened without.
func openLock(name string) (*os.File, error) {
	if f, err := os.OpenFile(name, os.O_RDONLY, 0); err == nil {
		return f, nil
	}
	f, err := os.OpenFile(name, os.O_RDONLY|os.O_CREATE|os.O_EXCL, 0o666) //nolint:gosec // locked by any user
	if err == nil {
		_ = f.Chmod(0o666)
		return f, nil
	}
	return os.OpenFile(name, os.O_RDONLY, 0)
}
