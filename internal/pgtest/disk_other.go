//go:build !linux

package pgtest

import (
	"context"
	"errors"
)

var errNoDisk = errors.New("pgtest: DiskSize needs Linux and root")

func (s *Server) mountDisk() error   { return errNoDisk }
func (s *Server) unmountDisk() error { return nil }

// FillDisk leaves no byte free on the server's disk until free is called. It needs DiskSize, which needs Linux and root.
func (s *Server) FillDisk(context.Context) (free func() error, err error) { return nil, errNoDisk }
