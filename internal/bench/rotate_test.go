package bench

import (
	"flag"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/DeRuina/timberjack"
	"gopkg.in/natefinch/lumberjack.v2"

	"github.com/prodwright/prodwright/logging/rotate"
	"github.com/prodwright/prodwright/logging/rotate/zstd"
)

// logLine is 177 bytes with its newline.
var logLine = strings.Repeat(`{"level":"info","message":"a line of a log"}`, 4) + "\n"

const never = 1 << 20 // MiB, larger than any file here

// fileWriters are the peers and ours, with files of so many MiB and compression, or of any size.
func fileWriters(b *testing.B, size int) (names []string, writers []io.WriteCloser) {
	b.Helper()
	limit := int64(size) << 20
	dir := b.TempDir()
	path := func(name string) string { return filepath.Join(dir, name, "application.log") }
	ours := func(name string, codec rotate.Codec) io.WriteCloser {
		f, err := rotate.Open(path(name), rotate.Config{MaxBytes: limit, Codec: codec, OnError: func(err error) { b.Error(err) }})
		if err != nil {
			b.Fatal(err)
		}
		return f
	}
	gzip := size < never
	names = []string{"lumberjack", "lumberjack-again", "timberjack", "rotate"}
	for _, name := range names[:2] {
		writers = append(writers, &lumberjack.Logger{Filename: path(name), MaxSize: size, MaxBackups: 5, Compress: gzip})
	}
	compression := "none"
	if gzip {
		compression = "gzip"
	}
	writers = append(writers, &timberjack.Logger{Filename: path("timberjack"), MaxSize: size, MaxBackups: 5, Compression: compression})
	writers = append(writers, ours("rotate", nil))
	if gzip {
		names = append(names, "rotate-gzip-1", "rotate-zstd")
		writers = append(writers, ours("rotate-gzip-1", rotate.Gzip{Level: 1}), ours("rotate-zstd", zstd.Codec{}))
	}
	return names, writers
}

// BenchmarkRotateWrite compares the CPU time of one line when nothing rotates. The bar is 0.95 of lumberjack's lines.
func BenchmarkRotateWrite(b *testing.B) {
	names, writers := fileWriters(b, never)
	line := []byte(logLine)
	var variants []variant
	for i, w := range writers {
		v := variant{name: names[i], run: func(n int) {
			for range n {
				if _, err := w.Write(line); err != nil {
					b.Fatal(err)
				}
			}
		}}
		if v.name == "rotate" {
			v.max = 1 / 0.95
		}
		variants = append(variants, v)
		b.Cleanup(func() { w.Close() })
	}
	compare(b, 2000, variants...)
}

// BenchmarkRotateGzip compares lines in a second by the clock on the wall, as compression runs beside the writer: 60 MB
// in files of 10 MiB, including the wait for what is still compressed at the end where Close has one. The writers take
// turns, and the median of five is what counts.
func BenchmarkRotateGzip(b *testing.B) {
	rates := make(map[string][]float64)
	var order []string
	lines, runs := 340_000, runs
	if flag.Lookup("test.benchtime").Value.String() == "1x" { // only to see that it works
		lines, runs = 1000, 1
	}
	line := []byte(logLine)
	for range runs {
		names, writers := fileWriters(b, 10)
		order = names
		for i, w := range writers {
			start := time.Now()
			for range lines {
				if _, err := w.Write(line); err != nil {
					b.Fatal(err)
				}
			}
			rates[names[i]] = append(rates[names[i]], float64(lines)/time.Since(start).Seconds())
			w.Close()
			time.Sleep(2 * time.Second) // the peers' Close does not wait for their compression
		}
	}
	base := median(rates["lumberjack"])
	for _, name := range order {
		b.Run(name, func(b *testing.B) {
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(median(rates[name]), "lines/s")
			b.ReportMetric(median(rates[name])/base, "x-lumberjack")
			b.ReportMetric(slices.Max(rates[name]), "best-lines/s")
		})
	}
}
