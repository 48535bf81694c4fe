package envcfg

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
)

// maxSecretFile limits a file that holds one secret, in bytes.
const maxSecretFile = 64 << 10

// layers are all places that values come from, but for the defaults in tags.
type layers struct {
	o           *Options
	environ     environ
	environment string
	files       []dotenvFile // weakest first
	problems    problems
	missing     []string        // .env files that are not there
	referred    map[string]bool // names that .env files refer to

	again         bool // pipes cannot be read again and again
	environmentAt Origin
	unknown       string                // what is wrong with the environment's name
	secretFiles   map[string]secretFile // by path; each is read once
}

type secretFile struct {
	text string
	err  error
}

type dotenvFile struct {
	path    string
	entries map[string]Entry
}

// open reads the files and finds the environment. What is wrong is kept in l.
func (l *layers) open(o *Options) {
	l.o = o
	l.environ.read(o)
	l.environment, l.environmentAt = o.Environment, Origin{Layer: FromCode}
	if v, ok := l.environ.lookup(EnvironmentName); l.environment == "" && ok && v != "" {
		l.environment, l.environmentAt.Layer = v, FromProcess
	}
	taken := false // the environment is part of the name of a file that was read
	for _, path := range o.files() {
		if strings.Contains(path, "${"+EnvironmentName+"}") {
			taken = true
			if l.environment == "" {
				l.environment, l.environmentAt.Layer = DefaultEnvironment, FromDefault
			}
			if o.checkEnvironment(l.environment) != "" {
				continue // reported below; its text does not become a path
			}
			path = strings.ReplaceAll(path, "${"+EnvironmentName+"}", l.environment)
		}
		if e, ok := l.read(path)[EnvironmentName]; ok && !e.Value.IsZero() {
			l.environmentIn(e, Origin{Layer: FromFile, File: path, Line: e.Line}, taken)
		}
	}
	if l.environment == "" {
		l.environment = DefaultEnvironment
		l.environmentAt.Layer = FromDefault
	}
	l.unknown = o.checkEnvironment(l.environment)
	for name := range o.Profiles[l.environment] {
		l.environ.note(name)
	}
}

// environmentIn takes the environment that a file names, unless a stronger place does. When another one has been part of the
// name of a file already, both cannot be right.
func (l *layers) environmentIn(e Entry, at Origin, taken bool) {
	switch l.environmentAt.Layer {
	case FromProcess:
		return
	case FromCode:
		if l.environment != "" {
			return
		}
	}
	if !taken {
		l.environment, l.environmentAt = e.Value.Reveal(), at
		return
	}
	if e.Value.Reveal() != l.environment && l.o.checkEnvironment(l.environment) == "" { // an unknown one is reported as such
		l.problems = append(l.problems, Problem{Kind: Conflict, Name: EnvironmentName, Origin: at, Reason: "names another environment than " + l.environment + ", which has chosen the files: set it in the process environment, or in the first file"})
	}
}

// wrong returns what is wrong with the files and with the environment, whose unknown name may be anything.
func (l *layers) wrong(hidden func() *secrets) problems {
	if l.unknown == "" {
		return l.problems
	}
	return append(l.problems, Problem{Kind: Invalid, Name: EnvironmentName, Origin: l.environmentAt, Reason: shown(l.shownEnvironment(hidden)) + " " + l.unknown})
}

// shownEnvironment is the environment's name as it may be shown.
func (l *layers) shownEnvironment(hidden func() *secrets) string {
	if l.unknown == "" {
		return l.environment
	}
	return hidden().display(l.environment)
}

