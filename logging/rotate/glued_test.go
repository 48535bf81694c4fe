package rotate_test

import (
	"fmt"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/logging/rotate"
)

// appendRaw does what a process does that dies in the middle of a line.
func appendRaw(t *testing.T, path, text string) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	require.NoError(t, err)
	defer file.Close()
	_, err = file.WriteString(text)
	require.NoError(t, err)
}

// A line that was acknowledged and stands behind the unfinished line of a process that died is written again, on a line of its
// own, whatever happens next. The clock of the test stands still, so that nothing else makes it be checked.
func TestGluedLine(t *testing.T) {
	t.Parallel()
	for name, next := range map[string]func(*rotate.File) error{
		"nothing": func(*rotate.File) error { time.Sleep(20 * time.Millisecond); return nil },
		"Sync":    (*rotate.File).Sync,
		"Rotate":  (*rotate.File).Rotate,
		"Close":   (*rotate.File).Close,
		"Reopen after it was moved": func(f *rotate.File) error {
			return f.Reopen()
		},
		"more lines": func(f *rotate.File) error {
			for range 70 {
				if _, err := f.Write([]byte("more")); err != nil {
					return err
				}
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := logPath(t)
			synctest.Test(t, func(t *testing.T) {
				f, err := rotate.Open(path, rotate.Config{Codec: rotate.None{}})
				require.NoError(t, err)
				defer f.Close()
				write(t, f, "one")
				appendRaw(t, path, "torn ")
				write(t, f, "two\n", "three") // with a newline and without
				text, err := os.ReadFile(path)
				require.NoError(t, err)
				require.Equal(t, "one\ntorn two\nthree\n", string(text), "it is not checked yet")
				if name == "Reopen after it was moved" {
					require.NoError(t, os.Rename(path, path+".20240102T030405.000001Z"))
				}
				require.NoError(t, next(f))
				require.Subset(t, texts(t, path), []string{"one", "torn two", "two", "three"})
				require.Equal(t, int64(1), f.Stats().Healed)
			})
		})
	}
}

// When others are seen to write, each line is checked at once, for a second.
func TestGluedLinesAmongOthers(t *testing.T) {
	t.Parallel()
	path := logPath(t)
	synctest.Test(t, func(t *testing.T) {
		f, err := rotate.Open(path, rotate.Config{})
		require.NoError(t, err)
		defer f.Close()
		write(t, f, "first")
		appendRaw(t, path, "of another\n")
		write(t, f, "second")
		require.NoError(t, f.Sync()) // sees it
		for i := range 5 {
			appendRaw(t, path, "torn ")
			write(t, f, fmt.Sprint("line ", i, "\n"))
			require.Contains(t, texts(t, path), fmt.Sprint("line ", i))
			time.Sleep(100 * time.Millisecond)
		}
		require.Equal(t, int64(5), f.Stats().Healed)
	})
}
