//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package rotate_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/logging/rotate"
)

func TestLiveFileRenamed(t *testing.T) {
	t.Parallel()
	path := logPath(t)
	f := open(t, path, rotate.Config{})
	write(t, f, "one")
	require.NoError(t, os.Rename(path, path+".old"))
	write(t, f, "two") // it may still go to the old file
	require.NoError(t, f.Reopen())
	write(t, f, "three")
	require.NoError(t, f.Close())
	require.Equal(t, []string{"one", "two"}, texts(t, path+".old"))
	require.Equal(t, []string{"three"}, texts(t, path))
	require.Equal(t, int64(1), f.Stats().Reopened)
	require.Zero(t, f.Stats().Lost)
}

func TestLiveFileDeleted(t *testing.T) {
	t.Parallel()
	path := logPath(t)
	f := open(t, path, rotate.Config{})
	write(t, f, "one")
	require.NoError(t, os.Remove(path))
	n := 0
	require.Eventually(t, func() bool {
		write(t, f, fmt.Sprint("line ", n))
		n++
		_, err := os.Stat(path)
		return err == nil
	}, time.Minute, time.Millisecond, "it is noticed without a call")
	require.NoError(t, f.Close())
	require.NotEmpty(t, texts(t, path))
	s := f.Stats()
	require.Equal(t, int64(1), s.Reopened)
	require.GreaterOrEqual(t, s.Lost, int64(n-len(texts(t, path))))
}

func TestLiveFileTruncated(t *testing.T) {
	t.Parallel()
	path := logPath(t)
	f := open(t, path, rotate.Config{})
	write(t, f, "one", "two")
	require.NoError(t, os.Truncate(path, 0))
	write(t, f, "three", "four")
	require.NoError(t, f.Close())
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "three\nfour\n", string(text), "no hole, and nothing twice")
}

func TestLeftovers(t *testing.T) {
	t.Parallel()
	path := logPath(t)
	var gz bytes.Buffer
	w := gzip.NewWriter(&gz)
	_, err := w.Write([]byte("one\n"))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	base := path + ".20240102T030405.00000"
	for name, text := range map[string]string{
		base + "1Z": "one\n", base + "1Z.gz": gz.String(), // complete: it died before removing the source
		base + "2Z": "two\n", base + "2Z.gz.tmp": gz.String()[:9],
		base + "3Z": "three\n", base + "3Z.gz": gz.String()[:12], // damaged
		base + "4Z.gz.tmp": "of no use", path: "four\n",
		path + ".20240102": "not ours\n",
	} {
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	}
	want := []string{"one", "two", "three", "four"}
	require.Equal(t, want, texts(t, path), "before")
	require.NoError(t, open(t, path, rotate.Config{Backups: -1, CloseWait: -1}).Close())
	require.Equal(t, want, texts(t, path), "after")
	names, err := filepath.Glob(path + ".2024*")
	require.NoError(t, err)
	require.Equal(t, []string{path + ".20240102", base + "1Z.gz", base + "2Z.gz", base + "3Z.gz"}, names)
}
