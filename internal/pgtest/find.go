package pgtest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// BinEnv names the environment variable that overrides the search for PostgreSQL's programs.
const BinEnv = "PRODWRIGHT_PGBIN"

// Binaries are the programs of one PostgreSQL installation.
type Binaries struct {
	Dir     string // where they are
	Version string // such as "15.18"
	Major   int    // such as 15
}

// Path returns the path of one program, such as "pg_dump".
func (b Binaries) Path(name string) string { return filepath.Join(b.Dir, name) }

// NotFoundError is returned when a program is not installed. Its text has the command that installs it.
type NotFoundError struct {
	Program string
	Install string // a shell command for this operating system
}

// Error names the program and the command.
func (e *NotFoundError) Error() string {
	return fmt.Sprintf("pgtest: %s is not installed; install it with: %s", e.Program, e.Install)
}

// Find locates PostgreSQL's programs: in the directory named by PRODWRIGHT_PGBIN, else where pg_config says, else where
// the packages of the common systems put them, newest version first, else beside the postgres in PATH. The wrapper
// scripts that Debian puts into PATH are never used. Errors are a [*NotFoundError].
func Find() (Binaries, error) {
	if dir := os.Getenv(BinEnv); dir != "" {
		if b, ok := inspect(dir); ok {
			return b, nil
		}
		return Binaries{}, fmt.Errorf("pgtest: %s is %s, where initdb and postgres do not run", BinEnv, dir)
	}
	for _, dir := range candidates() {
		if b, ok := inspect(dir); ok {
			return b, nil
		}
	}
	return Binaries{}, &NotFoundError{Program: "PostgreSQL", Install: installCommand("postgresql", "postgresql@17")}
}

func candidates() []string {
	var dirs []string
	if out, err := exec.CommandContext(context.Background(), "pg_config", "--bindir").Output(); err == nil {
		dirs = append(dirs, strings.TrimSpace(string(out)))
	}
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin",          // Debian, Ubuntu
		"/usr/pgsql-*/bin",                   // the project's RPMs
		"/usr/libexec/postgresql*",           // Alpine
		"/opt/homebrew/opt/postgresql@*/bin", // Homebrew does not link versioned formulae
		"/usr/local/opt/postgresql@*/bin",
		"/Applications/Postgres.app/Contents/Versions/*/bin",
	} {
		found, _ := filepath.Glob(pattern) // the patterns are well-formed
		slices.SortFunc(found, func(a, b string) int { return number(b) - number(a) })
		dirs = append(dirs, found...)
	}
	if path, err := exec.LookPath("postgres"); err == nil {
		if target, err := filepath.EvalSymlinks(path); err == nil {
			dirs = append(dirs, filepath.Dir(target))
		}
	}
	return dirs
}

// number returns the first number in a path, such as the version in "/usr/lib/postgresql/15/bin".
func number(path string) int {
	digits := strings.FieldsFunc(path, func(r rune) bool { return r < '0' || r > '9' })
	if len(digits) == 0 {
		return 0
	}
	n, _ := strconv.Atoi(digits[0])
	return n
}

// inspect reports whether dir holds a server, and which.
func inspect(dir string) (Binaries, bool) {
	b := Binaries{Dir: dir}
	if _, err := os.Stat(b.Path("initdb")); err != nil {
		return b, false
	}
	out, err := exec.CommandContext(context.Background(), b.Path("postgres"), "--version").Output() // postgres (PostgreSQL) 15.18 (Debian ...)
	fields := strings.Fields(string(out))
	if err != nil || len(fields) < 3 {
		return b, false
	}
	b.Version = fields[2]
	b.Major = number(b.Version)
	return b, b.Major > 0
}

// installCommand returns how to install a package here.
func installCommand(pkg, formula string) string {
	if runtime.GOOS == "darwin" {
		return "brew install " + formula
	}
	for _, m := range []struct{ program, command string }{
		{"apt-get", "apt-get update && apt-get install -y --no-install-recommends "},
		{"dnf", "dnf install -y "},
		{"apk", "apk add "},
		{"pacman", "pacman -S --noconfirm "},
	} {
		if _, err := exec.LookPath(m.program); err == nil {
			return "sudo " + strings.ReplaceAll(m.command, "&& ", "&& sudo ") + pkg
		}
	}
	return "your package manager (package " + pkg + "), then set " + BinEnv + " to the directory of its programs"
}
