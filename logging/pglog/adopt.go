package pglog

import (
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"sort"
	"syscall"
)

// newSpill makes the directory if need be and adopts what dead processes left there for the same table.
func newSpill(cfg Config) (*spill, error) {
	if err := os.MkdirAll(cfg.SpillDir, 0o700); err != nil {
		return nil, fmt.Errorf("logging/pglog: SpillDir: %w", err)
	}
	if err := mayWrite(cfg.SpillDir); err != nil {
		return nil, fmt.Errorf("logging/pglog: SpillDir: %w", err)
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(cfg.Table))
	s := &spill{dir: cfg.SpillDir, key: fmt.Sprintf("pglog-%016x", h.Sum64()), limit: cfg.SpillBytes, chunk: cfg.SegmentBytes}
	if cfg.Durable {
		s.keep = cfg.SegmentBytes
		if s.limit > 0 {
			s.keep = min(s.keep, s.limit/8)
		}
	}
	if err := s.adopt(); err != nil {
		return nil, fmt.Errorf("logging/pglog: SpillDir: %w", errors.Join(err, s.close()))
	}
	return s, nil
}

// mayWrite returns an error if files cannot be made in a directory because it is not allowed. A disk that is full today is not to
// keep a program from starting.
func mayWrite(dir string) error {
	f, err := os.CreateTemp(dir, ".pglog-")
	switch {
	case err == nil:
		return errors.Join(f.Close(), os.Remove(f.Name()))
	case errors.Is(err, os.ErrPermission) || errors.Is(err, syscall.EROFS):
		return err
	}
	return nil
}

// maxFiles is how many files are open before more are adopted: processes that died again and again may have left thousands, and
// a process may open so many only.
const maxFiles = 64

// adopt takes over what dead processes left. What is not readable is reported, and the rest adopted, as far as it
// may be opened.
func (s *spill) adopt() error {
	paths, err := filepath.Glob(filepath.Join(escapeGlob(s.dir), s.key+"-*"+segmentSuffix))
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	mine := make(map[string]bool, len(s.files))
	for _, f := range s.files {
		mine[f.path] = true
	}
	var failed []error
	s.more = false
	for _, path := range paths { // oldest first
		if mine[path] {
			continue
		}
		if s.more = len(s.files) >= maxFiles; s.more {
			break
		}
		f, err := adoptSegment(path)
		failed = append(failed, err)
		if f != nil {
			s.begin()
			s.files = append(s.files, f)
			s.bytes += f.size
		}
	}
	sort.SliceStable(s.files, func(i, j int) bool { // the one that is read stays the first
		return s.files[i] != s.active && (s.files[j] == s.active || s.files[i].path < s.files[j].path)
	})
	return errors.Join(failed...)
}

// escapeGlob makes a directory's name a pattern of itself.
func escapeGlob(dir string) string {
	out := make([]byte, 0, len(dir))
	for i := range len(dir) {
		switch dir[i] {
		case '*', '?', '[', '\\':
			if adopts { // where a backslash separates, it cannot escape
				out = append(out, '\\')
			}
		}
		out = append(out, dir[i])
	}
	return string(out)
}

// adoptMore goes on where adopt stopped, when there is room again.
func (s *spill) adoptMore() error {
	s.mu.Lock()
	wanted := s.more && len(s.files) < maxFiles/2
	s.mu.Unlock()
	if !wanted {
		return nil
	}
	return s.adopt()
}