// read adds a .env file, if there is one, and returns what it says.
func (l *layers) read(path string) map[string]Entry {
	text, err := readLimited(path, MaxDotenvSize, false)
	if errors.Is(err, fs.ErrNotExist) {
		l.missing = append(l.missing, path)
		return nil
	}
	if err != nil {
		l.problems = append(l.problems, Problem{Kind: Unreadable, Origin: Origin{Layer: FromFile, File: path}, Reason: "cannot be read: " + causeOf(err), err: err})
		return nil
	}
	entries, err := parseDotenv(path, text, l.o.Dialect, func(name string) (string, bool) {
		if l.referred == nil {
			l.referred = make(map[string]bool)
		}
		l.referred[name] = true
		return l.environ.lookup(name)
	}, func(name string) (string, bool) {
		value, _, ok := l.file(name)
		return value, ok
	})
	for _, e := range unjoin(err) {
		l.problems = append(l.problems, syntaxProblem(path, e))
	}
	f := dotenvFile{path: path, entries: make(map[string]Entry, len(entries))}
	for _, e := range entries {
		f.entries[e.Name] = e
		l.environ.note(e.Name)
	}
	l.files = append(l.files, f)
	return f.entries
}

// file looks a name up in the .env files.
func (l *layers) file(name string) (string, Origin, bool) {
	for _, f := range slices.Backward(l.files) {
		if e, ok := f.entries[name]; ok {
			return e.Value.Reveal(), Origin{Layer: FromFile, File: f.path, Line: e.Line}, true
		}
	}
	return "", Origin{}, false
}

// lookup returns the strongest value of a name.
func (l *layers) lookup(name string) (string, Origin, bool) {
	if value, ok := l.environ.lookup(name); ok {
		return value, Origin{Layer: FromProcess}, true
	}
	return l.below(name)
}

// below returns the strongest value of a name that the process environment does not have.
func (l *layers) below(name string) (string, Origin, bool) {
	for _, dir := range l.o.SecretDirs {
		if value, origin, ok := l.secretIn(dir, name); ok {
			return value, origin, true
		}
	}
	if value, origin, ok := l.file(name); ok {
		return value, origin, true
	}
	if value, ok := l.o.profile(l.environment, name); ok {
		return value, Origin{Layer: FromProfile, File: l.environment}, true
	}
	return "", Origin{}, false
}

// secretIn reads the file of a directory that is named like the variable. A name that could lead out of the directory names
// no file.
func (l *layers) secretIn(dir, name string) (string, Origin, bool) {
	if name == "" || name[0] == '.' || strings.IndexFunc(name, func(r rune) bool { return r > unicode.MaxASCII || !isNameByte(byte(r)) }) >= 0 { //nolint:gosec // ASCII
		return "", Origin{}, false
	}
	for _, base := range [...]string{name, strings.ToLower(name)} {
		path := filepath.Join(dir, base)
		_, again := l.secretFiles[path]
		value, err := l.secret(path)
		switch {
		case err == nil:
			return value, Origin{Layer: FromSecretFile, File: path}, true
		case !errors.Is(err, fs.ErrNotExist):
			if !again {
				l.problems = append(l.problems, Problem{Kind: Unreadable, Name: name, Origin: Origin{Layer: FromSecretFile, File: path}, Reason: "cannot be read: " + causeOf(err), err: err})
			}
			return "", Origin{}, false
		}
	}
	return "", Origin{}, false
}

// secret returns what a file says, without the line end that editors and echo leave behind.
func (l *layers) secret(path string) (string, error) {
	if f, ok := l.secretFiles[path]; ok {
		return f.text, f.err
	}
	text, err := readLimited(path, maxSecretFile, !l.again)
	if l.secretFiles == nil {
		l.secretFiles = make(map[string]secretFile)
	}
	f := secretFile{strings.TrimRight(text, "\r\n"), err}
	l.secretFiles[path] = f
	return f.text, f.err
}

// readLimited reads a whole regular file of at most limit bytes. A secret may also come through a pipe that ends; to look
// at a .env file again and again must not wait for somebody who writes.
func readLimited(path string, limit int, pipes bool) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !pipes && !info.Mode().IsRegular() && !info.IsDir() {
		return "", errors.New("is no regular file")
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, int64(limit)+1))
	if err != nil {
		return "", err
	}
	if len(text) > limit {
		return "", fmt.Errorf("larger than %d bytes", limit)
	}
	return string(text), nil
}

// causeOf returns the error without the path, which the message has already.
func causeOf(err error) string {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err.Error()
	}
	return err.Error()
}
