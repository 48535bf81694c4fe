package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// mountDisk puts the data directory on a small disk in memory.
func (s *Server) mountDisk() error {
	mount := filepath.Join(s.dir, "disk")
	if err := s.owner.mkdir(mount); err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	if err := syscall.Mount("tmpfs", mount, "tmpfs", 0, fmt.Sprintf("size=%d,mode=0700,uid=%d,gid=%d", s.cfg.DiskSize, s.owner.uid, s.owner.gid)); err != nil {
		return fmt.Errorf("pgtest: DiskSize needs root and the right to mount: %w", err)
	}
	s.data = filepath.Join(mount, "data")
	return nil
}

func (s *Server) unmountDisk() error {
	err := syscall.Unmount(filepath.Join(s.dir, "disk"), syscall.MNT_DETACH)
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.EPERM) { // never mounted
		return nil
	}
	return err
}

// FillDisk leaves no byte free on the server's disk until free is called. It needs DiskSize.
func (s *Server) FillDisk(ctx context.Context) (free func() error, err error) {
	if s.cfg.DiskSize <= 0 {
		return nil, errors.New("pgtest: FillDisk needs a server with DiskSize")
	}
	name := filepath.Join(s.dir, "disk", "filler")
	f, err := os.Create(name)
	if err != nil {
		return nil, fmt.Errorf("pgtest: %w", err)
	}
	for size := 1 << 20; size > 0 && ctx.Err() == nil; {
		if _, err := f.Write(make([]byte, size)); err != nil {
			size /= 2
		}
	}
	return func() error { return os.Remove(name) }, errors.Join(f.Close(), ctx.Err())
}
