package failover

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/prodwright/prodwright/cluster"
)

// server is a connection to one node, for administration.
type server struct {
	name string
	conn *pgx.Conn
}

// connect connects to a node. ctx limits that, and all that is done with it.
func (m *Manager) connect(ctx context.Context, name string) (*server, error) {
	n := m.node(name)
	if n == nil {
		return nil, fmt.Errorf("%s is none of the nodes", name)
	}
	cfg, err := pgx.ParseConfig(n.URL.Reveal())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	cfg.RuntimeParams["statement_timeout"] = "0" // the context is the limit
	cfg.RuntimeParams["application_name"] = "prodwright failover"
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &server{name, conn}, nil
}

// node returns the configuration of a node, or nil.
func (m *Manager) node(name string) *Node {
	for i := range m.cfg.Nodes {
		if m.cfg.Nodes[i].Name == name {
			return &m.cfg.Nodes[i]
		}
	}
	return nil
}

// address returns where a node is streamed from.
func (m *Manager) address(name string) (string, error) {
	n := m.node(name)
	if n == nil {
		return "", fmt.Errorf("%q is none of the nodes", name)
	}
	if n.Address != "" {
		return n.Address, nil
	}
	cfg, err := pgx.ParseConfig(n.URL.Reveal())
	if err != nil {
		return "", err
	}
	return net.JoinHostPort(cfg.Host, strconv.Itoa(int(cfg.Port))), nil
}

func (s *server) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = s.conn.Close(ctx)
}

// ask asks for values.
func (s *server) ask(ctx context.Context, sql string, into ...any) error {
	if err := s.conn.QueryRow(ctx, sql).Scan(into...); err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	return nil
}

// setting is one of a server. An empty value is that of the server's own configuration.
type setting struct{ name, value string }

// set changes settings of the server, and makes it read them.
func (s *server) set(ctx context.Context, settings ...setting) error {
	for _, one := range settings {
		sql := "alter system set " + one.name + " = '" + strings.ReplaceAll(one.value, "'", "''") + "'"
		if one.value == "" {
			sql = "alter system reset " + one.name
		}
		if _, err := s.conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("%s: set %s: %w", s.name, one.name, err)
		}
	}
	if _, err := s.conn.Exec(ctx, "select pg_reload_conf()"); err != nil {
		return fmt.Errorf("%s: read the settings: %w", s.name, err)
	}
	return nil
}

// until asks again and again until the answer is true, or ctx is done.
func (s *server) until(ctx context.Context, what, sql string) error {
	return s.untilWith(ctx, what, sql, func() error { return nil })
}

// until is that of a server, and keeps the lease meanwhile.
func (m *Manager) until(ctx context.Context, s *server, what, sql string) error {
	return s.untilWith(ctx, what, sql, func() error {
		if time.Until(m.lease.until) > m.cfg.TTL/2 {
			return nil
		}
		limit, cancel := context.WithTimeout(ctx, m.cfg.TTL/5)
		defer cancel()
		return m.lease.update(limit, func(*Record) {})
	})
}

func (s *server) untilWith(ctx context.Context, what, sql string, meanwhile func() error) error {
	for {
		if err := meanwhile(); err != nil {
			return err
		}
		var is bool
		err := s.ask(ctx, sql, &is)
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("%s: not %s in time: %w", s.name, what, context.Cause(ctx))
		case err != nil:
			return fmt.Errorf("until %s: %w", what, err)
		case is:
			return nil
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

// received returns how far the log of a standby reaches. What it has received is less after its receiver was started again than
// what it has replayed.
func (s *server) received(ctx context.Context) (lsn cluster.LSN, err error) {
	var text string
	if err := s.ask(ctx, "select coalesce(greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()), '0/0')::text", &text); err != nil {
		return 0, err
	}
	return cluster.ParseLSN(text)
}
