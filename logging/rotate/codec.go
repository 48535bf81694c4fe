package rotate

import (
	"compress/gzip"
	"io"
)

// Codec compresses rotated files. It must be safe for concurrent use; what it makes need not be.
type Codec interface {
	// Ext is what the names of compressed files end in, such as ".gz": a dot and up to 8 of a-z and 0-9. Empty means that files
	// are left as they are, and the other methods are not called.
	Ext() string
	// NewWriter compresses to w. Close must write all that is left, without closing w.
	NewWriter(w io.Writer) (io.WriteCloser, error)
	// NewReader returns what was compressed. It must return an error when r ends too early.
	NewReader(r io.Reader) (io.ReadCloser, error)
}

// Gzip is the codec of files that end in .gz.
type Gzip struct {
	// Level is from 1, the fastest, to 9. 0 is 6.
	Level int
}

// Ext returns ".gz".
func (g Gzip) Ext() string { return ".gz" }

// NewWriter returns a [gzip.Writer]. It fails when the level does not exist.
func (g Gzip) NewWriter(w io.Writer) (io.WriteCloser, error) {
	if g.Level == 0 {
		g.Level = gzip.DefaultCompression
	}
	return gzip.NewWriterLevel(w, g.Level)
}

// NewReader returns a [gzip.Reader].
func (g Gzip) NewReader(r io.Reader) (io.ReadCloser, error) { return gzip.NewReader(r) }

// None is the codec that leaves rotated files as they are.
type None struct{}

// Ext returns "".
func (None) Ext() string { return "" }

// NewWriter returns w.
func (None) NewWriter(w io.Writer) (io.WriteCloser, error) { return plain{w}, nil }

// NewReader returns r.
func (None) NewReader(r io.Reader) (io.ReadCloser, error) { return io.NopCloser(r), nil }

type plain struct{ io.Writer }

func (plain) Close() error { return nil }
