package pgtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prodwright/prodwright/internal/freeport"
)

// patience bounds every wait for a server that is expected to act soon, so that a test fails instead of hanging.
const patience = 2 * time.Minute

// Config describes a server. The zero value is a primary that trusts everyone on the loopback address and saves nothing
// for a power failure.
type Config struct {
	// Name is the cluster_name. Defaults to "primary".
	Name string
	// Parameters are postgresql.conf settings on top of the defaults, which favour speed.
	Parameters map[string]string
	// HBA replaces the lines of pg_hba.conf. The superuser postgres is always trusted on the unix socket, for
	// administration.
	HBA []string
	// SCRAM asks for a password (scram-sha-256) on the loopback address. The superuser's is Password, by default a random
	// one.
	SCRAM    bool
	Password string
	// TLS, when set, offers TLS with this certificate. See [NewCA].
	TLS *TLS
	// Durable turns fsync, full_page_writes and synchronous_commit on.
	Durable bool
	// Foreign gives the cluster a system identifier of its own; others on this machine share theirs.
	Foreign bool
	// DiskSize, when positive, puts the data on a disk of that many bytes, for [Server.FillDisk]. It needs root on Linux.
	DiskSize int64
	// Dir is where the server's directory is made: /dev/shm for one whose data is in memory. Defaults to the system's place for
	// temporary files. It must be short: the path of a socket is.
	Dir string
	// Log gets a copy of the server's log.
	Log io.Writer
}

// Server is a running or stopped PostgreSQL server. Its methods are safe for concurrent use.
type Server struct {
	cfg   Config
	bin   Binaries
	owner owner
	guard *guard
	port  *freeport.Port
	dir   string // sockets, log and pid file
	data  string

	mu      sync.Mutex // serialises starting and stopping; guards the fields below
	cmd     *exec.Cmd
	exited  chan struct{} // closed when cmd has ended
	members []io.Closer   // standbys and poolers, closed before the server
	sync    []string      // names of the synchronous standbys
	closed  bool
	env     []string // for the next start
}

