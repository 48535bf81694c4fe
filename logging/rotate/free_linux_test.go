package rotate_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/logging/rotate"
)

func TestFreeOnFull(t *testing.T) {
	t.Parallel()
	dir := smallDisk(t, 512<<10)
	path := filepath.Join(dir, "application.log")
	f := open(t, path, rotate.Config{MaxBytes: 64 << 10, Backups: -1, Codec: rotate.None{}, FreeOnFull: true, CloseWait: -1})
	const n = 4000 // four times the disk
	for i := range n {
		_, err := f.Write(line(fmt.Sprintf("d-%06d", i), 500))
		require.NoError(t, err)
	}
	require.NoError(t, f.Close())
	require.Positive(t, f.Stats().Removed)
	ids, _ := readBack(t, path)
	require.Greater(t, len(ids), 400)
	for i := n - len(ids); i < n; i++ {
		require.Equal(t, 1, ids[fmt.Sprintf("d-%06d", i)], "only the oldest go: %d", i)
	}
	t.Logf("%d of %d lines are left", len(ids), n)
}

// A process that hangs while it holds the lock does not keep others from freeing the disk.
func TestFreeOnFullWhenBusy(t *testing.T) {
	t.Parallel()
	dir := smallDisk(t, 512<<10)
	path := filepath.Join(dir, "application.log")
	for i := range 3 {
		require.NoError(t, os.WriteFile(stampOf(path, i), make([]byte, 64<<10), 0o600))
	}
	f := open(t, path, rotate.Config{MaxBytes: 64 << 10, Backups: -1, Codec: rotate.None{}, FreeOnFull: true})
	defer hold(t, path+".lock")()
	fill(t, dir)
	for i := range 250 { // more than the live file has room for, and less than two backups
		_, err := f.Write(line(fmt.Sprint(i), 400))
		require.NoError(t, err)
	}
	require.Equal(t, int64(2), f.Stats().Removed)
	require.NoFileExists(t, stampOf(path, 1))
	require.FileExists(t, stampOf(path, 2))
	require.NoError(t, f.Close())
}

// Files that have another name, too, as snapshots with hard links give them, keep what is in them.
func TestFreeOnFullKeepsSnapshots(t *testing.T) {
	t.Parallel()
	dir := smallDisk(t, 512<<10)
	path := filepath.Join(dir, "application.log")
	for i := range 2 {
		require.NoError(t, os.WriteFile(stampOf(path, i), line(fmt.Sprint(i), 60<<10), 0o600))
	}
	require.NoError(t, os.Link(stampOf(path, 0), filepath.Join(dir, "snapshot")))
	f := open(t, path, rotate.Config{Backups: -1, Codec: rotate.None{}, FreeOnFull: true})
	fill(t, dir)
	write(t, f, string(line("next", 5000)))
	require.NoFileExists(t, stampOf(path, 0))
	require.NoFileExists(t, stampOf(path, 1), "the space of the first did not come back")
	text, err := os.ReadFile(filepath.Join(dir, "snapshot"))
	require.NoError(t, err)
	require.Equal(t, line("0", 60<<10), text)
	require.NoError(t, f.Close())
}

// The space of a file that somebody has open, as one that is still to be synced is, comes back all the same.
func TestFreeOnFullWhileOpen(t *testing.T) {
	t.Parallel()
	dir := smallDisk(t, 512<<10)
	path := filepath.Join(dir, "application.log")
	for i := range 2 {
		require.NoError(t, os.WriteFile(stampOf(path, i), line(fmt.Sprint(i), 60<<10), 0o600))
	}
	reader, err := os.Open(stampOf(path, 0))
	require.NoError(t, err)
	defer reader.Close()
	f := open(t, path, rotate.Config{Backups: -1, Codec: rotate.None{}, FreeOnFull: true})
	fill(t, dir)
	write(t, f, string(line("next", 5000)))
	require.Equal(t, int64(1), f.Stats().Removed)
	require.FileExists(t, stampOf(path, 1))
	require.NoError(t, f.Close())
}
