package rotate_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/logging/rotate"
)

// A rotation that fails is tried again after 1, 2, 4 s and so on, up to a minute, and nothing else happens.
func TestBackOff(t *testing.T) {
	t.Parallel()
	path := logPath(t)
	require.NoError(t, os.Mkdir(path+".lock", 0o700)) // which cannot be opened
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var after []float64
		var last error
		start := time.Now()
		f, err := rotate.Open(path, rotate.Config{MaxBytes: 1024, Backups: -1, Codec: rotate.None{}, OnError: func(err error) {
			mu.Lock()
			defer mu.Unlock()
			after, last = append(after, time.Since(start).Seconds()), err
		}})
		require.NoError(t, err)
		text := strings.Repeat("x", 512)
		lines := 0
		for time.Since(start) < 240*time.Second {
			write(t, f, text)
			lines++
			time.Sleep(10 * time.Millisecond)
		}
		require.Len(t, after, 9)
		require.InDeltaSlice(t, []float64{0.01, 1, 3, 7, 15, 31, 63, 123, 183}, after, 0.3)
		require.ErrorAs(t, last, new(*rotate.Error))
		require.ErrorContains(t, last, path+".lock")
		require.Zero(t, f.Stats().Rotations)
		require.Zero(t, f.Stats().Errors)
		require.Equal(t, int64(len(after)), f.Stats().Failures)

		require.NoError(t, os.Remove(path+".lock"))
		time.Sleep(time.Minute)
		write(t, f, "next")
		require.Equal(t, int64(1), f.Stats().Rotations)
		write(t, f, text, text)
		require.Equal(t, int64(2), f.Stats().Rotations, "it is as if it had never failed")

		require.NoError(t, os.Remove(path+".lock"))
		require.NoError(t, os.Mkdir(path+".lock", 0o700))
		after, start = nil, time.Now()
		for time.Since(start) < 4*time.Second {
			write(t, f, text)
			lines++
			time.Sleep(10 * time.Millisecond)
		}
		require.Len(t, after, 3)
		require.InDeltaSlice(t, []float64{0.01, 1, 3}, after, 0.3)
		require.NoError(t, f.Close())
		require.Len(t, texts(t, path), lines+3)
	})
}

// A name that leaves no room for those of backups is refused at once, and not whenever it is to be rotated.
func TestNameTooLong(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), strings.Repeat("n", 225))
	_, err := rotate.Open(path, rotate.Config{})
	require.ErrorContains(t, err, "name is too long")
	f := open(t, path[:len(path)-1], rotate.Config{CloseWait: -1})
	write(t, f, "one")
	require.NoError(t, f.Rotate())
	require.NoError(t, f.Close())
	require.Equal(t, int64(1), f.Stats().Compressed)
}
