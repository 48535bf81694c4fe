//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package rotate_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/logging/rotate"
)

// These tests put into the directory what somebody might who may write there, but not where the process of the log may.

// precious makes a file elsewhere that has to stay as it is.
func precious(t *testing.T) (path string, unharmed func()) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "precious")
	require.NoError(t, os.WriteFile(path, []byte("precious\n"), 0o600))
	return path, func() {
		t.Helper()
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, "precious\n", string(text))
	}
}

// stampOf is a name for the i-th backup.
func stampOf(path string, i int) string { return fmt.Sprintf("%s.20240102T030405.%06dZ", path, i) }

// What has the name of a backup and is no regular file is none: it is not read, compressed, emptied or deleted, and nobody waits
// for it.
func TestPlantedBackups(t *testing.T) {
	t.Parallel()
	path := logPath(t)
	victim, unharmed := precious(t)
	for i, ext := range []string{"", ".gz", ".gz.tmp"} {
		require.NoError(t, os.Symlink(victim, stampOf(path, 10+i)+ext))
		require.NoError(t, os.Mkdir(stampOf(path, 20+i)+ext, 0o700))
		require.NoError(t, syscall.Mkfifo(stampOf(path, 30+i)+ext, 0o600))
	}
	f := open(t, path, rotate.Config{Backups: 1, CloseWait: -1, OnError: func(err error) { t.Error(err) }})
	for i := range 3 {
		write(t, f, fmt.Sprint("line ", i))
		require.NoError(t, f.Rotate())
	}
	require.NoError(t, f.Close())
	unharmed()
	require.Equal(t, []string{"line 2"}, texts(t, path))
	planted, err := filepath.Glob(path + ".2024*")
	require.NoError(t, err)
	require.Len(t, planted, 9)
}

// A link where a compressed file is to be written is replaced, not followed.
func TestPlantedTarget(t *testing.T) {
	t.Parallel()
	path := logPath(t)
	victim, unharmed := precious(t)
	for i, ext := range []string{".gz", ".gz.tmp"} {
		require.NoError(t, os.WriteFile(stampOf(path, i), fmt.Appendf(nil, "line %d\n", i), 0o600))
		require.NoError(t, os.Symlink(victim, stampOf(path, i)+ext))
	}
	f := open(t, path, rotate.Config{Backups: -1, CloseWait: -1, OnError: func(err error) { t.Error(err) }})
	require.NoError(t, f.Close())
	unharmed()
	require.Equal(t, []string{"line 0", "line 1"}, texts(t, path))
	for i := range 2 {
		info, err := os.Lstat(stampOf(path, i) + ".gz")
		require.NoError(t, err)
		require.True(t, info.Mode().IsRegular())
		require.NoFileExists(t, stampOf(path, i))
	}
}

func TestPlantedLock(t *testing.T) {
	t.Parallel()
	for name, plant := range map[string]func(victim, lock string) error{
		"link": os.Symlink,
		"pipe": func(_, lock string) error { return syscall.Mkfifo(lock, 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := logPath(t)
			victim, unharmed := precious(t)
			require.NoError(t, plant(victim, path+".lock"))
			f := open(t, path, rotate.Config{Every: rotate.Daily, Backups: -1})
			write(t, f, "one")
			require.ErrorAs(t, f.Rotate(), new(*rotate.Error))
			write(t, f, "two")
			unharmed()
			require.NoError(t, f.Close())
			require.Equal(t, []string{"one", "two"}, texts(t, path))
		})
	}
}

// Links are followed when the file is opened for the first time, and not those that come later.
func TestPlantedLiveFile(t *testing.T) {
	t.Parallel()
	path := logPath(t)
	victim, unharmed := precious(t)
	synctest.Test(t, func(t *testing.T) {
		var told atomic.Int64
		f, err := rotate.Open(path, rotate.Config{Backups: -1, OnError: func(error) { told.Add(1) }})
		require.NoError(t, err)
		write(t, f, "one")
		require.NoError(t, os.Rename(path, path+".old"))
		require.NoError(t, os.Symlink(victim, path))
		time.Sleep(time.Second)
		write(t, f, "two")
		require.Equal(t, int64(1), told.Load())
		require.Error(t, f.Reopen())
		require.Error(t, f.Rotate())
		unharmed()
		require.NoError(t, os.Remove(path))
		time.Sleep(time.Second)
		write(t, f, "three")
		require.NoError(t, f.Close())
	})
	require.Equal(t, []string{"one", "two"}, texts(t, path+".old"))
	require.Equal(t, []string{"three"}, texts(t, path))
}

// Who reads does not wait for a pipe either.
func TestReadPipe(t *testing.T) {
	t.Parallel()
	path := logPath(t)
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	want := "logging/rotate: open " + path + ": not a regular file"
	_, err := rotate.Backups(path)
	require.EqualError(t, err, want)
	for _, err := range rotate.Lines(path) {
		require.EqualError(t, err, want)
	}
	_, err = rotate.Open(path, rotate.Config{})
	require.ErrorContains(t, err, want)
}

// A backup that has another name, too, as snapshots with hard links give it, loses the one that is deleted and nothing else.
func TestHardLinkedBackup(t *testing.T) {
	t.Parallel()
	path := logPath(t)
	victim, unharmed := precious(t)
	require.NoError(t, os.Link(victim, stampOf(path, 1)))
	require.NoError(t, os.WriteFile(stampOf(path, 2), []byte("line\n"), 0o600))
	require.NoError(t, open(t, path, rotate.Config{Backups: 1, CloseWait: -1}).Close())
	require.NoFileExists(t, stampOf(path, 1))
	unharmed()
}
