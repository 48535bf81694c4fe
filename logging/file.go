package logging

import (
	"context"
	"errors"

	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/logging/rotate"
)

// file is how a file is written.
type file struct {
	name  string // of the field
	path  string
	level zapcore.Level
	text  bool
	cfg   rotate.Config
}

// files returns the files of the configuration.
func (c Config) files() []file {
	var all []file
	if level, _ := ParseLevel(c.File.Level); c.File.Enabled.on() && level != Off {
		cfg := c.Files.config(c.File.MaxBytes, c.File.Backups)
		if !c.File.Rotate.on() {
			cfg.MaxBytes, cfg.Every = -1, rotate.Never
		}
		all = append(all, file{"File", c.path(c.File.Name), level, !c.File.Structured.on(), cfg})
	}
	if c.ErrorFile.Enabled.on() {
		cfg := c.Files.config(c.ErrorFile.MaxBytes, c.ErrorFile.Backups)
		all = append(all, file{"ErrorFile", c.path(c.ErrorFile.Name), zapcore.ErrorLevel, false, cfg})
	}
	return all
}

// config returns that of one file.
func (f Files) config(maxBytes int64, backups int) rotate.Config {
	return rotate.Config{
		MaxBytes: maxBytes, Backups: backups, Every: f.Every, Location: f.Location, MaxAge: f.MaxAge, MaxTotal: f.MaxTotal,
		FreeOnFull: f.FreeOnFull, Codec: f.Codec, SyncWrites: f.SyncWrites, OnError: f.OnError,
	}
}

// open opens the file.
func (f file) open() (*fileSink, error) {
	w, err := rotate.Open(f.path, f.cfg)
	if err != nil {
		return nil, wrap("open", err)
	}
	return &fileSink{file: w, path: f.path, level: f.level, text: f.text}, nil
}

// fileSink writes lines to a file, which has a lock of its own.
type fileSink struct {
	file  *rotate.File
	path  string
	level zapcore.Level
	text  bool
}

func (s *fileSink) Level() zapcore.Level { return s.level }

func (s *fileSink) Write(r *Record) error {
	_, err := s.file.Write(r.lineOf(s.text))
	return err
}

func (s *fileSink) Sync(context.Context) error { return s.file.Sync() }

func (s *fileSink) Close(context.Context) error { return s.file.Close() }

// Reopen opens the log files anew, for a program that moves them and says so, as logrotate does with a signal. The host catches
// the signal. Without it, that is noticed a tenth of a second late. All files are tried; the errors are joined.
func (l *Logs) Reopen() error { return l.eachFile("reopen", (*rotate.File).Reopen) }

// Rotate begins new log files. All are tried; the errors are joined.
func (l *Logs) Rotate() error { return l.eachFile("rotate", (*rotate.File).Rotate) }

func (l *Logs) eachFile(doing string, do func(*rotate.File) error) error {
	var errs []error
	for _, s := range l.sinks {
		if f, ok := s.(*fileSink); ok {
			errs = append(errs, do(f.file))
		}
	}
	return wrap(doing, errors.Join(errs...))
}

// FileStats returns what the log files did, by their paths.
func (l *Logs) FileStats() map[string]rotate.Stats {
	all := map[string]rotate.Stats{}
	for _, s := range l.sinks {
		if f, ok := s.(*fileSink); ok {
			all[f.path] = f.file.Stats()
		}
	}
	return all
}
