package logging

import (
	"context"
	"io"
	"sync"

	"go.uber.org/zap/zapcore"
)

// Lines is a sink that writes each record as one line, with one Write: JSON, or with text set as a line for people. It can
// be of any writer. An error of the writer is that of the record. Sync calls the writer's Sync() error, if it has that
// method; Close calls its Close.
//
// It locks around each Write.
func Lines(w io.Writer, level zapcore.Level, text bool) Sink {
	return &lines{w: w, level: level, text: text}
}

type lines struct {
	w     io.Writer
	level zapcore.Level
	text  bool

	mu sync.Mutex // held while a line is written, so that no two mix
}

func (l *lines) Level() zapcore.Level { return l.level }

func (l *lines) Write(r *Record) error {
	line := r.lineOf(l.text)
	l.mu.Lock()
	defer l.mu.Unlock()
	_, err := l.w.Write(line)
	return err
}

func (l *lines) Sync(context.Context) error {
	if s, ok := l.w.(interface{ Sync() error }); ok {
		return s.Sync()
	}
	return nil
}

func (l *lines) Close(context.Context) error {
	if c, ok := l.w.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// console hides the methods of a stream that is not ours to close or to sync: a terminal cannot be synced.
type console struct{ w io.Writer }

func (c console) Write(p []byte) (int, error) { return c.w.Write(p) }
