package rotate_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/logging/rotate"
)

func TestRetention(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]rotate.Config{
		"Backups": {Backups: 3}, "MaxTotal": {Backups: -1, MaxTotal: 3 * 7}, "MaxAge": {Backups: -1, MaxAge: 210 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := logPath(t)
			for i := range 10 {
				name := fmt.Sprintf("%s.20240102T030405.00000%dZ", path, i)
				require.NoError(t, os.WriteFile(name, fmt.Appendf(nil, "line %d\n", i)[:7], 0o600))
				when := time.Now().Add(-time.Duration(10-i) * time.Hour)
				require.NoError(t, os.Chtimes(name, when, when))
			}
			cfg.Codec, cfg.CloseWait = rotate.None{}, -1
			f := open(t, path, cfg)
			require.NoError(t, f.Close())
			require.Equal(t, []string{"line 7", "line 8", "line 9"}, texts(t, path))
			require.Equal(t, int64(7), f.Stats().Removed)
		})
	}
}

// A file in which somebody wrote on after the next one was begun is as old as its last line, and the newest is deleted for
// its age, too.
func TestRetentionByLastLine(t *testing.T) {
	t.Parallel()
	path := logPath(t)
	for i, age := range []time.Duration{3 * time.Hour, time.Minute, 2 * time.Hour} {
		name := fmt.Sprintf("%s.20240102T030405.00000%dZ", path, i)
		require.NoError(t, os.WriteFile(name, fmt.Appendf(nil, "line %d\n", i), 0o600))
		when := time.Now().Add(-age)
		require.NoError(t, os.Chtimes(name, when, when))
	}
	require.NoError(t, open(t, path, rotate.Config{MaxAge: time.Hour, Codec: rotate.None{}, CloseWait: -1}).Close())
	require.Equal(t, []string{"line 1"}, texts(t, path))
}

// A copy that somebody made beside a backup is not read instead of it.
func TestForeignForm(t *testing.T) {
	t.Parallel()
	path := logPath(t)
	f := open(t, path, rotate.Config{Backups: -1, CloseWait: -1})
	write(t, f, "line")
	require.NoError(t, f.Rotate())
	require.NoError(t, f.Close())
	files, err := rotate.Backups(path)
	require.NoError(t, err)
	base, _ := strings.CutSuffix(files[0].Path, ".gz")
	require.NoError(t, os.WriteFile(base+".bak", []byte("no gzip"), 0o600))
	require.Equal(t, []string{"line"}, texts(t, path))
	files, err = rotate.Backups(path)
	require.NoError(t, err)
	require.Equal(t, ".gz", files[0].Ext)
}

// What is kept is an unbroken row up to the newest, which is there whatever its size.
func TestRetentionBySize(t *testing.T) {
	t.Parallel()
	path := logPath(t)
	for i, text := range []string{"old", "much longer", "newest"} {
		require.NoError(t, os.WriteFile(fmt.Sprintf("%s.20240102T030405.00000%dZ", path, i), []byte(text), 0o600))
	}
	for _, most := range []int64{9, 1} {
		require.NoError(t, open(t, path, rotate.Config{MaxTotal: most, Codec: rotate.None{}, CloseWait: -1}).Close())
		require.Equal(t, []string{"newest"}, texts(t, path))
	}
}
