package sysmon

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// files reads the kernel's files below a prefix. It notes which of them gave something and which could not be read.
type files struct {
	root   string
	read   []string
	unread []error
}

// at returns the path of a file below the prefix.
func (f *files) at(name string) string { return filepath.Join(f.root, filepath.FromSlash(name)) }

// failedf notes that something could not be read.
func (f *files) failedf(format string, args ...any) {
	f.unread = append(f.unread, fmt.Errorf(format, args...))
}

// get reads and parses a file. One that does not exist is nothing unusual: a kernel without pressure figures, a group
// without the controller. One that exists and cannot be read or understood is noted.
func get[T any](f *files, name string, parse func(string) (T, error)) (value T, ok bool) {
	text, err := os.ReadFile(f.at(name))
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, errors.ErrUnsupported):
		return value, false
	case err != nil:
		f.failedf("%w", err)
		return value, false
	}
	value, err = parse(string(text))
	if err != nil {
		f.failedf("%s: %w", name, err)
		return value, false
	}
	f.read = append(f.read, name)
	return value, true
}

// must is [get] of a file that has to exist because others do.
func must[T any](f *files, name string, parse func(string) (T, error)) (value T, ok bool) {
	before := len(f.unread)
	value, ok = get(f, name, parse)
	if !ok && len(f.unread) == before {
		f.failedf("%s does not exist", name)
	}
	return value, ok
}
