package pgtest

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// admin connects as the superuser over the unix socket, where no password is asked for.
func (s *Server) admin(ctx context.Context, database string) (*pgx.Conn, error) {
	cfg, err := pgx.ParseConfig("sslmode=disable")
	if err != nil {
		return nil, err
	}
	cfg.Host, cfg.Port, cfg.User, cfg.Database = s.dir, uint16(s.Port()), "postgres", database //nolint:gosec // a port
	cfg.Password, cfg.Fallbacks, cfg.RuntimeParams = "", nil, map[string]string{"application_name": "pgtest"}
	return pgx.ConnectConfig(ctx, cfg)
}

// Exec runs statements as the superuser on a connection of their own.
func (s *Server) Exec(ctx context.Context, database, sql string) error {
	conn, err := s.admin(ctx, database)
	if err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.PgConn().Exec(ctx, sql).ReadAll(); err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	return nil
}

func (s *Server) scan(ctx context.Context, dest any, sql string, args ...any) error {
	conn, err := s.admin(ctx, "postgres")
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	return conn.QueryRow(ctx, sql, args...).Scan(dest)
}

// CreateDatabase makes a database with a name of its own from a template, by default template1, and returns the name.
func (s *Server) CreateDatabase(ctx context.Context, template string) (string, error) {
	if template == "" {
		template = "template1"
	}
	name := "db_" + strings.ToLower(rand.Text()[:12])
	sql := "create database " + name + " template " + pgx.Identifier{template}.Sanitize()
	if s.bin.Major >= 15 {
		sql += " strategy file_copy" // small databases are copied faster without passing the log
	}
	return name, s.Exec(ctx, "postgres", sql)
}

// DropDatabase drops a database and ends its sessions.
func (s *Server) DropDatabase(ctx context.Context, name string) error {
	return s.Exec(ctx, "postgres", "drop database if exists "+pgx.Identifier{name}.Sanitize()+" with (force)")
}
