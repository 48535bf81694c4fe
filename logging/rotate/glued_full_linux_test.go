package rotate_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/logging/rotate"
)

// Two faults at once: a line was acknowledged and stands behind the unfinished one of a process that died, and the disk is full when
// that is found out. It is written again when there is room, before anything else, and once.
func TestGluedLineOnFullDisk(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("l", 9000) // which fits into no last page
	for name, after := range map[string]func(t *testing.T, f *rotate.File){
		"lines": func(t *testing.T, f *rotate.File) {
			t.Helper()
			write(t, f, "next", "and next")
		},
		"Sync": func(t *testing.T, f *rotate.File) {
			t.Helper()
			require.NoError(t, f.Sync())
		},
		"Rotate": func(t *testing.T, f *rotate.File) {
			t.Helper()
			require.NoError(t, f.Rotate())
		},
		"Close": func(*testing.T, *rotate.File) {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := smallDisk(t, 256<<10)
			path := filepath.Join(dir, "application.log")
			synctest.Test(t, func(t *testing.T) {
				f, err := rotate.Open(path, rotate.Config{Backups: -1, Codec: rotate.None{}})
				require.NoError(t, err)
				write(t, f, "one")
				appendRaw(t, path, "torn ")
				write(t, f, long)
				free := fill(t, dir)
				require.Error(t, f.Sync())
				_, err = f.Write([]byte("refused" + long))
				require.Error(t, err)
				require.Error(t, f.Sync())
				free()
				after(t, f)
				require.NoError(t, f.Close())
				require.Zero(t, f.Stats().Lost)
			})
			times := map[string]int{}
			all := texts(t, path)
			for _, text := range all {
				times[text]++
			}
			require.Equal(t, 1, times["one"])
			require.Equal(t, 1, times[long])
			if name == "lines" {
				require.Equal(t, []string{long, "next", "and next"}, all[len(all)-3:])
			}
		})
	}
}

// What is owed goes to the new file when the old one is gone, and counts as lost when it does not fit anywhere until the end.
func TestGluedLineOnFullDiskMoved(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("l", 9000)
	for _, freed := range []bool{true, false} {
		dir := smallDisk(t, 256<<10)
		path := filepath.Join(dir, "application.log")
		synctest.Test(t, func(t *testing.T) {
			f, err := rotate.Open(path, rotate.Config{Backups: -1, Codec: rotate.None{}})
			require.NoError(t, err)
			write(t, f, "one")
			appendRaw(t, path, "torn ")
			write(t, f, long)
			free := fill(t, dir)
			require.NoError(t, os.Rename(path, path+".old"))
			require.NoError(t, f.Reopen())
			if freed {
				free()
				require.NoError(t, f.Close())
				require.Zero(t, f.Stats().Lost)
				require.Contains(t, texts(t, path), long)
			} else {
				require.Error(t, f.Close())
				require.Equal(t, int64(1), f.Stats().Lost)
			}
		})
	}
}
