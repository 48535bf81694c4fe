package pglog

import (
	"os"
	"time"

	"github.com/prodwright/prodwright/logging"
)

// ReadSegment reads a file of the spill as the sink does, and returns the records, how many damaged places there were, and
// whether it ends in the middle of a frame.
func ReadSegment(path string, maxRows int) (records []logging.Record, corrupt int, torn bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, false, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, 0, false, err
	}
	s, err := readHeader(f, path)
	if err != nil || s == nil {
		return nil, 0, false, err
	}
	r := reader{window: 1000} // so that all that is read lies across the end of one
	for s.pos < info.Size() {
		c, err := r.next(s, info.Size(), maxRows, 1<<20)
		if err != nil {
			return records, corrupt, torn, err
		}
		if c.to <= c.from {
			panic("no progress")
		}
		for i := range c.rows {
			record := c.rows[i].Record
			record.Extra = append([]byte(nil), record.Extra...)
			records = append(records, record)
		}
		corrupt += c.corrupt
		torn = torn || c.torn
		s.pos = c.to
	}
	return records, corrupt, torn, nil
}

// WriteSegment writes records into a file of the spill in dir, the last of them as a batch, and returns its path.
func WriteSegment(dir string, records []logging.Record, batch int) (string, error) {
	s, err := newSpill(Config{SpillDir: dir}.withDefaults())
	if err != nil {
		return "", err
	}
	rows := make([]row, len(records))
	for i := range records {
		rows[i].set(&records[i])
	}
	if _, err = s.append(rows[:len(rows)-batch], nil); err == nil && batch > 0 {
		id := newUUID()
		_, err = s.append(rows[len(rows)-batch:], &id)
	}
	if err != nil {
		return "", err
	}
	path := s.active.path
	return path, s.close()
}

// Defaults returns what a sink uses.
func Defaults(c Config) Config { return c.withDefaults() }

// StoreWhileAdopting begins to store the oldest of two files of the spill in dir, adopts what meanwhile puts there, and says that the file
// is stored. It returns the files that the spill then knows of, and their size.
func StoreWhileAdopting(dir string, meanwhile func()) (files []string, size int64, err error) {
	s, err := newSpill(Config{SpillDir: dir}.withDefaults())
	if err != nil {
		return nil, 0, err
	}
	adopted := func(n int) error { // a process that is being started elsewhere holds the locks of our files for a moment
		for len(s.files) < n {
			if err := s.adopt(); err != nil {
				return err
			}
			time.Sleep(time.Millisecond)
		}
		return nil
	}
	if err := adopted(2); err != nil {
		return nil, 0, err
	}
	f, end := s.oldest()
	meanwhile()
	if err := adopted(3); err != nil {
		return nil, 0, err
	}
	if _, err := s.stored(f, end, 1); err != nil {
		return nil, 0, err
	}
	for _, f := range s.files {
		files = append(files, f.path)
	}
	return files, s.bytes, s.close()
}

// BreakSpill makes the oldest file of a sink's spill unreadable.
func BreakSpill(s *Sink) {
	f, _ := s.spill.oldest()
	s.spill.mu.Lock()
	defer s.spill.mu.Unlock()
	_ = f.f.Close()
}
