package rotate

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"time"
)

// Defaults of [Config]. A zero field takes the default of its name.
const (
	DefaultMaxBytes  = 10 << 20
	DefaultBackups   = 5
	DefaultMode      = fs.FileMode(0o640)
	DefaultCloseWait = 5 * time.Second
)

// minBytes is the least MaxBytes, so that a slip of the unit does not make a file of each line.
const minBytes = 1 << 10

// Config says when a file is rotated and what is kept. The zero value is ready to use. The env tags have no prefix, since a
// program has several files: give the field that holds a Config one, such as LOG_FILE_.
//
// Processes that share a file should have the same Config. If not, each does what its own says: the smallest limits count.
type Config struct {
	// MaxBytes is the size that the file does not exceed when one process writes, unless a single line does or rotation fails. Among
	// several, nobody waits: up to 64 lines of each that did not look yet how large it is come on top, and what the others write until
	// one has renamed it. That is a few kB as a rule; with 8 processes that do nothing but write on 2 processors, where the one may be
	// put aside in the middle, up to 1 MB was seen. Defaults to 10 MiB; -1 means no limit. At least 1 KiB.
	MaxBytes int64 `env:"MAX_BYTES" default:"10485760" doc:"size at which the file is rotated; -1 means no limit"`
	// Every is the period of the calendar that a file is for, in Location. The first line of the next period rotates it, so the file
	// may be older when nobody writes. Defaults to Never.
	Every Period `env:"EVERY" default:"never" doc:"never, hourly, daily, weekly or monthly"`
	// Location is the time zone in which periods begin. Defaults to time.Local.
	Location *time.Location `env:"ZONE" doc:"time zone in which periods begin"`

	// Backups is how many rotated files are kept. Defaults to 5; -1 means all.
	Backups int `env:"BACKUP_COUNT" default:"5" doc:"rotated files that are kept; -1 means all"`
	// MaxAge is the age of its last line at which a rotated file is deleted. 0 and -1 mean that age does not matter. It is looked at
	// when the file is opened and whenever it rotates.
	MaxAge time.Duration `env:"MAX_AGE" default:"0" doc:"age at which rotated files are deleted; 0 means never"`
	// MaxTotal is how many bytes all rotated files together may take, as they are on the disk; the newest is kept whatever its size.
	// 0 and -1 mean no limit.
	MaxTotal int64 `env:"MAX_TOTAL" default:"0" doc:"bytes of all rotated files together; 0 means no limit"`
	// FreeOnFull says that the oldest rotated files are deleted, one by one, when the disk is full.
	FreeOnFull bool `env:"FREE_ON_FULL" default:"false" doc:"delete the oldest rotated files when the disk is full"`

	// Codec compresses rotated files. Defaults to Gzip; None leaves them as they are.
	Codec Codec
	// Mode is the mode of a new file, less the umask. A file that follows another one gets its mode and, if allowed, its owner.
	// Defaults to 0640, and must let the owner read and write. Missing directories are made with 0750.
	Mode fs.FileMode
	// SyncWrites makes each Write wait until the line is on the disk. Lines of goroutines that write at the same time share the wait.
	SyncWrites bool `env:"SYNC_WRITES" default:"false" doc:"wait for the disk after each line"`
	// Unshared says that no other process, and no other File, has the file open: no locks are taken. It is for file systems that have none.
	Unshared bool `env:"UNSHARED" default:"false" doc:"take no locks; only one process may have the file open"`
	// CloseWait is how long Close waits for compression. What is not finished then is begun anew by the next process that opens the
	// file. Defaults to 5 s; -1 means until all is done.
	CloseWait time.Duration `env:"CLOSE_WAIT" default:"5s" unit:"s" doc:"longest wait for compression at the end; off means until it is done"`
	// OnError is told what no caller gets to know: failed rotation, compression and retention, always an *Error. It is called
	// outside of locks, by the writer that met it or by the background goroutine, so at the same time as itself. It must not
	// call Close. Nil means nobody is told; [Stats] counts all the same.
	OnError func(err error)
}

func (c Config) withDefaults() Config {
	c.MaxBytes = cmp.Or(c.MaxBytes, DefaultMaxBytes)
	c.Backups = cmp.Or(c.Backups, DefaultBackups)
	c.Mode = cmp.Or(c.Mode, DefaultMode)
	c.CloseWait = cmp.Or(c.CloseWait, DefaultCloseWait)
	if c.Location == nil {
		c.Location = time.Local //nolint:gosmopolitan // midnight where the operator sits is what is meant
	}
	if c.Codec == nil {
		c.Codec = Gzip{}
	}
	if c.OnError == nil {
		c.OnError = func(error) {}
	}
	return c
}

// Validate returns every problem of the configuration, joined, each with the field, its value and the rule.
func (c Config) Validate() error {
	c = c.withDefaults()
	var errs []error
	problem := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if c.MaxBytes != -1 && c.MaxBytes < minBytes {
		problem("MaxBytes is %d: must be at least %d, or -1 for no limit", c.MaxBytes, minBytes)
	}
	if c.Every < Never || c.Every > Monthly {
		problem("Every is %d: must be Never, Hourly, Daily, Weekly or Monthly", int(c.Every))
	}
	if c.Backups < -1 {
		problem("Backups is %d: must be positive, or -1 for all", c.Backups)
	}
	if c.MaxAge < -1 {
		problem("MaxAge is %v: must be positive, or 0 for no limit", c.MaxAge)
	}
	if c.MaxTotal < -1 {
		problem("MaxTotal is %d: must be positive, or 0 for no limit", c.MaxTotal)
	}
	if ext := c.Codec.Ext(); ext != "" && !validExt(ext) {
		problem("Codec has the extension %q: must be a dot and up to 8 of a-z and 0-9, and not .tmp", ext)
	}
	if c.Mode&^fs.ModePerm != 0 || c.Mode&0o600 != 0o600 {
		problem("Mode is %#o: must be permissions with which the owner can read and write, such as 0640", uint32(c.Mode))
	}
	if c.CloseWait < -1 {
		problem("CloseWait is %v: must be positive, or -1 for no limit", c.CloseWait)
	}
	return errors.Join(errs...)
}
