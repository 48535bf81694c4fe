package rotate_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/logging/rotate"
)

func write(t *testing.T, f *rotate.File, texts ...string) {
	t.Helper()
	for _, text := range texts {
		n, err := f.Write([]byte(text))
		require.NoError(t, err)
		require.Equal(t, len(text), n)
	}
}

func TestRotateBackToBack(t *testing.T) {
	t.Parallel()
	path := logPath(t)
	f := open(t, path, rotate.Config{Backups: -1, CloseWait: -1})
	var want []string
	for i := range 200 {
		want = append(want, fmt.Sprintf("line %d", i))
		write(t, f, want[i])
		require.NoError(t, f.Rotate())
	}
	require.NoError(t, f.Rotate(), "of an empty file nothing is made")
	require.NoError(t, f.Close())
	require.Equal(t, want, texts(t, path))
	backups, err := rotate.Backups(path)
	require.NoError(t, err)
	require.Len(t, backups, 201)
	for i, b := range backups[:200] {
		require.Equal(t, ".gz", b.Ext)
		require.False(t, b.Live())
		require.True(t, i == 0 || b.Rotated.After(backups[i-1].Rotated))
	}
	require.Equal(t, int64(200), f.Stats().Rotations)
	require.Equal(t, int64(200), f.Stats().Compressed)
}

func TestMaxBytes(t *testing.T) {
	t.Parallel()
	path := logPath(t)
	f := open(t, path, rotate.Config{MaxBytes: 1024, Backups: -1, Codec: rotate.None{}})
	long := strings.Repeat("l", 5000)
	var want []string
	for i := range 100 {
		text := fmt.Sprintf("%d %s", i, strings.Repeat("x", i))
		if i%30 == 29 {
			text = long
		}
		write(t, f, text)
		want = append(want, text)
	}
	require.NoError(t, f.Close())
	require.Equal(t, want, texts(t, path))
	backups, err := rotate.Backups(path)
	require.NoError(t, err)
	tooLarge := 0
	for _, b := range backups {
		if b.Size > 1024 {
			require.Equal(t, int64(len(long)+1), b.Size, "a line that is too long is alone in its file")
			tooLarge++
		}
	}
	require.Equal(t, 3, tooLarge)
	require.LessOrEqual(t, len(backups), 16)
}

func TestExactlyMaxBytes(t *testing.T) {
	t.Parallel()
	path := logPath(t)
	f := open(t, path, rotate.Config{MaxBytes: 1024})
	write(t, f, strings.Repeat("a", 511), strings.Repeat("b", 511)+"\n")
	require.Zero(t, f.Stats().Rotations)
	write(t, f, "c")
	require.Equal(t, int64(1), f.Stats().Rotations)
}

func TestNewlines(t *testing.T) {
	t.Parallel()
	path := logPath(t)
	f := open(t, path, rotate.Config{})
	n, err := f.Write(nil)
	require.NoError(t, err)
	require.Zero(t, n)
	write(t, f, "one", "two\n", "three\nfour", "\n")
	require.NoError(t, f.Sync())
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "one\ntwo\nthree\nfour\n\n", string(text))
	require.Equal(t, []string{"one", "two", "three", "four"}, texts(t, path))
	require.Equal(t, int64(4), f.Stats().Lines)
	require.Equal(t, int64(len(text)), f.Stats().Bytes)
}

func TestClosed(t *testing.T) {
	t.Parallel()
	f := open(t, logPath(t), rotate.Config{})
	write(t, f, "one")
	require.NoError(t, f.Close())
	require.NoError(t, f.Close())
	_, err := f.Write([]byte("two"))
	require.ErrorIs(t, err, rotate.ErrClosed)
	require.ErrorIs(t, err, fs.ErrClosed)
	require.ErrorIs(t, f.Sync(), rotate.ErrClosed)
	require.ErrorIs(t, f.Rotate(), rotate.ErrClosed)
	require.ErrorIs(t, f.Reopen(), rotate.ErrClosed)
	require.Equal(t, int64(1), f.Stats().Lines)
}

func TestTornTail(t *testing.T) {
	t.Parallel()
	path := logPath(t)
	require.NoError(t, os.WriteFile(path, []byte("good\ntor"), 0o600))
	f := open(t, path, rotate.Config{})
	write(t, f, "next", "and next")
	require.NoError(t, f.Close())
	require.Equal(t, []string{"good", "tor", "next", "and next"}, texts(t, path))
	require.Equal(t, int64(1), f.Stats().Healed)
}

func TestSyncWrites(t *testing.T) {
	t.Parallel()
	path := logPath(t)
	f := open(t, path, rotate.Config{SyncWrites: true, MaxBytes: 1024, Backups: -1, CloseWait: -1})
	done := make(chan error)
	for w := range 4 {
		go func() {
			var err error
			for i := 0; i < 50 && err == nil; i++ {
				_, err = f.Write(line(fmt.Sprintf("s%d-%d", w, i), 50))
			}
			done <- err
		}()
	}
	for range 4 {
		require.NoError(t, <-done)
	}
	require.NoError(t, f.Close())
	ids, corrupt := readBack(t, path)
	require.Len(t, ids, 200)
	require.Zero(t, corrupt)
}

func TestWriteAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	f := open(t, logPath(t), rotate.Config{MaxBytes: -1})
	text := bytes.Repeat([]byte("x"), 200)
	write(t, f, "first")
	require.Zero(t, testing.AllocsPerRun(5000, func() {
		if _, err := f.Write(text); err != nil {
			panic(err)
		}
	}))
}

func TestValidateNamesAll(t *testing.T) {
	t.Parallel()
	cfg := rotate.Config{MaxBytes: 1023, Every: 9, Backups: -2, MaxAge: -2, MaxTotal: -3, Codec: badCodec{}, Mode: 0o440, CloseWait: -4}
	err := cfg.Validate()
	for _, text := range []string{
		"MaxBytes is 1023", "Every is 9", "Backups is -2", "MaxAge is -2ns", "MaxTotal is -3", `extension "gz"`, "Mode is 0440", "CloseWait is -4ns",
	} {
		require.ErrorContains(t, err, text)
	}
	_, err = rotate.Open(logPath(t), cfg)
	require.ErrorAs(t, err, new(*rotate.Error))
	require.ErrorContains(t, err, "Backups is -2")
	require.NoError(t, rotate.Config{}.Validate())
	require.NoError(t, rotate.Config{MaxBytes: -1, Backups: -1, MaxAge: -1, MaxTotal: -1, CloseWait: -1}.Validate())
}

type badCodec struct{ rotate.None }

func (badCodec) Ext() string { return "gz" }

func TestIrregular(t *testing.T) {
	t.Parallel()
	_, err := rotate.Open(t.TempDir(), rotate.Config{})
	require.ErrorContains(t, err, "not a regular file")
}
