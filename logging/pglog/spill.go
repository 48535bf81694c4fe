package pglog

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"
)

// shares are how much of the spill's size the classes may use, in percent, from DEBUG to CRITICAL.
var shares = [classes]int64{60, 70, 80, 90, 100}

// spill is the records on disk. Records are appended at one end by whoever has some, and read at the other by the sender.
type spill struct {
	dir, key     string
	limit, chunk int64 // bytes of all, 0 or less = no limit; of a file
	keep         int64 // up to which size a file that is stored is written on, so that not each batch has a file of its own

	syncing sync.Mutex // held during an fsync, so that who waits for it shares it with others

	mu     sync.Mutex // guards everything below and orders what is written
	files  []*segment // oldest first
	active *segment   // the last of files, if it is written to
	bytes  int64
	count  int // records of this process that wait here
	dirty  bool
	synced time.Time
	since  time.Time // when it was empty for the last time
	failed error     // of the last write
	retry  time.Time // when another write may be tried after that
	buf    []byte
	more   bool // dead processes left more than could be opened
	closed bool
}

// begin notes when the spill stopped being empty. It is called with the lock.
func (s *spill) begin() {
	if len(s.files) == 0 {
		s.since = time.Now()
	}
}

// append writes records that were not sent, or, with an id, a piece of a batch that may be stored already. It returns how
// many it refused of each class because they may not use more of the disk. With an error nothing was written.
func (s *spill) append(rows []row, id *uuid) (refused [classes]int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed != nil && time.Now().Before(s.retry) {
		return refused, s.failed
	}
	if err = s.open(); err == nil {
		if s.idle(s.active) {
			s.since = time.Now()
		}
		buf, n := s.buf[:0], 0
		for i := range rows {
			class := classOf(rows[i].Level)
			if id == nil && s.limit > 0 && (s.bytes+int64(len(buf))+int64(rows[i].size))*100 > s.limit*shares[class] {
				refused[class]++
				continue
			}
			buf = appendRecord(buf, &rows[i].Record, s.active.id)
			n++
		}
		if id != nil {
			head := appendBatch(nil, *id, len(buf), s.active.id)
			buf = append(head, buf...)
		}
		s.buf = buf[:0]
		if cap(buf) > 4<<20 {
			s.buf = nil
		}
		if err = s.active.write(buf); err == nil {
			s.bytes += int64(len(buf))
			s.active.count += n
			s.count += n
			s.dirty = s.dirty || n > 0
		}
	}
	s.failed = err
	if err != nil {
		s.retry = time.Now().Add(time.Second)
		return [classes]int{}, fmt.Errorf("logging/pglog: spill: %w", err)
	}
	return refused, nil
}

// open makes sure that there is a file to write to. It is called with the lock.
func (s *spill) open() error {
	if s.closed {
		return os.ErrClosed
	}
	if s.active != nil && s.active.size < s.chunk {
		return nil
	}
	if s.active != nil && s.dirty {
		if err := s.active.f.Sync(); err != nil {
			return err
		}
		s.dirty = false
	}
	f, err := createSegment(s.dir, s.key)
	if errors.Is(err, os.ErrNotExist) { // somebody removed the directory
		if err = os.MkdirAll(s.dir, 0o700); err == nil {
			f, err = createSegment(s.dir, s.key)
		}
	}
	if err != nil {
		return err
	}
	s.begin()
	s.files, s.active = append(s.files, f), f
	s.bytes += f.size
	return nil
}

// sync makes durable what was written. With a positive age it does so only when the last time is that long ago.
func (s *spill) sync(age time.Duration) error {
	s.syncing.Lock()
	defer s.syncing.Unlock()
	s.mu.Lock()
	f := s.active
	if f == nil || !s.dirty || age > 0 && time.Since(s.synced) < age {
		s.mu.Unlock()
		return nil
	}
	s.dirty = false
	s.mu.Unlock()
	err := f.f.Sync() // outside the lock: writers need not wait for the disk
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil && (s.active == f || errors.Is(err, os.ErrClosed)) {
		if errors.Is(err, os.ErrClosed) { // stored and removed meanwhile
			return nil
		}
		s.dirty = true
		return fmt.Errorf("logging/pglog: spill: %w", err)
	}
	s.synced = time.Now()
	return nil
}

// oldest returns the file to read and how much of it there is, or nil.
func (s *spill) oldest() (f *segment, size int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.files) == 0 || s.idle(s.files[0]) {
		return nil, 0
	}
	return s.files[0], s.files[0].size
}

// idle reports whether a file waits for more records, and none of it for the database. It is called with the lock.
func (s *spill) idle(f *segment) bool { return f == s.active && f.pos >= f.size && f.size < s.keep }

// stored says that the database has the file up to there. If that is all of it the file is removed and true returned.
// The database remembers it longer, so that a file that a loss of power brings back is not stored again.
func (s *spill) stored(f *segment, pos int64, records int) (gone bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.pos = pos
	if took := min(records, f.count); took > 0 {
		f.count -= took
		s.count -= took
	}
	if pos < f.size || s.idle(f) {
		return false, nil
	}
	s.drop(f)
	return true, f.remove()
}

// drop takes a file out, wherever it stands: the keeper may have adopted older ones since it was the oldest. It is called with the
// lock.
func (s *spill) drop(f *segment) {
	if f == s.active {
		s.active, s.dirty = nil, false
	}
	if i := slices.Index(s.files, f); i >= 0 {
		s.files = slices.Delete(s.files, i, i+1)
		s.bytes -= f.size
		s.count -= f.count
	}
}

// letGo gives up a file that cannot be read. It is adopted again later, by this process or another one.
func (s *spill) letGo(f *segment) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(f)
	_ = f.f.Close() // what was written stays in it
}

// close leaves the files to the next process.
func (s *spill) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []error
	if s.active != nil && s.dirty {
		all = append(all, s.active.f.Sync())
	}
	for _, f := range s.files {
		if s.idle(f) {
			all = append(all, f.remove())
			continue
		}
		all = append(all, f.f.Close())
	}
	s.closed, s.dirty = true, false
	s.files, s.active = nil, nil
	return errors.Join(all...)
}
