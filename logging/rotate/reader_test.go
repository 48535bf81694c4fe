package rotate_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/logging/rotate"
)

// A file that is compressed or deleted while it is read is read to its end.
func TestReadWhileItGoes(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]rotate.Config{
		"compressed": {Backups: -1, CloseWait: -1}, "deleted": {Backups: 1, CloseWait: -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := logPath(t)
			f := open(t, path, rotate.Config{Backups: -1, Codec: rotate.None{}, CloseWait: -1})
			const n = 2000 // more than is read at once
			for i := range n {
				write(t, f, string(line(fmt.Sprint(i), 100)))
			}
			require.NoError(t, f.Rotate())
			write(t, f, "newest")
			require.NoError(t, f.Rotate())
			require.NoError(t, f.Close())
			i := 0
			for text, err := range rotate.Lines(path) {
				require.NoError(t, err)
				if i == 0 {
					require.NoError(t, open(t, path, cfg).Close())
				}
				if i < n {
					id, ok := idOf(text)
					require.True(t, ok)
					require.Equal(t, fmt.Sprint(i), id)
				}
				i++
			}
			require.Equal(t, n+1, i)
		})
	}
}

// A directory that is too large to be listed in one go changes while it is: no backup is missed or counted twice.
func TestListWhileCompressed(t *testing.T) {
	t.Parallel()
	path := logPath(t)
	for i := range 1200 {
		require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(path), fmt.Sprint("somebody's file number ", i)), nil, 0o600))
	}
	const n = 150
	for i := range n {
		require.NoError(t, os.WriteFile(fmt.Sprintf("%s.20240102T030405.%06dZ", path, i), fmt.Appendf(nil, "line %d\n", i), 0o600))
	}
	done := make(chan error)
	go func() {
		f, err := rotate.Open(path, rotate.Config{Backups: -1, CloseWait: -1})
		if err == nil {
			err = f.Close()
		}
		done <- err
	}()
	for rounds := 0; ; rounds++ {
		files, err := rotate.Backups(path)
		require.NoError(t, err)
		backups := 0
		for _, b := range files {
			if !b.Live() {
				backups++
			}
		}
		require.Equal(t, n, backups)
		select {
		case err := <-done:
			require.NoError(t, err)
			t.Logf("listed %d times", rounds)
			return
		default:
		}
	}
}