// Start makes a cluster and starts it. It returns when the server answers. Errors carry the last lines of its log; when
// PostgreSQL is not installed it is a [*NotFoundError].
func Start(ctx context.Context, cfg Config) (*Server, error) {
	s, err := newServer(cfg)
	if err != nil {
		return nil, err
	}
	if err := s.create(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// newServer prepares everything but the data directory.
func newServer(cfg Config) (*Server, error) {
	if cfg.Name == "" {
		cfg.Name = "primary"
	}
	if cfg.SCRAM && cfg.Password == "" {
		cfg.Password = rand.Text()
	}
	s := &Server{cfg: cfg}
	var err error
	if s.bin, err = Find(); err != nil {
		return nil, err
	}
	if s.owner, err = findOwner(); err != nil {
		return nil, err
	}
	if s.dir, err = s.owner.tempDir(cfg.Dir); err != nil {
		return nil, fmt.Errorf("pgtest: %w", err)
	}
	if s.guard, err = newGuard(s.dir); err != nil {
		return nil, errors.Join(fmt.Errorf("pgtest: guard: %w", err), os.RemoveAll(s.dir))
	}
	s.data = filepath.Join(s.dir, "data")
	if cfg.DiskSize > 0 {
		if err := s.mountDisk(); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return s, nil
}

// create makes the cluster and starts it, on another port when a foreign server took the first one.
func (s *Server) create(ctx context.Context) error {
	if err := s.owner.newDataDir(ctx, s.bin, s.data, s.cfg.Foreign); err != nil {
		return err
	}
	if err := s.startOnFreePort(ctx); err != nil {
		return err
	}
	if s.cfg.SCRAM {
		return s.Exec(ctx, "postgres", "alter role postgres password '"+strings.ReplaceAll(s.cfg.Password, "'", "''")+"'")
	}
	return nil
}

func (s *Server) startOnFreePort(ctx context.Context) error {
	for attempt := 1; ; attempt++ {
		var err error
		if s.port, err = freeport.Take(); err != nil {
			return err
		}
		if err := s.configure(); err != nil {
			return fmt.Errorf("pgtest: %w", err)
		}
		err = s.Start(ctx)
		if err == nil || attempt == 5 || !strings.Contains(s.LogTail(50), "Address already in use") {
			return err
		}
		s.port.Release()
		_ = os.Remove(s.logPath())
	}
}

// defaults favour a server that starts fast and does little by itself.
func (s *Server) defaults() map[string]string {
	p := map[string]string{
		"cluster_name": s.cfg.Name, "listen_addresses": "127.0.0.1", "port": strconv.Itoa(s.Port()),
		"unix_socket_directories": s.dir, "max_connections": "100", "shared_buffers": "16MB", "max_wal_size": "256MB",
		"wal_level": "logical", "max_wal_senders": "10", "max_replication_slots": "10", "hot_standby": "on",
		"wal_receiver_status_interval": "1s", "wal_retrieve_retry_interval": "200ms",
		"dynamic_shared_memory_type": "mmap", // files in the data directory, which go with it even after kill -9
		"logging_collector":          "off", "log_line_prefix": "%m [%p] ", "timezone": "UTC", "log_timezone": "UTC",
		"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off",
	}
	if s.cfg.Durable {
		p["fsync"], p["full_page_writes"], p["synchronous_commit"] = "on", "on", "on"
	}
	if t := s.cfg.TLS; t != nil {
		p["ssl"] = "on"
		p["ssl_cert_file"], p["ssl_key_file"] = filepath.Join(s.dir, "server.crt"), filepath.Join(s.dir, "server.key")
		p["ssl_ca_file"] = filepath.Join(s.dir, "ca.crt")
	}
	maps.Copy(p, s.cfg.Parameters)
	return p
}

// configure writes the configuration files. Later lines of postgresql.conf win over earlier ones.
func (s *Server) configure() error {
	if t := s.cfg.TLS; t != nil {
		for name, text := range map[string]string{"server.crt": t.cert, "server.key": t.key, "ca.crt": t.ca} {
			if err := s.owner.writeFile(filepath.Join(s.dir, name), text); err != nil {
				return err
			}
		}
	}
	parameters := s.defaults()
	var conf strings.Builder
	for _, name := range slices.Sorted(maps.Keys(parameters)) {
		fmt.Fprintf(&conf, "%s = %s\n", name, quoteSetting(parameters[name]))
	}
	// A file of its own: the cluster's postgresql.conf, or a primary's that was copied, keeps the rest.
	if err := s.owner.writeFile(filepath.Join(s.data, "pgtest.conf"), conf.String()); err != nil {
		return err
	}
	main := filepath.Join(s.data, "postgresql.conf")
	text, err := os.ReadFile(main)
	if err != nil {
		return err
	}
	const include = "\ninclude 'pgtest.conf'\n"
	if !strings.HasSuffix(string(text), include) {
		if err := s.owner.writeFile(main, string(text)+include); err != nil {
			return err
		}
	}
	return s.owner.writeFile(filepath.Join(s.data, "pg_hba.conf"), s.hba())
}

// quoteSetting writes a value for postgresql.conf, which knows backslash escapes.
func quoteSetting(value string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `''`).Replace(value) + "'"
}

func (s *Server) hba() string {
	lines := []string{"local all postgres trust", "local replication postgres trust"}
	switch {
	case s.cfg.HBA != nil:
		lines = append(lines, s.cfg.HBA...)
	default:
		method := "trust"
		if s.cfg.SCRAM {
			method = "scram-sha-256"
		}
		for _, from := range []string{"127.0.0.1/32", "::1/128"} {
			lines = append(lines, "host all all "+from+" "+method, "host replication all "+from+" "+method)
		}
		lines = append(lines, "local all all "+method)
	}
	return strings.Join(lines, "\n") + "\n"
}

// Close ends the server and everything that belongs to it, and removes its files. Later calls do nothing.
func (s *Server) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	members := s.members
	s.mu.Unlock()

	var errs []error
	for _, m := range slices.Backward(members) {
		errs = append(errs, m.Close())
	}
	errs = append(errs, s.Kill())
	errs = append(errs, s.guard.close()) // reads from the data directory what shared memory is left
	if s.cfg.DiskSize > 0 {
		errs = append(errs, s.unmountDisk())
	}
	if s.port != nil {
		s.port.Release()
	}
	return errors.Join(errs...)
}

// URL returns the superuser's connection URL for a database, over TCP, with password and TLS verification where the
// server has them.
func (s *Server) URL(database string) string { return s.url(s.Addr(), database) }

// URLVia is [Server.URL] with another address, such as that of a proxy.
func (s *Server) URLVia(addr, database string) string { return s.url(addr, database) }

func (s *Server) url(addr, database string) string {
	u := url.URL{Scheme: "postgres", User: url.User("postgres"), Host: addr, Path: "/" + database}
	if s.cfg.SCRAM {
		u.User = url.UserPassword("postgres", s.cfg.Password)
	}
	u.RawQuery = "sslmode=disable"
	if t := s.cfg.TLS; t != nil {
		u.RawQuery = url.Values{"sslmode": {"verify-full"}, "sslrootcert": {t.caFile}}.Encode()
	}
	return u.String()
}

// Host returns "127.0.0.1".
func (s *Server) Host() string { return "127.0.0.1" }

// Port returns the port, which stays the same when the server is restarted.
func (s *Server) Port() int { return s.port.Number() }

// Addr returns host and port.
func (s *Server) Addr() string { return net.JoinHostPort(s.Host(), strconv.Itoa(s.Port())) }

// SocketDir returns the directory of the unix socket. Only root and the server's own user can enter it.
func (s *Server) SocketDir() string { return s.dir }

// DataDir returns the data directory.
func (s *Server) DataDir() string { return s.data }

// Name returns the cluster_name.
func (s *Server) Name() string { return s.cfg.Name }

// Password returns the superuser's password, "" without SCRAM.
func (s *Server) Password() string { return s.cfg.Password }

// Binaries returns the programs that the server runs.
func (s *Server) Binaries() Binaries { return s.bin }

func (s *Server) logPath() string { return filepath.Join(s.dir, "log") }

// LogTail returns the last n lines of the server's log.
func (s *Server) LogTail(n int) string {
	text, _ := os.ReadFile(s.logPath())
	return tail(string(text), n)
}
