package kubetest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/prodwright/prodwright/internal/freeport"
)

// Admin is the user who may do everything.
const Admin = "admin"

// Config describes a server. The zero value is one that only [Admin] may use.
type Config struct {
	// Users are the names of more users, who may do nothing until a role lets them.
	Users []string
	// Flags are more flags of kube-apiserver. Later ones win over earlier ones, and over those that are always set.
	Flags []string
}

// Server is an API server, running or not, with a running etcd.
type Server struct {
	cfg      Config
	programs programs
	dir      string
	guard    *guard
	tokens   map[string]string

	ports           [2]*freeport.Port // of etcd: for clients, and for its peers, of which there are none
	port            *freeport.Port
	etcd, apiserver *process
	ca              []byte
	closed          bool
}

// Start starts a server. It returns when that is ready. Errors carry the last lines of the log; when a program
// is missing it is a [*NotFoundError].
func Start(ctx context.Context, cfg Config) (*Server, error) {
	found, err := find()
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, programs: found, tokens: make(map[string]string)}
	if s.dir, err = os.MkdirTemp("", "kubetest"); err != nil {
		return nil, fmt.Errorf("kubetest: %w", err)
	}
	if s.guard, err = newGuard(s.dir); err != nil {
		return nil, errors.Join(fmt.Errorf("kubetest: guard: %w", err), os.RemoveAll(s.dir))
	}
	if err := s.create(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// create starts both programs, on other ports when somebody took those that were free.
func (s *Server) create(ctx context.Context) error {
	for _, user := range append([]string{Admin}, s.cfg.Users...) {
		s.tokens[user] = rand.Text()
	}
	if err := s.write(); err != nil {
		return fmt.Errorf("kubetest: %w", err)
	}
	if err := again(func() error { return s.startEtcd(ctx) }); err != nil {
		return err
	}
	return again(func() (err error) {
		if s.port != nil {
			s.port.Release()
		}
		if s.port, err = freeport.Take(); err != nil {
			return err
		}
		return s.Start(ctx)
	})
}

// again tries a start a few times, if only the port is the matter.
func again(start func() error) (err error) {
	for range 5 {
		if err = start(); err == nil || !strings.Contains(err.Error(), "address already in use") {
			return err
		}
	}
	return err
}

// Start starts the API server again that was killed, on the same port and data. It returns when that is ready. On a running
// server it does nothing.
func (s *Server) Start(ctx context.Context) (err error) {
	if s.apiserver.running() {
		return nil
	}
	if s.apiserver, err = launch(s.guard, "kube-apiserver", s.programs.apiserver, s.flags()...); err != nil {
		return err
	}
	return s.until(ctx, s.apiserver, s.ready)
}

// Kill ends the API server at once, as kill -9 does. etcd goes on.
func (s *Server) Kill() { s.apiserver.kill() }

// Hang stops the API server without ending it: it accepts connections and answers nothing.
func (s *Server) Hang() error {
	if err := s.apiserver.signal(syscall.SIGSTOP); err != nil {
		return err
	}
	for range 1000 {
		if s.apiserver.stopped() {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return errors.New("kubetest: kube-apiserver does not stop")
}

// Resume lets it go on.
func (s *Server) Resume() error { return s.apiserver.signal(syscall.SIGCONT) }

// Close ends both programs and removes their files. Later calls do nothing.
func (s *Server) Close() error {
	if s.closed {
		return nil
	}
	s.closed = true
	s.apiserver.kill()
	s.etcd.kill()
	err := s.guard.close()
	for _, p := range append(s.ports[:], s.port) {
		if p != nil {
			p.Release()
		}
	}
	return err
}

// URL returns the server's URL, which stays the same.
func (s *Server) URL() string { return "https://" + s.port.Addr() }

// CA returns the certificates, in PEM, by which the server is known.
func (s *Server) CA() []byte { return append([]byte(nil), s.ca...) }

// Token returns the bearer token of [Admin] or of one of Config.Users, and an empty one for others.
func (s *Server) Token(user string) string { return s.tokens[user] }

// LogTail returns the last n lines of the logs of both programs.
func (s *Server) LogTail(n int) string {
	return "etcd:\n" + s.etcd.tail(n) + "\nkube-apiserver:\n" + s.apiserver.tail(n)
}
