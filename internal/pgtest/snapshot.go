package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

func (s *Server) snapshot() string { return filepath.Join(s.dir, "snapshot") }

// Snapshot keeps a copy of the data of a server that has ended, for [Server.Restore]. There is one at a time.
func (s *Server) Snapshot(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running() {
		return errors.New("pgtest: Snapshot needs a server that was stopped")
	}
	if err := os.RemoveAll(s.snapshot()); err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	return s.owner.run(ctx, "cp", "-Rp", s.data, s.snapshot())
}

// Restore kills the server, puts the data of the last [Server.Snapshot] back, and starts it with an empty log. It takes a
// fraction of the time that a new server or a new standby takes.
func (s *Server) Restore(ctx context.Context) error {
	if err := s.Kill(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.removeSharedMemory()
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) { // processes may outlive a server that died by itself
		err := errors.Join(os.RemoveAll(s.data), os.RemoveAll(s.logPath()))
		if err == nil {
			break
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("pgtest: %w", err)
		}
	}
	if err := s.owner.run(ctx, "cp", "-Rp", s.snapshot(), s.data); err != nil {
		return err
	}
	return s.start(ctx)
}

// SetEnv sets variables of the environment, as NAME=value, that the server gets when it is started the next time, instead of those
// that were set before.
func (s *Server) SetEnv(variables ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.env = variables
}
