package envdoc

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// Files are the paths of the documents; an empty one is not written.
type Files struct {
	Template string // of a .env.example
	Markdown string
	Schema   string // of a JSON schema
}

// StaleError says that a file is not what the struct would make it.
type StaleError struct {
	Path string
	Line int // the first that differs, counted from 1; 0 when the file is missing
}

// Error names the file and the line, and what to do.
func (e *StaleError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("envdoc: %s is missing: write it from the configuration struct", e.Path)
	}
	return fmt.Sprintf("envdoc: %s:%d is stale: write it again from the configuration struct", e.Path, e.Line)
}

// Write writes the documents of T. A file that is right already is not touched; the others are replaced as a whole.
func Write[T any](f Files) error {
	return each[T](f, func(path, text string) error {
		if stale(path, text) == nil {
			return nil
		}
		temporary := path + ".tmp"
		if err := os.WriteFile(temporary, []byte(text), 0o644); err != nil { //nolint:gosec // documentation, without secrets
			return fmt.Errorf("envdoc: %w", err)
		}
		if err := os.Rename(temporary, path); err != nil {
			_ = os.Remove(temporary)
			return fmt.Errorf("envdoc: %w", err)
		}
		return nil
	})
}

// Check returns a [*StaleError] for each document that is not what [Write] would write, joined.
func Check[T any](f Files) error { return each[T](f, stale) }

func each[T any](f Files, do func(path, text string) error) error {
	var errs []error
	for _, d := range []struct {
		path string
		make func() (string, error)
	}{{f.Template, Template[T]}, {f.Markdown, Markdown[T]}, {f.Schema, Schema[T]}} {
		if d.path == "" {
			continue
		}
		text, err := d.make()
		if err != nil {
			return err
		}
		errs = append(errs, do(d.path, text))
	}
	return errors.Join(errs...)
}

func stale(path, text string) error {
	read, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &StaleError{Path: path}
	}
	if err != nil {
		return fmt.Errorf("envdoc: %w", err)
	}
	have := strings.ReplaceAll(string(read), "\r\n", "\n") // git may have changed the line ends
	if have == text {
		return nil
	}
	line := 1
	want := strings.Split(text, "\n")
	for i, l := range strings.Split(have, "\n") {
		if i >= len(want) || l != want[i] {
			break
		}
		line++
	}
	return &StaleError{Path: path, Line: line}
}
