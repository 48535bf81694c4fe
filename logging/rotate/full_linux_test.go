package rotate_test

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/logging/rotate"
)

// smallDisk is the directory of a disk in memory. It needs the rights of root.
func smallDisk(t *testing.T, size int) string {
	t.Helper()
	dir := t.TempDir()
	err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=0700", size))
	if err != nil && os.Geteuid() != 0 {
		t.Skipf("only root may mount a disk: %v", err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
	return dir
}

// fill leaves no byte free on a disk, apart from what the last page of each file has.
func fill(t *testing.T, dir string) (free func()) {
	t.Helper()
	name := filepath.Join(dir, "filler")
	f, err := os.Create(name)
	require.NoError(t, err)
	for size := 64 << 10; size > 0; {
		if _, err := f.Write(make([]byte, size)); err != nil {
			require.ErrorIs(t, err, syscall.ENOSPC)
			size /= 2
		}
	}
	require.NoError(t, f.Close())
	return func() { require.NoError(t, os.Remove(name)) }
}

func TestDiskFull(t *testing.T) {
	t.Parallel()
	dir := smallDisk(t, 1<<20)
	path := filepath.Join(dir, "application.log")
	f := open(t, path, rotate.Config{MaxBytes: 64 << 10, Backups: -1, Codec: rotate.None{}, CloseWait: -1}) // compressing would give space back
	n := 0
	var acknowledged, refused []string
	write := func(filling int) error {
		id := fmt.Sprintf("d-%06d", n)
		n++
		_, err := f.Write(line(id, filling))
		if err == nil {
			acknowledged = append(acknowledged, id)
			return nil
		}
		require.ErrorAs(t, err, new(*rotate.Error))
		require.ErrorIs(t, err, syscall.ENOSPC, "also where a part of the line fitted")
		refused = append(refused, id)
		return err
	}
	for round := range 4 {
		for range 100 {
			require.NoError(t, write(200))
		}
		free := fill(t, dir)
		for i := range 200 { // some of the short ones may still fit behind a long one that does not
			_ = write([]int{10, 9000, 300}[i%3])
		}
		require.Error(t, write(9000))
		free()
		require.NoError(t, write(200), "round %d: the first line after the disk was freed", round)
		for range 100 {
			require.NoError(t, write(200))
		}
	}
	require.NoError(t, f.Close())
	require.Equal(t, int64(len(refused)), f.Stats().Errors)
	require.Positive(t, f.Stats().Healed, "parts of lines were written")
	ids, corrupt := readBack(t, path)
	require.Positive(t, corrupt)
	for _, id := range acknowledged {
		require.Equal(t, 1, ids[id], id)
	}
	t.Logf("%d acknowledged, %d refused, %d torn", len(acknowledged), len(refused), corrupt)
}

// A disk that the log itself fills is full for compression and for rotation, too.
func TestDiskFullOfLog(t *testing.T) {
	t.Parallel()
	dir := smallDisk(t, 512<<10)
	path := filepath.Join(dir, "application.log")
	f := open(t, path, rotate.Config{MaxBytes: 100 << 10, Backups: -1, Codec: rotate.None{}, CloseWait: -1})
	var acknowledged []string
	var err error
	for i := 0; err == nil; i++ {
		id := fmt.Sprintf("d-%06d", i)
		if _, err = f.Write(line(id, 500)); err == nil {
			acknowledged = append(acknowledged, id)
		}
	}
	require.ErrorIs(t, err, syscall.ENOSPC)
	_, err = f.Write(line("no room", 500))
	require.ErrorIs(t, err, syscall.ENOSPC)
	ids, _ := readBack(t, path)
	for _, id := range acknowledged {
		require.Equal(t, 1, ids[id], id)
	}
	backups, err := rotate.Backups(path)
	require.NoError(t, err)
	require.Greater(t, len(backups), 3)
	require.NoError(t, os.Remove(backups[0].Path))
	require.Eventually(t, func() bool { // the space is free when the File, which may still be syncing it, closes it
		_, err := f.Write(line("again", 500))
		return err == nil
	}, time.Minute, time.Millisecond)
	require.NoError(t, f.Close())
	ids, _ = readBack(t, path)
	require.Equal(t, 1, ids["again"])
}
