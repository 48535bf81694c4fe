//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package rotate

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// sharing says that locks between processes are there, and that open files can be renamed.
const sharing = true

const (
	noFollow = syscall.O_NOFOLLOW // a link as the last element of the path
	noWait   = syscall.O_NONBLOCK // for who is at the other end of a pipe
)

// tryLock takes a lock on an open file, and says whether it got it. It may lose a lock that the file had before.
func tryLock(f *os.File, exclusive bool) (bool, error) {
	how := syscall.LOCK_SH | syscall.LOCK_NB
	if exclusive {
		how = syscall.LOCK_EX | syscall.LOCK_NB
	}
	err := retry(func() error { return syscall.Flock(int(f.Fd()), how) })
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, fail("flock", f.Name(), err)
}

func unlock(f *os.File) {
	_ = retry(func() error { return syscall.Flock(int(f.Fd()), syscall.LOCK_UN) }) // closing it does the same
}

func retry(call func() error) error {
	for {
		if err := call(); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

// number returns what tells a file from others that exist at the same time on its disk.
func number(info fs.FileInfo) uint64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(st.Ino) //nolint:unconvert,nolintlint // not on every system
	}
	return 0
}

// links returns how many names a file has.
func links(info fs.FileInfo) uint64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(st.Nlink) //nolint:unconvert,nolintlint // not on every system
	}
	return 1
}

// inherit gives a new file the mode and the owner of the one before, as far as that is allowed.
func inherit(f *os.File, now, before fs.FileInfo) {
	if now.Mode().Perm() != before.Mode().Perm() {
		_ = f.Chmod(before.Mode().Perm())
	}
	n, ok := now.Sys().(*syscall.Stat_t)
	b, ok2 := before.Sys().(*syscall.Stat_t)
	if ok && ok2 && (n.Uid != b.Uid || n.Gid != b.Gid) {
		_ = f.Chown(int(b.Uid), int(b.Gid))
	}
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fail("open", dir, err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOTSUP) { // not every system can
		return fail("sync", dir, err)
	}
	return nil
}

func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
