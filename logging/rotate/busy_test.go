//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package rotate_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/logging/rotate"
)

// hold takes a lock that nobody gets until it is let go, as a process that was stopped does.
func hold(t *testing.T, path string) (letGo func()) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	require.NoError(t, err)
	require.NoError(t, syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB))
	return func() { require.NoError(t, file.Close()) }
}

// Who rotates may hang: others go on in the same file, and rotate when they can.
func TestBusyLock(t *testing.T) {
	t.Parallel()
	path := logPath(t)
	synctest.Test(t, func(t *testing.T) {
		f, err := rotate.Open(path, rotate.Config{MaxBytes: 1024, Backups: -1, OnError: func(err error) { require.NoError(t, err) }})
		require.NoError(t, err)
		letGo := hold(t, path+".lock")
		for range 10 {
			write(t, f, strings.Repeat("x", 300))
			time.Sleep(time.Second)
		}
		require.Zero(t, f.Stats().Rotations)
		start := time.Now()
		err = f.Rotate()
		require.ErrorIs(t, err, rotate.ErrBusy)
		require.ErrorAs(t, err, new(*rotate.Error))
		require.InDelta(t, 5, time.Since(start).Seconds(), 0.01)
		letGo()
		write(t, f, "next")
		require.Equal(t, int64(1), f.Stats().Rotations)
		require.NoError(t, f.Rotate())
		require.NoError(t, f.Close())
	})
	require.Len(t, texts(t, path), 11)
}

// Rotate waits for one who is faster, and is content with what that one did.
func TestRotateWaits(t *testing.T) {
	t.Parallel()
	path := logPath(t)
	synctest.Test(t, func(t *testing.T) {
		f, err := rotate.Open(path, rotate.Config{Backups: -1, Codec: rotate.None{}})
		require.NoError(t, err)
		write(t, f, "one")
		letGo := hold(t, path+".lock")
		time.AfterFunc(time.Second, func() {
			if err := os.Rename(path, path+".20240102T030405.000001Z"); err != nil {
				panic(err)
			}
			letGo()
		})
		require.NoError(t, f.Rotate())
		require.Zero(t, f.Stats().Rotations)
		require.Equal(t, int64(1), f.Stats().Reopened)
		write(t, f, "two")
		require.NoError(t, f.Close())
	})
	require.Equal(t, []string{"one", "two"}, texts(t, path))
}

func TestOpenBusy(t *testing.T) {
	t.Parallel()
	path := logPath(t)
	synctest.Test(t, func(t *testing.T) {
		letGo := hold(t, path)
		start := time.Now()
		_, err := rotate.Open(path, rotate.Config{})
		require.ErrorIs(t, err, rotate.ErrBusy)
		require.InDelta(t, 5, time.Since(start).Seconds(), 0.01)
		time.AfterFunc(time.Second, letGo)
		f, err := rotate.Open(path, rotate.Config{})
		require.NoError(t, err)
		require.NoError(t, f.Close())
	})
}

// A file that somebody may still write to is neither compressed nor deleted.
func TestBackupInUse(t *testing.T) {
	t.Parallel()
	path := logPath(t)
	base := path + ".20240102T030405.00000"
	for i, text := range []string{"one\n", "two\n", "three\n"} {
		require.NoError(t, os.WriteFile(base+string(rune('1'+i))+"Z", []byte(text), 0o600))
	}
	file, err := os.Open(base + "1Z")
	require.NoError(t, err)
	defer file.Close()
	require.NoError(t, syscall.Flock(int(file.Fd()), syscall.LOCK_SH))
	require.NoError(t, open(t, path, rotate.Config{Backups: 1, CloseWait: -1}).Close())
	names, err := filepath.Glob(path + ".2024*")
	require.NoError(t, err)
	require.Equal(t, []string{base + "1Z", base + "3Z.gz"}, names)
	require.NoError(t, file.Close())
	require.NoError(t, open(t, path, rotate.Config{Backups: 1, CloseWait: -1}).Close())
	require.NoFileExists(t, base+"1Z")
}

// Without locks nothing waits for them, and no file is made for them.
func TestUnshared(t *testing.T) {
	t.Parallel()
	path := logPath(t)
	defer hold(t, path)()
	f := open(t, path, rotate.Config{Unshared: true, Every: rotate.Monthly, MaxBytes: 1024, Backups: 3, CloseWait: -1})
	for range 20 {
		write(t, f, strings.Repeat("x", 600))
	}
	require.NoError(t, f.Close())
	require.NoFileExists(t, path+".lock")
	files, err := rotate.Backups(path)
	require.NoError(t, err)
	require.Len(t, files, 4)
	for _, b := range files[:3] {
		require.Equal(t, ".gz", b.Ext)
	}
}
