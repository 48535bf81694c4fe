package analysis

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"iter"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/logging"
	"github.com/prodwright/prodwright/logging/rotate"
)

// Files is an [Analyzer] of the JSON lines in a log that package rotate wrote: the live file at path and its backups, gzip or what
// codecs are given. Writers need not stop. A line that is not a record, such as one that a crash has torn, and a file that
// is damaged, go to onSkip, if that is not nil, and the rest is read; a directory that cannot be read, or that has no file of the log, is an
// error. Each question reads all the files.
func Files(path string, onSkip func(error), codecs ...rotate.Codec) Records {
	if onSkip == nil {
		onSkip = func(error) {}
	}
	return func(ctx context.Context, since time.Time, level zapcore.Level) iter.Seq2[logging.Record, error] {
		return func(yield func(logging.Record, error) bool) {
			files, err := rotate.Backups(path)
			if err == nil && len(files) == 0 {
				err = &fs.PathError{Op: "read the log", Path: path, Err: fs.ErrNotExist}
			}
			if err != nil {
				yield(logging.Record{}, fmt.Errorf("logging/analysis: %w", err))
				return
			}
			n := 0
			for line, err := range rotate.Lines(path, codecs...) {
				if n++; n%1024 == 0 && ctx.Err() != nil { // reading much and yielding little
					yield(logging.Record{}, ctx.Err())
					return
				}
				if err != nil {
					onSkip(err)
					continue
				}
				if !mayMatter(line, since, level) {
					continue
				}
				r, err := logging.ParseRecord(line)
				if err != nil {
					onSkip(err)
				} else if !yield(r, nil) {
					return
				}
			}
		}
	}
}

// mayMatter is a glance at a line in our own form, so that only those that may be wanted are parsed: the time is its first member,
// with all digits, and the level its second.
func mayMatter(line []byte, since time.Time, level zapcore.Level) bool {
	const (
		before = `{"timestamp":"`
		layout = "2006-01-02T15:04:05.000000Z"
		after  = `","level":"`
	)
	rest, ok := bytes.CutPrefix(line, []byte(before))
	if !ok || len(rest) < len(layout)+len(after) || string(rest[len(layout):len(layout)+len(after)]) != after {
		return true
	}
	if year := since.UTC().Year(); year > 0 && year < 10_000 && string(rest[:len(layout)]) < since.UTC().Format(layout) {
		return false
	}
	name, _, _ := bytes.Cut(rest[len(layout)+len(after):], []byte{'"'})
	has, err := logging.ParseLevel(string(name))
	return err != nil || has >= level
}
