package rotate

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// ErrClosed is what methods of a closed [File] return. It wraps [fs.ErrClosed].
var ErrClosed = fmt.Errorf("logging/rotate: %w", fs.ErrClosed)

// ErrBusy is what [File.Rotate] and [Open] return when another process holds a lock for longer than 5 s, which only one that
// was stopped does.
var ErrBusy = errors.New("another process holds the lock")

// Error is what went wrong with a file. Its cause is what the system said.
type Error struct {
	Op   string // such as open, write, rename, compress
	Path string
	Err  error
}

// Error returns "logging/rotate: op path: cause".
func (e *Error) Error() string {
	return "logging/rotate: " + e.Op + " " + e.Path + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// fail makes an *Error, leaving out what the errors of package os repeat.
func fail(op, path string, err error) error {
	if err == nil {
		return nil
	}
	if done := (*Error)(nil); errors.As(err, &done) {
		return err
	}
	if p := (*fs.PathError)(nil); errors.As(err, &p) {
		err = p.Err
	} else if l := (*os.LinkError)(nil); errors.As(err, &l) {
		err = l.Err
	}
	return &Error{Op: op, Path: path, Err: err}
}
