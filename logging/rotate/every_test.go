package rotate_test

import (
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/logging/rotate"
)

// The clock of these tests begins at midnight of the first of January 2000, in UTC.

func TestEvery(t *testing.T) {
	t.Parallel()
	path := logPath(t)
	cfg := rotate.Config{Every: rotate.Daily, Location: time.UTC, Backups: -1, Codec: rotate.None{}}
	synctest.Test(t, func(t *testing.T) {
		f, err := rotate.Open(path, cfg)
		require.NoError(t, err)
		time.Sleep(24*time.Hour - time.Nanosecond)
		write(t, f, "1st")
		time.Sleep(time.Nanosecond)
		write(t, f, "2nd") // in the same tenth of a second, and as soon as the day began
		require.Equal(t, int64(1), f.Stats().Rotations)
		time.Sleep(time.Hour)
		write(t, f, "2nd, too")
		require.NoError(t, f.Close())

		time.Sleep(22 * time.Hour) // the file's own time is that of another clock: when it began was noted
		f, err = rotate.Open(path, cfg)
		require.NoError(t, err)
		write(t, f, "2nd, after a restart")
		require.Zero(t, f.Stats().Rotations)
		require.NoError(t, f.Close())

		time.Sleep(3 * 24 * time.Hour)
		f, err = rotate.Open(path, cfg)
		require.NoError(t, err)
		time.Sleep(time.Second)
		write(t, f, "5th, after a restart")
		require.Equal(t, int64(1), f.Stats().Rotations)
		require.NoError(t, f.Close())
	})
	files, err := rotate.Backups(path)
	require.NoError(t, err)
	require.Len(t, files, 3)
	require.Equal(t, time.Date(2000, 1, 2, 0, 0, 0, 0, time.UTC), files[0].Rotated)
	require.Equal(t, int64(len("1st\n")), files[0].Size)
	require.Equal(t, int64(len("5th, after a restart\n")), files[2].Size)
}

// Of a file of which nobody noted when it began, the time of its last line counts.
func TestEveryOfAnOldFile(t *testing.T) {
	t.Parallel()
	path := logPath(t)
	require.NoError(t, os.WriteFile(path, []byte("old\n"), 0o600))
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(12 * time.Hour)
		cfg := rotate.Config{Every: rotate.Daily, Location: time.UTC}
		for _, c := range []struct {
			age       time.Duration
			rotations int64
		}{{time.Hour, 0}, {13 * time.Hour, 1}} {
			when := time.Now().Add(-c.age)
			require.NoError(t, os.Chtimes(path, when, when))
			f, err := rotate.Open(path, cfg)
			require.NoError(t, err)
			time.Sleep(time.Second)
			write(t, f, "new")
			require.Equal(t, c.rotations, f.Stats().Rotations)
			require.NoError(t, f.Close())
		}
	})
}

// A clock that is set back makes no backup that sorts before one that was there.
func TestClockSetBack(t *testing.T) {
	t.Parallel()
	path := logPath(t)
	future := path + ".20991231T235959.999999Z"
	require.NoError(t, os.WriteFile(future, []byte("of the future\n"), 0o600))
	f := open(t, path, rotate.Config{Backups: -1, Codec: rotate.None{}})
	write(t, f, "one")
	require.NoError(t, f.Rotate())
	write(t, f, "two")
	require.NoError(t, f.Rotate())
	require.Equal(t, []string{"of the future", "one", "two"}, texts(t, path))
}

// After the last time that a name can have there is none: the file goes on, and nothing is hidden under a name that is not known.
func TestNoLaterName(t *testing.T) {
	t.Parallel()
	path := logPath(t)
	require.NoError(t, os.WriteFile(path+".99991231T235959.999999Z", []byte("last\n"), 0o600))
	f := open(t, path, rotate.Config{Backups: -1, Codec: rotate.None{}})
	write(t, f, "one")
	require.ErrorContains(t, f.Rotate(), "no later name")
	write(t, f, "two")
	require.Equal(t, []string{"last", "one", "two"}, texts(t, path))
}
