package failover

import (
	"context"
	"fmt"
	"net"
	"regexp"
	"strings"
)

// What is appended to primary_conninfo: of a name that is there twice, libpq takes the last one. So the passwords in it stay where they
// are, and what it was before can be found again.
const revoked = " host='/prodwright/revoked' port='1'"

func redirection(address string) string {
	host, port, _ := net.SplitHostPort(address)
	return " host='" + host + "' port='" + port + "'"
}

var appended = regexp.MustCompile(`( host='[^']*' port='[0-9]*')+$`)

// following is whom a standby follows.
type following struct {
	now  string // primary_conninfo
	was  string // the same before any failover
	slot string // on the primary
}

// conninfo asks a standby whom it follows.
func (s *server) conninfo(ctx context.Context) (f following, err error) {
	if err := s.ask(ctx, "select current_setting('primary_conninfo'), current_setting('primary_slot_name')", &f.now, &f.slot); err != nil {
		return f, err
	}
	if strings.Contains(f.now, "://") {
		return f, fmt.Errorf("%s: primary_conninfo is a URL: write it as in host=… port=… user=…", s.name)
	}
	f.was = appended.ReplaceAllString(f.now, "")
	return f, nil
}

// follow makes a standby follow a primary, and waits until it does.
func (m *Manager) follow(ctx context.Context, name, primary string) error {
	s, err := m.connect(ctx, name)
	if err != nil {
		return err
	}
	defer s.close()
	f, err := s.conninfo(ctx)
	if err != nil {
		return err
	}
	if err := m.redirect(ctx, s, f, primary); err != nil {
		return err
	}
	return s.until(ctx, "following "+primary, "select exists (select from pg_stat_wal_receiver where status = 'streaming')")
}

// redirect tells a standby whom to follow, whose slot it finds there.
func (m *Manager) redirect(ctx context.Context, s *server, f following, primary string) error {
	address, err := m.address(primary)
	if err != nil {
		return err
	}
	if f.slot != "" {
		p, err := m.connect(ctx, primary)
		if err != nil {
			return err
		}
		defer p.close()
		_, err = p.conn.Exec(ctx, "select pg_create_physical_replication_slot($1) where not exists (select from pg_replication_slots where slot_name = $1)", f.slot)
		if err != nil {
			return fmt.Errorf("%s: create the slot %s: %w", primary, f.slot, err)
		}
	}
	return s.set(ctx, setting{"primary_conninfo", f.was + redirection(address)})
}
