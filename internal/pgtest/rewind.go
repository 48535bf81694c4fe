package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
)

// Rewind makes an old primary a standby of the one that replaced it, with pg_rewind, and starts it. It returns when it answers. The servers
// need full_page_writes and wal_log_hints, and the new primary as much of the log as there was since the fork. Through is what the standby streams from, such as a proxy; empty is the new
// primary itself.
func (s *Server) Rewind(ctx context.Context, primary *Server, through string) error {
	if through == "" {
		through = primary.Addr()
	}
	host, port, err := net.SplitHostPort(through)
	if err != nil {
		return fmt.Errorf("pgtest: rewind: %w", err)
	}
	if err := s.Stop(ctx); err != nil {
		return err
	}
	// Before PostgreSQL 16, pg_rewind takes the timeline of the source from its last checkpoint.
	if err := primary.Exec(ctx, "postgres", "checkpoint"); err != nil {
		return err
	}
	signal := filepath.Join(s.data, "standby.signal") // of an attempt before; with it, pg_rewind cannot recover the target
	if err := os.Remove(signal); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("pgtest: rewind: %w", err)
	}
	if err := s.owner.run(ctx, s.bin.Path("pg_rewind"), "-D", s.data, "--no-sync", "--source-server",
		fmt.Sprintf("host=%s port=%d user=postgres dbname=postgres", primary.dir, primary.Port())); err != nil {
		return err
	}
	// What it copied are the other one's files.
	if err := s.configure(); err != nil {
		return fmt.Errorf("pgtest: rewind: %w", err)
	}
	auto := filepath.Join(s.data, "postgresql.auto.conf")
	text, err := os.ReadFile(auto)
	if err != nil {
		return fmt.Errorf("pgtest: rewind: %w", err)
	}
	var kept []string
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "primary_conninfo") && !strings.HasPrefix(line, "primary_slot_name") {
			kept = append(kept, line)
		}
	}
	source := fmt.Sprintf("host=%s port=%s user=postgres application_name=%s", host, port, s.cfg.Name)
	kept = append(kept, "primary_conninfo = "+quoteSetting(source)+"\n")
	if err := errors.Join(
		s.owner.writeFile(auto, strings.Join(kept, "")),
		s.owner.writeFile(signal, ""),
	); err != nil {
		return fmt.Errorf("pgtest: rewind: %w", err)
	}
	return s.Start(ctx)
}
