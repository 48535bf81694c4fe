package rotate

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"
)

// Backup is one file of a log, as [Backups] lists it.
type Backup struct {
	Path     string
	Rotated  time.Time // zero for the live file
	Ext      string    // of the codec, such as .gz; empty when it is not compressed
	Size     int64     // in bytes, as it is on the disk
	Modified time.Time // when its last line was written
}

// Live says whether it is the file that is written to.
func (b Backup) Live() bool { return b.Rotated.IsZero() }

// Backups lists the files of the log at path, oldest first and the live one, if there is any, at the end. Together they have each
// line once: of a backup that is being compressed only one form is listed. By the time they are opened they may be compressed
// or deleted; [Lines] copes with that.
//
// It fails with an [*Error] when the directory cannot be read, and returns nothing when it is not there.
func Backups(path string) ([]Backup, error) {
	target, err := resolve(path)
	if err != nil {
		return nil, fail("list", path, err)
	}
	live, out, err := scan(target, ".gz", ".zst")
	closeFile(live)
	return out, err
}

// scan lists the files, with the forms of backups that are preferred, and opens the live one, which is nil if there is none, so that none is twice or missing in between.
func scan(path string, exts ...string) (live *os.File, out []Backup, err error) {
	for try := 0; ; try++ {
		live, err := openRegular(path, os.O_RDONLY, 0)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, nil, fail("open", path, err)
		}
		out, err := listed(path, exts)
		if err != nil {
			closeFile(live)
			return nil, nil, err
		}
		const tries = 100
		if live == nil {
			if _, err := os.Lstat(path); err == nil && try < tries { // between two files
				continue
			}
			return nil, out, nil
		}
		if same(live, path) || try >= tries {
			if info, err := live.Stat(); err == nil {
				out = append(out, Backup{Path: path, Size: info.Size(), Modified: info.ModTime()})
			}
			return live, out, nil
		}
		live.Close() // it was rotated
	}
}

func closeFile(f *os.File) {
	if f != nil {
		f.Close()
	}
}

// listed returns the backups. Of those that are there in several forms, a complete one counts before what somebody put there.
func listed(path string, exts []string) ([]Backup, error) {
	for try := 0; ; try++ {
		backups, err := listTwice(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		if err != nil {
			return nil, fail("list", path, err)
		}
		var out []Backup
		for i := range backups {
			if b, ok := backups[i].look(exts); ok {
				out = append(out, b)
			}
		}
		const tries = 100
		if len(out) == len(backups) || try >= tries { // otherwise some were compressed or deleted meanwhile
			return out, nil
		}
	}
}

// listTwice lists the backups, and those that it missed: a directory is read in pieces, and a backup that is compressed in
// between may be found neither as it was nor compressed. It does not change a second time.
func listTwice(path string) ([]backup, error) {
	once, err := list(path)
	if err != nil {
		return nil, err
	}
	again, err := list(path)
	if err != nil {
		return nil, err
	}
	all := slices.Concat(once, again)
	slices.SortStableFunc(all, func(a, b backup) int { return strings.Compare(a.stamp, b.stamp) })
	var out []backup
	for _, b := range all {
		last := len(out) - 1
		if last < 0 || out[last].stamp != b.stamp {
			out = append(out, b)
			continue
		}
		out[last].raw = out[last].raw || b.raw
		out[last].exts = append(out[last].exts, b.exts...)
	}
	return slices.DeleteFunc(out, func(b backup) bool { return len(b.paths()) == 0 }), nil
}

// look returns the form of a backup that is read. The source comes first.
func (b *backup) look(preferred []string) (Backup, bool) {
	names := b.paths()
	slices.SortStableFunc(names, func(x, y string) int {
		return cmp.Compare(rank(x[len(b.base):], preferred), rank(y[len(b.base):], preferred))
	})
	for _, name := range names {
		if info, err := os.Lstat(name); err == nil {
			rotated, _ := time.Parse(stampLayout, b.stamp)
			return Backup{Path: name, Rotated: rotated, Ext: name[len(b.base):], Size: info.Size(), Modified: info.ModTime()}, true
		}
	}
	return Backup{}, false
}

func rank(ext string, preferred []string) int {
	i := slices.Index(preferred, ext)
	switch {
	case ext == "":
		return -1
	case i < 0:
		return len(preferred)
	}
	return i
}
