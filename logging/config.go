package logging

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/logging/redact"
	"github.com/prodwright/prodwright/logging/rotate"
)

// Config of [Logs]. The zero value logs to the console and to two files in the directory logs.
//
// Levels are DEBUG, INFO, WARNING, ERROR, CRITICAL and OFF, and the other names that [ParseLevel] knows. The tags are for a
// loader such as package envcfg.
type Config struct {
	// Level is the lowest level of all loggers. Defaults to INFO.
	Level string `env:"LOG_LEVEL" default:"INFO" doc:"lowest level of all loggers"`
	// Levels are those of loggers by their names, as in app.db=DEBUG. See [Levels].
	Levels map[string]string `env:"LOG_LEVELS" doc:"levels of loggers, as in app.db=DEBUG,http=WARNING"`
	// Dir is the directory of files whose names are not absolute. Defaults to logs, and in the environment to /var/log/app. It
	// is made when it is not there.
	Dir string `env:"LOG_DIR" default:"/var/log/app" doc:"directory of log files"`

	// Console is the standard error, as text.
	Console Console
	// File has all records, as JSON.
	File File
	// ErrorFile has the records of level ERROR and above.
	ErrorFile ErrorFile
	// Files is what both files have in common.
	Files Files
	// Sinks are further ones, such as that of package pglog. [Logs.Close] closes them.
	Sinks []Sink
	// Cores get every entry that its logger's level and their own let pass, with secrets removed: bridges to OpenTelemetry or
	// to an error tracker.
	Cores []zapcore.Core

	// Caller adds module, function and line. On by default; it takes about as much time as the rest.
	Caller Switch `env:"LOG_CALLER" default:"on" doc:"add module, function and line"`
	// Release is the version of the program, for the question which errors are new. Defaults to none.
	Release string `env:"LOG_RELEASE" doc:"version of the program, in each record"`
	// Redact says what a secret is. By default those are hidden that have a usual name, a usual look or a method Reveal.
	Redact redact.Config
	// Repeat limits repetitions. Off by default.
	Repeat Repeat
	// Fallback gets records that no sink took, and messages about that, at most one a second. Defaults to os.Stderr.
	Fallback io.Writer
}

// Console is where a person looks.
type Console struct {
	Enabled Switch `env:"LOG_CONSOLE_ENABLED" default:"true" doc:"log to the console"`
	// Level defaults to INFO.
	Level string `env:"LOG_CONSOLE_LEVEL" default:"INFO" doc:"lowest level on the console"`
	// Structured writes JSON instead of text.
	Structured bool `env:"LOG_CONSOLE_STRUCTURED" default:"false" doc:"JSON on the console"`
	// Writer defaults to os.Stderr.
	Writer io.Writer
}

// File is the file of all records.
type File struct {
	Enabled Switch `env:"LOG_FILE_ENABLED" default:"true" doc:"log to a file"`
	// Name is the path, below Dir unless it is absolute. Defaults to application.log.
	Name string `env:"LOG_FILE_NAME" default:"application.log" doc:"name of the log file"`
	// Level defaults to INFO.
	Level string `env:"LOG_FILE_LEVEL" default:"INFO" doc:"lowest level in the file"`
	// Structured is JSON, the default. Off is text for people.
	Structured Switch `env:"LOG_FILE_STRUCTURED" default:"true" doc:"JSON in the file"`
	// Rotate begins a new file when MaxBytes are full. On by default.
	Rotate Switch `env:"LOG_FILE_ROTATE" default:"true" doc:"rotate the file by its size"`
	// MaxBytes defaults to 10 MiB; -1 is no limit.
	MaxBytes int64 `env:"LOG_FILE_MAX_BYTES" default:"10485760" unit:"bytes" doc:"size at which the file is rotated"`
	// Backups is how many rotated files are kept. Defaults to 5; -1 keeps all.
	Backups int `env:"LOG_FILE_BACKUP_COUNT" default:"5" doc:"rotated files that are kept; -1 for all"`
}

// ErrorFile is the file of errors alone, always JSON.
type ErrorFile struct {
	Enabled Switch `env:"LOG_ERROR_FILE_ENABLED" default:"true" doc:"log errors to a file of their own"`
	// Name is the path, below Dir unless it is absolute. Defaults to error.log.
	Name string `env:"LOG_ERROR_FILE_NAME" default:"error.log" doc:"name of the file of errors"`
	// MaxBytes defaults to 5 MiB; -1 is no limit.
	MaxBytes int64 `env:"LOG_ERROR_FILE_MAX_BYTES" default:"5242880" unit:"bytes" doc:"size at which the file of errors is rotated"`
	// Backups is how many rotated files are kept. Defaults to 10; -1 keeps all.
	Backups int `env:"LOG_ERROR_FILE_BACKUP_COUNT" default:"10" doc:"rotated files of errors that are kept; -1 for all"`
}

