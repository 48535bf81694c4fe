package rotate

import (
	"errors"
	"io/fs"
	"os"
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
	real, err := resolve(path)
	if err != nil {
		return nil, fail("list", path, err)
	}
	live, out, err := scan(real)
	closeFile(live)
	return out, err
}

// scan lists the files and opens the live one, which is nil if there is none, so that none is twice or missing in between.
func scan(path string) (live *os.File, out []Backup, err error) {
	for try := 0; ; try++ {
		live, err := openRegular(path, os.O_RDONLY, 0)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, nil, fail("open", path, err)
		}
		out, err := listed(path)
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

// listed returns the backups.
func listed(path string) ([]Backup, error) {
	backups, err := list(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fail("list", path, err)
	}
	var out []Backup
	for _, b := range backups {
		for _, name := range b.paths() { // the source comes first: it is complete
			info, err := os.Lstat(name)
			if err != nil {
				continue
			}
			rotated, _ := time.Parse(stampLayout, b.stamp)
			out = append(out, Backup{Path: name, Rotated: rotated, Ext: name[len(b.base):], Size: info.Size(), Modified: info.ModTime()})
			break
		}
	}
	return out, nil
}
