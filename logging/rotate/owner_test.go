//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package rotate_test

import (
	"io/fs"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/logging/rotate"
)

func mode(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Lstat(path)
	require.NoError(t, err)
	return info.Mode()
}

// Whatever was done to the mode of the live file stays, with every file that follows.
func TestModeStays(t *testing.T) {
	t.Parallel()
	path := logPath(t)
	synctest.Test(t, func(t *testing.T) {
		require.NoError(t, os.WriteFile(path, []byte("zero\n"), 0o600))
		require.NoError(t, os.Chmod(path, 0o620))
		f, err := rotate.Open(path, rotate.Config{Mode: 0o644, Backups: -1, CloseWait: -1})
		require.NoError(t, err)
		require.NoError(t, os.Rename(path, path+".old")) // by somebody else
		require.NoError(t, os.Chmod(path+".old", 0o400))
		time.Sleep(time.Second)
		write(t, f, "one")
		require.Equal(t, fs.FileMode(0o620), mode(t, path))
		require.NoError(t, os.Chmod(path, 0o666))
		require.NoError(t, f.Rotate())
		require.Equal(t, fs.FileMode(0o666), mode(t, path), "whatever the umask is")
		require.NoError(t, f.Close())
	})
	backups, err := rotate.Backups(path)
	require.NoError(t, err)
	require.Equal(t, ".gz", backups[0].Ext)
	require.Equal(t, fs.FileMode(0o666), mode(t, backups[0].Path))
}

// A command that root runs once and that logs to the same file leaves nothing behind that the service cannot write to.
func TestOwnerStays(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	const user, group = 12345, 12346
	path := logPath(t)
	require.NoError(t, os.WriteFile(path, []byte("zero\n"), 0o600))
	require.NoError(t, os.Chown(path, user, group))
	f := open(t, path, rotate.Config{Backups: -1, CloseWait: -1})
	require.NoError(t, f.Rotate())
	require.NoError(t, f.Close())
	files, err := rotate.Backups(path)
	require.NoError(t, err)
	require.Len(t, files, 2)
	for _, name := range []string{path, path + ".lock", files[0].Path} {
		info, err := os.Lstat(name)
		require.NoError(t, err)
		st := info.Sys().(*syscall.Stat_t)
		require.Equal(t, []uint32{user, group}, []uint32{st.Uid, st.Gid}, name)
		require.Equal(t, fs.FileMode(0o600), info.Mode(), name)
	}
}
