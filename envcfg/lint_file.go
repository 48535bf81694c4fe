package envcfg

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// files looks for files with secrets that others may read or change, and reports each once.
func (l *linter) files() {
	looked := make(map[string]bool)
	for i := range l.report.Settings {
		s := &l.report.Settings[i]
		path := s.Origin.File
		if !s.Secret || s.text.IsZero() || looked[path] || s.Origin.Layer != FromFile && s.Origin.Layer != FromSecretFile {
			continue
		}
		looked[path] = true
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		const remedy = "chmod 600 "
		switch mode := info.Mode().Perm(); {
		case mode&0o002 != 0:
			l.add(s, SeverityWarning, fmt.Sprintf("everybody on this machine may change its file (mode %04o)", mode), remedy+path)
		case mode&0o004 != 0 && (s.Origin.Layer == FromFile || !isShut(path)):
			l.add(s, SeverityWarning, fmt.Sprintf("everybody on this machine may read its file (mode %04o)", mode), remedy+path)
		}
	}
}

// isShut says whether others do not get at the file of a secret whatever its own mode is: it lies where containers mount
// secrets, where that is 0444 and nobody else lives, or in a directory that lets nobody else in.
func isShut(path string) bool {
	dir := filepath.Dir(filepath.Clean(path))
	for _, mount := range [...]string{"/run/secrets", "/var/run/secrets"} {
		if dir == mount || strings.HasPrefix(dir, mount+"/") {
			return true
		}
	}
	if info, err := os.Lstat(filepath.Join(dir, "..data")); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		return true // Kubernetes mounts secrets so, wherever that is
	}
	info, err := os.Stat(dir)
	return err == nil && info.Mode().Perm()&0o001 == 0
}
