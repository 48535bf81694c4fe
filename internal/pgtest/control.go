package pgtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// Start starts a server again that was stopped, crashed or killed, on the same port and data. It returns when the
// server answers. On a running server it does nothing.
func (s *Server) Start(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.start(ctx)
}

func (s *Server) start(ctx context.Context) error {
	if s.running() {
		return nil
	}
	log, err := os.OpenFile(s.logPath(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	defer func() { _ = log.Close() }()
	cmd := exec.Command(s.bin.Path("postgres"), "-D", s.data) //nolint:noctx // it ends by our signals
	s.owner.own(cmd)
	cmd.Env = append(cmd.Env, s.env...)
	cmd.Stdout, cmd.Stderr = log, log
	if s.cfg.Log != nil {
		both := io.MultiWriter(log, s.cfg.Log)
		cmd.Stdout, cmd.Stderr = both, both
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("pgtest: start: %w", err)
	}
	if err := s.guard.watch("server", cmd.Process.Pid); err != nil {
		return errors.Join(fmt.Errorf("pgtest: %w", err), cmd.Process.Kill(), cmd.Wait())
	}
	exited := make(chan struct{})
	s.cmd, s.exited = cmd, exited
	guard := s.guard
	go func() {
		_ = cmd.Wait()         // how it ended is in the log
		guard.forget("server") // the kernel may give the number to another process now
		close(exited)
	}()
	return s.until(ctx, exited, "answer", func(ctx context.Context) error {
		conn, err := s.admin(ctx, "postgres")
		if err != nil {
			return err
		}
		return conn.Close(ctx)
	})
}

// running reports whether the server's process exists.
func (s *Server) running() bool {
	if s.exited == nil {
		return false
	}
	select {
	case <-s.exited:
		return false
	default:
		return true
	}
}

// ended returns a channel that is closed when the present process has ended.
func (s *Server) ended() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.exited
}

// until tries f until it succeeds, the server ends, or time is up.
func (s *Server) until(ctx context.Context, exited <-chan struct{}, what string, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := f(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-exited:
			return s.withLog(fmt.Errorf("pgtest: %s ended instead of coming to %s", s.cfg.Name, what))
		case <-ctx.Done():
			return s.withLog(fmt.Errorf("pgtest: %s did not come to %s: %w (last: %w)", s.cfg.Name, what, ctx.Err(), err))
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (s *Server) withLog(err error) error {
	return fmt.Errorf("%w\nlast lines of its log:\n%s", err, s.LogTail(15))
}

// Stop shuts the server down fast (SIGINT): sessions are ended, nothing is lost. It returns when the server has ended.
func (s *Server) Stop(ctx context.Context) error { return s.end(ctx, syscall.SIGINT) }

// Crash shuts the server down at once (SIGQUIT), without a checkpoint: the next start recovers.
func (s *Server) Crash(ctx context.Context) error { return s.end(ctx, syscall.SIGQUIT) }

func (s *Server) end(ctx context.Context, sig syscall.Signal) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.running() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := s.cmd.Process.Signal(sig); err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	select {
	case <-s.exited:
		return nil
	case <-ctx.Done():
		return s.withLog(fmt.Errorf("pgtest: %s did not end after %v: %w", s.cfg.Name, sig, ctx.Err()))
	}
}

// Kill ends the server and every process of it with kill -9, as a power failure would, also when it hangs. It returns
// when all of them are gone.
func (s *Server) Kill() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.running() {
		return nil
	}
	pid := s.cmd.Process.Pid
	_ = syscall.Kill(pid, syscall.SIGSTOP) // so that it starts no process meanwhile
	family := append(children(pid), pid)
	for _, p := range family {
		_ = syscall.Kill(p, syscall.SIGKILL) // it may have ended by itself
	}
	<-s.exited
	for _, p := range family[:len(family)-1] {
		for deadline := time.Now().Add(patience); !gone(p); time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				return fmt.Errorf("pgtest: process %d of %s outlives kill -9", p, s.cfg.Name)
			}
		}
	}
	return nil
}

// Hang stops the server and every process of it (SIGSTOP): connections stay open and nothing answers, which is nastier
// than an end. Continue resumes it.
func (s *Server) Hang() error { return s.signalAll(syscall.SIGSTOP) }

// Continue resumes a server that hangs (SIGCONT).
func (s *Server) Continue() error { return s.signalAll(syscall.SIGCONT) }

func (s *Server) signalAll(sig syscall.Signal) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.running() {
		return fmt.Errorf("pgtest: %s is not running", s.cfg.Name)
	}
	pid := s.cmd.Process.Pid
	if err := syscall.Kill(pid, sig); err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	for _, p := range children(pid) {
		_ = syscall.Kill(p, sig) // it may have ended by itself
	}
	return nil
}

// Restart stops the server fast and starts it again.
func (s *Server) Restart(ctx context.Context) error {
	if err := s.Stop(ctx); err != nil {
		return err
	}
	return s.Start(ctx)
}

// PID returns the process id of the running server, 0 when it does not run.
func (s *Server) PID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.running() {
		return 0
	}
	return s.cmd.Process.Pid
}

// Promote makes a standby a primary. It returns when the server accepts writes.
func (s *Server) Promote(ctx context.Context) error {
	if err := s.Exec(ctx, "postgres", "select pg_promote(false)"); err != nil {
		return err
	}
	return s.until(ctx, s.ended(), "accept writes", func(ctx context.Context) error {
		var standby bool
		if err := s.scan(ctx, &standby, "select pg_is_in_recovery()"); err != nil {
			return err
		}
		if standby {
			return errors.New("still a standby")
		}
		return nil
	})
}
