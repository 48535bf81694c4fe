// Package zstd compresses the rotated files of package rotate with Zstandard, which is faster than gzip and makes smaller files:
//
//	f, err := rotate.Open(path, rotate.Config{Codec: zstd.Codec{}})
//
// To read them, give [rotate.Lines] the codec, too.
package zstd

import (
	"io"

	"github.com/klauspost/compress/zstd"
)

// Codec is the codec of files that end in .zst. It is safe for concurrent use.
type Codec struct {
	// Level is as in the zstd program, from 1, the fastest, to 22; there are four different ones. 0 is 3.
	Level int
}

// Ext returns ".zst".
func (Codec) Ext() string { return ".zst" }

// NewWriter compresses to w in the goroutine that writes. It has a window of at most 1 MiB, to be small in memory.
func (c Codec) NewWriter(w io.Writer) (io.WriteCloser, error) {
	if c.Level == 0 {
		c.Level = 3
	}
	return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20), zstd.WithEncoderLevel(zstd.EncoderLevelFromZstd(c.Level)))
}

// NewReader returns what was compressed, in the goroutine that reads.
func (Codec) NewReader(r io.Reader) (io.ReadCloser, error) {
	d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	return d.IOReadCloser(), nil
}