// Files is what all files have in common. Package rotate says what each means; the zero value rotates by size alone and
// compresses with gzip.
type Files struct {
	// Every is the period of the calendar that a file is for, in Location, which defaults to time.Local. Defaults to none.
	Every    rotate.Period  `env:"LOG_FILE_EVERY" default:"never" doc:"never, hourly, daily, weekly or monthly: a file for each"`
	Location *time.Location `env:"LOG_FILE_ZONE" doc:"time zone in which the periods of files begin"`
	// MaxAge is the age at which rotated files are deleted, MaxTotal how many bytes those of one log may take. 0 is no limit.
	MaxAge   time.Duration `env:"LOG_FILE_MAX_AGE" default:"0s" unit:"d" doc:"age at which rotated files are deleted; 0 is never"`
	MaxTotal int64         `env:"LOG_FILE_MAX_TOTAL" default:"0" unit:"bytes" doc:"bytes of all rotated files of a log; 0 is no limit"`
	// FreeOnFull deletes the oldest rotated files when the disk is full.
	FreeOnFull bool `env:"LOG_FILE_FREE_ON_FULL" default:"false" doc:"delete the oldest rotated files when the disk is full"`
	// SyncWrites waits for the disk after each line.
	SyncWrites bool `env:"LOG_FILE_SYNC_WRITES" default:"false" doc:"wait for the disk after each line"`
	// Codec compresses rotated files. Defaults to gzip.
	Codec rotate.Codec
	// OnError is told of failed rotation, compression and retention. It must not log through these logs. Nil tells nobody.
	OnError func(error)
}

// The defaults of [Config].
const (
	DefaultDir              = "logs"
	DefaultFileName         = "application.log"
	DefaultMaxBytes         = 10 << 20
	DefaultBackups          = 5
	DefaultErrorFileName    = "error.log"
	DefaultErrorMaxBytes    = 5 << 20
	DefaultErrorFileBackups = 10
)

// withDefaults returns a copy that has no zero values where there is a default.
func (c Config) withDefaults() Config {
	c.Level = cmp.Or(c.Level, "INFO")
	c.Dir = cmp.Or(c.Dir, DefaultDir)
	c.Console.Level = cmp.Or(c.Console.Level, "INFO")
	f := &c.File
	f.Name, f.Level = cmp.Or(f.Name, DefaultFileName), cmp.Or(f.Level, "INFO")
	f.MaxBytes, f.Backups = cmp.Or(f.MaxBytes, DefaultMaxBytes), cmp.Or(f.Backups, DefaultBackups)
	e := &c.ErrorFile
	e.Name, e.MaxBytes, e.Backups = cmp.Or(e.Name, DefaultErrorFileName), cmp.Or(e.MaxBytes, DefaultErrorMaxBytes), cmp.Or(e.Backups, DefaultErrorFileBackups)
	c.Repeat.Interval = cmp.Or(c.Repeat.Interval, DefaultRepeatInterval)
	return c
}

// Validate returns all that is wrong, joined, each beginning with the name of its field.
func (c Config) Validate() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	level := func(field, value string) {
		if _, err := ParseLevel(value); value != "" && err != nil {
			wrong("%s is %q: must be DEBUG, INFO, WARNING, ERROR, CRITICAL or OFF", field, value)
		}
	}
	level("Level", c.Level)
	for _, name := range slices.Sorted(maps.Keys(c.Levels)) {
		if name == "" || c.Levels[name] == "" {
			wrong("Levels has %q=%q: both must be there; the level of all loggers is Level", name, c.Levels[name])
		}
		level(fmt.Sprintf("Levels[%q]", name), c.Levels[name])
	}
	level("Console.Level", c.Console.Level)
	level("File.Level", c.File.Level)
	d := c.withDefaults()
	for _, f := range d.files() {
		for _, problem := range several(f.cfg.Validate()) {
			wrong("%s.%w", f.name, problem)
		}
	}
	for _, problem := range several(c.Redact.Validate()) {
		wrong("Redact: %w", problem)
	}
	if d.File.Enabled.on() && d.ErrorFile.Enabled.on() && d.path(d.File.Name) == d.path(d.ErrorFile.Name) {
		wrong("File.Name and ErrorFile.Name are both %q: they must differ", c.ErrorFile.Name)
	}
	if c.Repeat.First < 0 {
		wrong("Repeat.First is %d: must be positive, or 0 for no limit", c.Repeat.First)
	}
	if c.Repeat.Interval < 0 {
		wrong("Repeat.Interval is %v: must be positive, or 0 for %v", c.Repeat.Interval, DefaultRepeatInterval)
	}
	for i, s := range c.Sinks {
		if s == nil {
			wrong("Sinks[%d] is nil", i)
		}
	}
	for i, s := range c.Cores {
		if s == nil {
			wrong("Cores[%d] is nil", i)
		}
	}
	return errors.Join(errs...)
}

// several returns what errors.Join joined.
func several(err error) []error {
	if many, ok := err.(interface{ Unwrap() []error }); ok { // only the outermost
		return many.Unwrap()
	}
	return nil
}

// path returns that of a file.
func (c Config) path(name string) string {
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	return filepath.Join(c.Dir, name)
}

// Switch is on, off, or as it is by default, which is the zero value.
type Switch int8

// The values of a [Switch].
const (
	Default Switch = 0
	On      Switch = 1
	Disable Switch = -1
)

// on reports whether a switch whose default is on is.
func (s Switch) on() bool { return s != Disable }

// UnmarshalText reads true, yes, on, 1 and their opposites, in any case. An empty text is the default.
func (s *Switch) UnmarshalText(text []byte) error {
	switch strings.ToLower(string(text)) {
	case "true", "yes", "on", "1":
		*s = On
	case "false", "no", "off", "0":
		*s = Disable
	case "":
		*s = Default
	default:
		return errors.New("must be true or false")
	}
	return nil
}

// MarshalText returns true, false, or nothing for the default.
func (s Switch) MarshalText() ([]byte, error) {
	switch s {
	case On:
		return []byte("true"), nil
	case Disable:
		return []byte("false"), nil
	}
	return nil, nil
}

// String returns true, false or default.
func (s Switch) String() string {
	if text, _ := s.MarshalText(); len(text) > 0 {
		return string(text)
	}
	return "default"
}
