package pgtest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/prodwright/prodwright/internal/freeport"
)

// BouncerConfig describes a PgBouncer in front of a server.
type BouncerConfig struct {
	// Server is where it sends its clients. Required.
	Server *Server
	// PoolMode is session, transaction or statement. Defaults to session, PgBouncer's own default.
	PoolMode string
	// IgnoreStartupParameters are startup parameters that it drops instead of refusing the client.
	IgnoreStartupParameters []string
	// Settings are further lines of its configuration.
	Settings map[string]string
}

// Bouncer is a running PgBouncer.
type Bouncer struct {
	guard  *guard
	port   *freeport.Port
	cmd    *exec.Cmd
	exited chan struct{}
}

// BouncerInstalled returns nil, or a [*NotFoundError] when PgBouncer is not installed.
func BouncerInstalled() error {
	_, err := bouncerPath()
	return err
}

func bouncerPath() (string, error) {
	for _, name := range []string{"pgbouncer", "/usr/sbin/pgbouncer", "/opt/homebrew/bin/pgbouncer"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", &NotFoundError{Program: "pgbouncer", Install: installCommand("pgbouncer", "pgbouncer")}
}

// StartBouncer starts a PgBouncer that logs in as the server's superuser whoever connects. It returns when a client gets
// through to the server. It is closed with the server, or before.
func StartBouncer(ctx context.Context, cfg BouncerConfig) (*Bouncer, error) {
	path, err := bouncerPath()
	if err != nil {
		return nil, err
	}
	s := cfg.Server
	dir, err := s.owner.tempDir(s.cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("pgtest: %w", err)
	}
	b := &Bouncer{}
	if b.guard, err = newGuard(dir); err != nil {
		return nil, errors.Join(fmt.Errorf("pgtest: guard: %w", err), os.RemoveAll(dir))
	}
	if b.port, err = freeport.Take(); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	ini := filepath.Join(dir, "pgbouncer.ini")
	if err := s.owner.writeFile(ini, b.ini(cfg)); err != nil {
		return nil, errors.Join(fmt.Errorf("pgtest: %w", err), b.Close())
	}
	if err := b.start(ctx, s, path, ini); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	s.mu.Lock()
	s.members = append(s.members, b)
	s.mu.Unlock()
	return b, nil
}

func (b *Bouncer) start(ctx context.Context, s *Server, path, ini string) error {
	log, err := os.Create(filepath.Join(b.guard.dir, "log"))
	if err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	defer func() { _ = log.Close() }()
	b.cmd = exec.Command(path, ini) //nolint:noctx // it ends by our signals
	s.owner.own(b.cmd)
	b.cmd.Stdout, b.cmd.Stderr = log, log
	if err := b.cmd.Start(); err != nil {
		b.cmd = nil
		return fmt.Errorf("pgtest: start pgbouncer: %w", err)
	}
	b.exited = make(chan struct{})
	go func() {
		_ = b.cmd.Wait()
		close(b.exited)
	}()
	if err := b.guard.watch("server", b.cmd.Process.Pid); err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, b.URL("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-b.exited:
			cancel()
		case <-ctx.Done():
		case <-time.After(10 * time.Millisecond):
		}
		if ctx.Err() != nil {
			text, _ := os.ReadFile(log.Name())
			return fmt.Errorf("pgtest: pgbouncer does not answer: %w\nlast lines of its log:\n%s", err, tail(string(text), 15))
		}
	}
}

func (b *Bouncer) ini(cfg BouncerConfig) string {
	s := cfg.Server
	settings := map[string]string{
		"listen_addr": "127.0.0.1", "listen_port": strconv.Itoa(b.port.Number()), "unix_socket_dir": "",
		"auth_type": "any", "pool_mode": "session", "max_client_conn": "1000", "default_pool_size": "10",
		"server_login_retry": "1",
	}
	if cfg.PoolMode != "" {
		settings["pool_mode"] = cfg.PoolMode
	}
	if len(cfg.IgnoreStartupParameters) > 0 {
		settings["ignore_startup_parameters"] = strings.Join(cfg.IgnoreStartupParameters, ",")
	}
	maps.Copy(settings, cfg.Settings)
	var text strings.Builder
	fmt.Fprintf(&text, "[databases]\n* = host=127.0.0.1 port=%d user=postgres", s.Port())
	if s.cfg.SCRAM {
		fmt.Fprintf(&text, " password='%s'", strings.ReplaceAll(s.cfg.Password, "'", "''"))
	}
	text.WriteString("\n[pgbouncer]\n")
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		fmt.Fprintf(&text, "%s = %s\n", name, settings[name])
	}
	return text.String()
}

// Addr returns host and port.
func (b *Bouncer) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(b.port.Number())) }

// URL returns a connection URL for a database through the pooler.
func (b *Bouncer) URL(database string) string {
	u := url.URL{Scheme: "postgres", User: url.User("postgres"), Host: b.Addr(), Path: "/" + database, RawQuery: "sslmode=disable"}
	return u.String()
}

// Kill ends it with kill -9.
func (b *Bouncer) Kill() error {
	if b.cmd == nil {
		return nil
	}
	err := syscall.Kill(b.cmd.Process.Pid, syscall.SIGKILL)
	<-b.exited
	b.guard.forget("server")
	if errors.Is(err, syscall.ESRCH) { // it had ended before
		return nil
	}
	return err
}

// Close ends it and removes its files. Later calls do nothing.
func (b *Bouncer) Close() error {
	if b.guard == nil {
		return nil
	}
	err := errors.Join(b.Kill(), b.guard.close())
	if b.port != nil {
		b.port.Release()
	}
	b.guard, b.cmd = nil, nil
	return err
}
