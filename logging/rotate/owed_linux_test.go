package rotate_test

import (
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/logging/rotate"
)

// The last page of a file on a disk without a free one has room for some bytes, which these tests count.

// onFullDisk writes a first line, and hands over a func that leaves no page free until it is called off. Afterwards it returns how
// often each line is in the log.
func onFullDisk(t *testing.T, do func(f *rotate.File, path string, fill func() (free func()))) map[string]int {
	t.Helper()
	dir := smallDisk(t, 256<<10)
	path := filepath.Join(dir, "application.log")
	synctest.Test(t, func(t *testing.T) {
		f, err := rotate.Open(path, rotate.Config{})
		require.NoError(t, err)
		write(t, f, "one")
		do(f, path, func() func() { return fill(t, dir) })
		require.NoError(t, f.Close())
	})
	times := map[string]int{}
	for _, text := range texts(t, path) {
		times[text]++
	}
	require.Equal(t, 1, times["one"])
	return times
}

// A line that stood behind an unfinished one and could not be written again was refused: the caller may try it once more.
func TestOwedLineRefused(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("l", 3000) // for once there is room in the page
	times := onFullDisk(t, func(f *rotate.File, path string, fill func() func()) {
		appendRaw(t, path, "torn ")
		free := fill()
		time.Sleep(time.Second) // it is checked at once
		_, err := f.Write([]byte(text))
		require.Error(t, err)
		free()
		write(t, f, text)
	})
	require.Equal(t, 1, times[text])
}

// A line that is in its place is acknowledged, although an older one is found to be missing at the same time.
func TestOwedLineOfBefore(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("l", 2500)
	const more = 63 // after which they are checked
	times := onFullDisk(t, func(f *rotate.File, path string, fill func() func()) {
		appendRaw(t, path, "torn ")
		write(t, f, text)
		free := fill()
		for range more {
			write(t, f, "more")
		}
		_, err := f.Write([]byte("refused"))
		require.Error(t, err, "what is owed comes first")
		free()
		write(t, f, "last")
	})
	require.Equal(t, 1, times[text])
	require.Equal(t, more, times["more"])
	require.Equal(t, 1, times["last"])
	require.Zero(t, times["refused"])
}

// A line that fitted in part hides not where the one before is.
func TestLineBeforeUnfinishedOne(t *testing.T) {
	t.Parallel()
	times := onFullDisk(t, func(f *rotate.File, path string, fill func() func()) {
		appendRaw(t, path, "of another\n")
		write(t, f, "two")
		free := fill()
		_, err := f.Write([]byte(strings.Repeat("l", 5000)))
		require.Error(t, err)
		free()
		write(t, f, "three")
	})
	require.Equal(t, 1, times["two"])
	require.Equal(t, 1, times["three"])
}
