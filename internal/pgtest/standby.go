package pgtest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"
)

// StandbyConfig describes a streaming standby.
type StandbyConfig struct {
	// Name is the cluster_name and what the primary knows the standby as. It must be unique. Required.
	Name string
	// Synchronous makes commits on the primary wait for any one of the synchronous standbys.
	Synchronous bool
	// Parameters are settings of the standby on top of the primary's.
	Parameters map[string]string
	// Through is the address that it streams from, such as that of a proxy. Defaults to the primary itself.
	Through string
}

var standbyName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,50}$`)

// Standby copies the server into a standby with a replication slot of its own, and starts it. It returns when the
// standby streams. The standby is closed with the server, or before.
func (s *Server) Standby(ctx context.Context, cfg StandbyConfig) (*Server, error) {
	if !standbyName.MatchString(cfg.Name) {
		return nil, fmt.Errorf("pgtest: standby name %q must keep %v", cfg.Name, standbyName)
	}
	if cfg.Through == "" {
		cfg.Through = s.Addr()
	}
	own := s.cfg
	own.Name, own.DiskSize = cfg.Name, 0
	own.Parameters = map[string]string{}
	for _, parameters := range []map[string]string{s.cfg.Parameters, cfg.Parameters} {
		maps.Copy(own.Parameters, parameters)
	}
	standby, err := newServer(own)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.members = append(s.members, standby)
	s.mu.Unlock()
	if err := s.stream(ctx, standby, cfg); err != nil {
		return nil, errors.Join(err, standby.Close())
	}
	return standby, nil
}

func (s *Server) stream(ctx context.Context, standby *Server, cfg StandbyConfig) error {
	slot := "slot_" + cfg.Name
	local := fmt.Sprintf("host=%s port=%d user=postgres dbname=replication", s.dir, s.Port())
	if err := s.owner.run(ctx, s.bin.Path("pg_basebackup"), "-D", standby.data, "-d", local,
		"-X", "stream", "-C", "-S", slot, "-c", "fast", "--no-sync"); err != nil {
		return err
	}
	host, port, err := net.SplitHostPort(cfg.Through)
	if err != nil {
		return fmt.Errorf("pgtest: standby: %w", err)
	}
	source := fmt.Sprintf("host=%s port=%s user=postgres application_name=%s", host, port, cfg.Name)
	if s.cfg.TLS != nil {
		source += " sslmode=require"
	}
	if s.cfg.SCRAM {
		source += " password='" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s.cfg.Password) + "'"
	}
	// This file is the one that ALTER SYSTEM writes. The primary's own, copied, may hold its synchronous standbys.
	auto := fmt.Sprintf("primary_conninfo = %s\nprimary_slot_name = %s\n", quoteSetting(source), quoteSetting(slot))
	if cfg.Synchronous { // for when it is the primary itself, as addSynchronous does it there
		auto += "synchronous_commit = on\n"
	}
	if err := errors.Join(
		s.owner.writeFile(filepath.Join(standby.data, "postgresql.auto.conf"), auto),
		s.owner.writeFile(filepath.Join(standby.data, "standby.signal"), ""),
	); err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	if err := standby.startOnFreePort(ctx); err != nil {
		return err
	}
	if err := s.until(ctx, s.ended(), "stream to "+cfg.Name, func(ctx context.Context) error {
		var streaming bool
		err := s.scan(ctx, &streaming, "select exists (select from pg_stat_replication where application_name = $1 and state = 'streaming')", cfg.Name)
		if err == nil && !streaming {
			err = errors.New("not yet")
		}
		return err
	}); err != nil {
		return standby.withLog(err)
	}
	if cfg.Synchronous {
		return s.addSynchronous(ctx, cfg.Name)
	}
	return nil
}

// addSynchronous makes commits wait for any one of the synchronous standbys. It returns when the primary counts the new
// one among them.
func (s *Server) addSynchronous(ctx context.Context, name string) error {
	s.mu.Lock()
	s.sync = append(s.sync, pgx.Identifier{name}.Sanitize())
	names := "ANY 1 (" + strings.Join(s.sync, ", ") + ")"
	s.mu.Unlock()
	for _, sql := range []string{
		"alter system set synchronous_standby_names = '" + names + "'",
		"alter system set synchronous_commit = on", // off would not wait for anyone
		"select pg_reload_conf()",
	} {
		if err := s.Exec(ctx, "postgres", sql); err != nil {
			return err
		}
	}
	return s.until(ctx, s.ended(), "replicate synchronously to "+name, func(ctx context.Context) error {
		var counted bool
		err := s.scan(ctx, &counted, "select exists (select from pg_stat_replication where application_name = $1 and sync_state in ('sync', 'quorum'))", name)
		if err == nil && !counted {
			err = errors.New("not yet")
		}
		return err
	})
}
