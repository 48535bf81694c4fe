//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package rotate_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/logging/rotate"
)

// Who moves the file away, as logrotate does without a postrotate script, need not say so: lines go on in the old one for a tenth of
// a second at most, and all are there.
func TestLiveFileMovedSilently(t *testing.T) {
	t.Parallel()
	path := logPath(t)
	synctest.Test(t, func(t *testing.T) {
		f, err := rotate.Open(path, rotate.Config{})
		require.NoError(t, err)
		defer f.Close()
		for day := range 5 {
			write(t, f, fmt.Sprint("before ", day))
			moved := fmt.Sprint(path, ".", day)
			require.NoError(t, os.Rename(path, moved))
			write(t, f, fmt.Sprint("late ", day))
			require.NoFileExists(t, path)
			time.Sleep(100 * time.Millisecond)
			write(t, f, fmt.Sprint("after ", day))
			want := fmt.Sprintf("before %[1]d\nlate %[1]d\n", day)
			if day > 0 {
				want = fmt.Sprintf("after %d\n", day-1) + want
			}
			text, err := os.ReadFile(moved)
			require.NoError(t, err)
			require.Equal(t, want, string(text))
		}
		require.Equal(t, []string{"after 4"}, texts(t, path))
		require.Equal(t, int64(5), f.Stats().Reopened)
		require.Zero(t, f.Stats().Lost)
	})
}

// The directory is made again, with all that is in it.
func TestDirectoryRemoved(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "var", "log")
	path := filepath.Join(dir, "application.log")
	synctest.Test(t, func(t *testing.T) {
		f, err := rotate.Open(path, rotate.Config{MaxBytes: 1024, Backups: -1, CloseWait: -1})
		require.NoError(t, err)
		for i := range 30 {
			write(t, f, string(line(fmt.Sprint(i), 200)))
		}
		synctest.Wait()
		require.NoError(t, os.RemoveAll(filepath.Dir(dir)))
		write(t, f, "lost")
		time.Sleep(100 * time.Millisecond)
		for i := range 30 {
			write(t, f, string(line(fmt.Sprint("again-", i), 200)))
		}
		require.NoError(t, f.Close())
		require.Positive(t, f.Stats().Lost)
	})
	ids, corrupt := readBack(t, path)
	require.Len(t, ids, 30)
	require.Zero(t, corrupt)
}
