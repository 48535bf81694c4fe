package rotate_test

import (
	"fmt"
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
