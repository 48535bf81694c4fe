package rotate

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	stampLayout = "20060102T150405.000000Z"
	tmpExt      = ".tmp"
)

// backupName is what the name of a backup says.
type backupName struct {
	stamp string // its time, as it is written
	ext   string // of its codec, with the dot
	tmp   bool   // it was still being written
}

// parseName reads the name of a backup of the file called base.
func parseName(base, name string) (backupName, bool) {
	rest, ok := strings.CutPrefix(name, base+".")
	if !ok || len(rest) < len(stampLayout) {
		return backupName{}, false
	}
	n := backupName{stamp: rest[:len(stampLayout)], ext: rest[len(stampLayout):]}
	if t, err := time.Parse(stampLayout, n.stamp); err != nil || stamp(t) != n.stamp {
		return backupName{}, false
	}
	n.ext, n.tmp = strings.CutSuffix(n.ext, tmpExt)
	if n.ext == "" {
		return n, !n.tmp
	}
	return n, validExt(n.ext)
}

func stamp(t time.Time) string { return t.UTC().Format(stampLayout) }

// after returns the stamp of a backup that follows one with another stamp, which is "" if there is none. It fails after the year 9999.
func after(newest string, now time.Time) (string, error) {
	s := stamp(now)
	if s <= newest {
		t, _ := time.Parse(stampLayout, newest)
		s = stamp(t.Add(time.Microsecond))
	}
	if len(s) != len(stampLayout) {
		return "", fmt.Errorf("there is no later name than that of the backup %s: delete or rename that", newest)
	}
	return s, nil
}

// roomFor says whether the names of backups are not longer than file systems take.
func roomFor(path, ext string) error {
	const most = 255
	room := most - len(".") - len(stampLayout) - len(ext)
	if ext != "" {
		room -= len(tmpExt)
	}
	if n := len(filepath.Base(path)); n > room {
		return fmt.Errorf("the name is too long for backups: it has %d bytes, and may have %d", n, room)
	}
	return nil
}

func validExt(ext string) bool {
	if len(ext) < 2 || len(ext) > 9 || ext[0] != '.' || ext == tmpExt {
		return false
	}
	return strings.Trim(ext[1:], "abcdefghijklmnopqrstuvwxyz0123456789") == ""
}

// backup is a rotated file in all its forms: as it was, compressed, and half compressed. Two are there for a moment while it
// is compressed, or after a crash.
type backup struct {
	base  string // path without extension
	stamp string
	raw   bool     // it is there as it was
	exts  []string // of the compressed ones
	tmps  []string // of those that are not complete
}

// paths returns the files of which each has all lines.
func (b *backup) paths() []string {
	var out []string
	if b.raw {
		out = append(out, b.base)
	}
	for _, ext := range b.exts {
		out = append(out, b.base+ext)
	}
	return out
}

// list returns the backups of a file, oldest first.
func list(path string) ([]backup, error) {
	dir, base := filepath.Split(path)
	if dir == "" {
		dir = "."
	}
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	entries, err := d.ReadDir(-1)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	var out []backup
	for _, e := range entries {
		n, ok := parseName(base, e.Name())
		if !ok || !e.Type().IsRegular() {
			continue
		}
		if len(out) == 0 || out[len(out)-1].stamp != n.stamp {
			out = append(out, backup{base: path + "." + n.stamp, stamp: n.stamp})
		}
		b := &out[len(out)-1]
		switch {
		case n.tmp:
			b.tmps = append(b.tmps, n.ext)
		case n.ext == "":
			b.raw = true
		default:
			b.exts = append(b.exts, n.ext)
		}
	}
	return out, nil
}

// resolve returns the path that is written to: absolute, and that of the target where the last element is a symbolic link.
func resolve(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	for range 40 {
		info, err := os.Lstat(path)
		if err != nil || info.Mode()&fs.ModeSymlink == 0 {
			return path, nil //nolint:nilerr // it need not exist yet
		}
		target, err := os.Readlink(path)
		if err != nil {
			return "", err
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(path), target)
		}
		path = filepath.Clean(target)
	}
	return "", errLinks
}
