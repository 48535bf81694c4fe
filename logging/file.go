package logging

import (
	"os"

	"go.uber.org/zap/zapcore"
)

// file is how a file is written.
type file struct {
	path     string
	level    zapcore.Level
	text     bool
	maxBytes int64
	backups  int
}

// files returns the files of the configuration.
func (c Config) files() []file {
	var all []file
	if level, _ := ParseLevel(c.File.Level); c.File.Enabled.on() && level != Off {
		f := file{c.path(c.File.Name), level, !c.File.Structured.on(), c.File.MaxBytes, c.File.BackupCount}
		if !c.File.Rotate.on() {
			f.maxBytes = -1
		}
		all = append(all, f)
	}
	if c.ErrorFile.Enabled.on() {
		all = append(all, file{c.path(c.ErrorFile.Name), zapcore.ErrorLevel, false, c.ErrorFile.MaxBytes, c.ErrorFile.BackupCount})
	}
	return all
}

func (f file) open() (Sink, error) {
	w, err := os.OpenFile(f.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
	if err != nil {
		return nil, wrap("open", err)
	}
	return Lines(w, f.level, f.text), nil
}
