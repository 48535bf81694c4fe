package zstd_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/logging/rotate"
	"github.com/prodwright/prodwright/logging/rotate/zstd"
)

func ExampleCodec() {
	cfg := rotate.Config{Codec: zstd.Codec{}}
	fmt.Println(cfg.Codec.Ext(), cfg.Validate())
	// Output: .zst <nil>
}

func TestWhatWasCompressedComesBack(t *testing.T) {
	t.Parallel()
	text := strings.Repeat(`{"message":"a line of a log"}`+"\n", 10000)
	for _, level := range []int{0, 1, 9, 22} {
		var b bytes.Buffer
		w, err := zstd.Codec{Level: level}.NewWriter(&b)
		require.NoError(t, err)
		_, err = io.WriteString(w, text)
		require.NoError(t, err)
		require.NoError(t, w.Close())
		require.Less(t, b.Len(), len(text)/100)
		r, err := zstd.Codec{}.NewReader(bytes.NewReader(b.Bytes()))
		require.NoError(t, err)
		got, err := io.ReadAll(r)
		require.NoError(t, err)
		require.Equal(t, text, string(got))
		r, err = zstd.Codec{}.NewReader(bytes.NewReader(b.Bytes()[:b.Len()/2]))
		require.NoError(t, err)
		_, err = io.ReadAll(r)
		require.Error(t, err, "it ends too early")
	}
}

func TestRotatedFilesAreReadBack(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/a.log"
	f, err := rotate.Open(path, rotate.Config{Codec: zstd.Codec{}, CloseWait: -1})
	require.NoError(t, err)
	for range 3 {
		_, err := f.Write([]byte("line"))
		require.NoError(t, err)
		require.NoError(t, f.Rotate())
	}
	require.NoError(t, f.Close())
	files, err := rotate.Backups(path)
	require.NoError(t, err)
	require.Equal(t, ".zst", files[0].Ext)
	n := 0
	for line, err := range rotate.Lines(path, zstd.Codec{}) {
		require.NoError(t, err)
		require.Equal(t, "line", string(line))
		n++
	}
	require.Equal(t, 3, n)
}
