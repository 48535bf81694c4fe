package rotate_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/logging/rotate"
)

func TestSymbolicLink(t *testing.T) {
	t.Parallel()
	dir, link := t.TempDir(), logPath(t)
	target := filepath.Join(dir, "real.log")
	require.NoError(t, os.Symlink(target, link), "that nothing is there yet does not matter")
	f := open(t, link, rotate.Config{Backups: -1, CloseWait: -1})
	write(t, f, "one")
	require.NoError(t, f.Rotate())
	write(t, f, "two")
	require.NoError(t, f.Close())
	require.Equal(t, []string{"one", "two"}, texts(t, link))
	info, err := os.Lstat(link)
	require.NoError(t, err)
	require.Equal(t, os.ModeSymlink, info.Mode().Type(), "the link stays")
	entries, err := os.ReadDir(filepath.Dir(link))
	require.NoError(t, err)
	require.Len(t, entries, 1, "backups are beside the target")
	backups, err := rotate.Backups(link)
	require.NoError(t, err)
	require.Len(t, backups, 2)
	require.Equal(t, target, backups[1].Path)
}

// Errors name the path that was given, also where links go round in a circle.
func TestCircularLink(t *testing.T) {
	t.Parallel()
	path := logPath(t)
	require.NoError(t, os.Symlink(path, path))
	want := "logging/rotate: list " + path + ": too many symbolic links"
	_, err := rotate.Backups(path)
	require.EqualError(t, err, want)
	for _, err := range rotate.Lines(path) {
		require.EqualError(t, err, want)
	}
	_, err = rotate.Open(path, rotate.Config{})
	require.EqualError(t, err, "logging/rotate: open "+path+": too many symbolic links")
}
