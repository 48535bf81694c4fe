package pglog

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// segment is a file of the spill. Its lock is held as long as it is open, so that nobody else adopts it.
type segment struct {
	f     *os.File
	path  string
	id    uuid
	size  int64 // of what is sound, as far as is known
	pos   int64 // up to which it is stored; the database knows better
	count int   // of the records that were written, for a file of this process
	since time.Time
}

const segmentSuffix = ".spill"

// createSegment makes an empty file for the table that key names.
func createSegment(dir, key string) (*segment, error) {
	id := newUUID()
	now := time.Now()
	// The time comes first so that names sort as they were made.
	path := filepath.Join(dir, fmt.Sprintf("%s-%016x-%s%s", key, now.UnixNano(), id, segmentSuffix))
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	s := &segment{f: f, path: path, id: id, size: fileHeader, pos: fileHeader, since: now}
	locked, err := tryLock(f)
	if err == nil && !locked {
		err = errors.New("another process took the new file")
	}
	if err == nil {
		_, err = f.WriteAt(append([]byte(fileMagic), id[:]...), 0)
	}
	if err == nil {
		err = syncDir(dir)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(path))
	}
	return s, nil
}

// adoptSegment opens a file that a dead process left. It returns nil without an error if the owner lives, or the file is
// gone.
func adoptSegment(path string) (*segment, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil //nolint:nilnil // as said above
	}
	if err != nil {
		return nil, err
	}
	locked, err := tryLock(f)
	if err != nil || !locked {
		return nil, errors.Join(err, f.Close())
	}
	s, err := readHeader(f, path)
	if err != nil || s == nil {
		return nil, errors.Join(err, f.Close())
	}
	return s, nil
}

// readHeader returns the file as a segment, or nil if it is gone or was never used, in which case it is removed.
func readHeader(f *os.File, path string) (*segment, error) {
	open, err := f.Stat()
	if err != nil {
		return nil, err
	}
	there, err := os.Stat(path)
	if err != nil || !os.SameFile(open, there) { // its owner was done with it while we opened it
		return nil, nil //nolint:nilerr,nilnil // as said above
	}
	header := make([]byte, fileHeader)
	if _, err := f.ReadAt(header, 0); err != nil {
		if errors.Is(err, io.EOF) { // made, and nothing more
			if time.Since(open.ModTime()) < time.Minute {
				return nil, nil //nolint:nilnil // perhaps this very moment, before it could be locked
			}
			return nil, os.Remove(path)
		}
		return nil, err
	}
	id := header[len(fileMagic):]
	if lost := make([]byte, fileHeader); bytes.Equal(header, lost) { // a loss of power, after which the name is there and not what was written
		id = idOf(path)
	} else if string(header[:len(fileMagic)]) != fileMagic {
		return nil, fmt.Errorf("%s is not a file of the spill; move it away", path)
	}
	s := &segment{f: f, path: path, size: open.Size(), pos: fileHeader, since: open.ModTime()}
	copy(s.id[:], id)
	return s, nil
}

// idOf returns the id of a file, which its name ends with, or nothing if the name is no such one.
func idOf(path string) []byte {
	name := strings.TrimSuffix(path, segmentSuffix)
	id, err := hex.DecodeString(name[max(0, len(name)-2*len(uuid{})):])
	if err != nil {
		return nil
	}
	return id
}

// write appends sound frames. When that fails what was written of them is cut off again; if that is not possible either,
// readers skip it.
func (s *segment) write(frames []byte) error {
	if _, err := s.f.WriteAt(frames, s.size); err != nil {
		_ = s.f.Truncate(s.size)
		return err
	}
	s.size += int64(len(frames))
	return nil
}

// remove deletes the file and gives its lock back.
func (s *segment) remove() error {
	if !adopts { // where a file that is open cannot be removed
		return errors.Join(s.f.Close(), os.Remove(s.path))
	}
	return errors.Join(os.Remove(s.path), s.f.Close())
}

// syncDir makes the names in a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if err != nil && (errors.Is(err, os.ErrInvalid) || strings.Contains(err.Error(), "invalid argument") || !adopts) {
		err = nil // a file system that cannot do it
	}
	return errors.Join(err, d.Close())
}
