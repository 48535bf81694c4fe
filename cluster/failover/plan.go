package failover

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// goOn goes on with the failover that is under way, from its beginning if nobody was promoted: what has been done is done again
// with the epoch of this manager, and nothing of it does harm twice.
func (m *Manager) goOn(ctx context.Context) error {
	p := m.lease.record.Plan.clone()
	q, err := parseQuorum(p.Names)
	if err != nil {
		return err
	}
	if p.Phase != Repointing {
		if p.Phase, err = m.promoted(ctx, p); err != nil {
			return err
		}
	}
	if p.Phase != Repointing {
		if err := m.revoke(ctx, p, q); err != nil {
			return err
		}
		if err := m.promote(ctx, p); err != nil {
			return err
		}
	}
	if err := m.repoint(ctx, p); err != nil {
		return err
	}
	p.Phase = Done
	return m.persist(ctx, p, "%s is the primary", p.To)
}

// promoted says whether the one that was to be promoted was, by a manager before this one.
func (m *Manager) promoted(ctx context.Context, p *Plan) (Phase, error) {
	if p.To == "" {
		return Revoking, nil
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	s, err := m.connect(ctx, p.To)
	if err != nil {
		return p.Phase, err
	}
	defer s.close()
	var standby bool
	if err := s.ask(ctx, "select pg_is_in_recovery()", &standby); err != nil {
		return p.Phase, err
	}
	if standby {
		return Revoking, nil
	}
	return Repointing, nil
}

// revoke takes the standbys away from the old primary: then it acknowledges nothing any more, even if it lives.
func (m *Manager) revoke(ctx context.Context, p *Plan, q quorum) error {
	p.Phase = Revoking
	if err := m.persist(ctx, p, "take %s away from %s", names(p.Taken), p.From); err != nil {
		return err
	}
	var mu sync.Mutex // guards taken
	var taken []Taken
	err := each(p.Taken, func(t *Taken) error {
		limit, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		s, err := m.connect(limit, t.Node)
		if err != nil {
			return err
		}
		defer s.close()
		var standby bool
		if err := s.ask(limit, "select pg_is_in_recovery()", &standby); err != nil {
			return err
		}
		if !standby {
			return fmt.Errorf("%s: is a primary: somebody has promoted it", s.name)
		}
		conninfo, err := s.conninfo(limit, &t.Slot)
		if err != nil {
			return err
		}
		if err := s.set(limit, setting{"primary_conninfo", conninfo + revoked}, setting{"synchronous_standby_names", q.after(p.From, t.Node).setting(m.lease.record.Epoch)}); err != nil {
			return err
		}
		if err := s.until(limit, "taken away", "select not exists (select from pg_stat_wal_receiver)"); err != nil {
			return err
		}
		if t.Received, err = s.received(limit); err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		taken = append(taken, *t)
		return nil
	})
	if !q.enough(len(taken)) {
		if m.cfg.Fence == nil {
			return errors.Join(fmt.Errorf("failover: only %d standbys of %q could be taken away from %s", len(taken), p.Names, p.From), err)
		}
		if err := m.cfg.Fence(ctx, p.From); err != nil {
			return fmt.Errorf("failover: fence %s: %w", p.From, err)
		}
	}
	if len(taken) == 0 {
		return errors.Join(errors.New("failover: there is no standby"), err)
	}
	best := slices.MaxFunc(taken, func(a, b Taken) int {
		return cmp.Or(cmp.Compare(a.Received, b.Received), cmp.Compare(m.priority(a.Node), m.priority(b.Node)), cmp.Compare(b.Node, a.Node))
	})
	p.To, p.Phase = best.Node, Promoting
	return m.persist(ctx, p, "promote %s, which has the log up to %v", p.To, best.Received)
}

func (m *Manager) priority(name string) int {
	for _, n := range m.cfg.Nodes {
		if n.Name == name {
			return n.Priority
		}
	}
	return 0
}

func names(taken []Taken) string {
	all := make([]string, len(taken))
	for i, t := range taken {
		all[i] = t.Node
	}
	return strings.Join(all, ", ")
}

// each does something with all of them at the same time.
func each(taken []Taken, do func(*Taken) error) error {
	errs := make([]error, len(taken))
	var wg sync.WaitGroup
	for i := range taken {
		wg.Go(func() { errs[i] = do(&taken[i]) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// promote promotes the chosen one, if it has the stamp of this manager: another one that took over meanwhile has set its own.
func (m *Manager) promote(ctx context.Context, p *Plan) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	s, err := m.connect(ctx, p.To)
	if err != nil {
		return err
	}
	defer s.close()
	var promoted bool
	err = s.ask(ctx, fmt.Sprintf("select pg_promote(false) where current_setting('synchronous_standby_names') like '%%%s%d)'", stamp, m.lease.record.Epoch), &promoted)
	if errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("failover: %s belongs to another manager now", p.To)
	}
	if err != nil {
		return err
	}
	if err := s.until(ctx, "promoted", "select not pg_is_in_recovery()"); err != nil {
		return err
	}
	p.Phase = Repointing
	return m.persist(ctx, p, "%s is promoted", p.To)
}

// repoint makes the other standbys follow the new primary.
func (m *Manager) repoint(ctx context.Context, p *Plan) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	s, err := m.connect(ctx, p.To)
	if err != nil {
		return err
	}
	defer s.close()
	address, err := m.address(p.To)
	if err != nil {
		return err
	}
	for _, t := range p.Taken {
		if t.Node != p.To && t.Slot != "" {
			if _, err := s.conn.Exec(ctx, "select pg_create_physical_replication_slot($1) where not exists (select from pg_replication_slots where slot_name = $1)", t.Slot); err != nil {
				return fmt.Errorf("failover: %s: create the slot %s: %w", p.To, t.Slot, err)
			}
		}
	}
	return each(p.Taken, func(t *Taken) error {
		if t.Node == p.To {
			return nil
		}
		other, err := m.connect(ctx, t.Node)
		if err != nil {
			return err
		}
		defer other.close()
		conninfo, err := other.conninfo(ctx, &t.Slot)
		if err != nil {
			return err
		}
		if err := other.set(ctx, setting{"primary_conninfo", conninfo + redirection(address)}); err != nil {
			return err
		}
		return other.until(ctx, "following "+p.To, "select exists (select from pg_stat_wal_receiver where status = 'streaming')")
	})
}

// address returns where a node is streamed from.
func (m *Manager) address(name string) (string, error) {
	for _, n := range m.cfg.Nodes {
		if n.Name != name {
			continue
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
	return "", fmt.Errorf("failover: %s is none of the nodes", name)
}

// What is appended to primary_conninfo: of a name that is there twice, libpq takes the last one. So the passwords in it stay where they
// are, and what it was before can be found again.
const revoked = " host='/prodwright/revoked' port='1'"

func redirection(address string) string {
	host, port, _ := net.SplitHostPort(address)
	return " host='" + host + "' port='" + port + "'"
}

var appended = regexp.MustCompile(`( host='[^']*' port='[0-9]*')+$`)

// conninfo returns the primary_conninfo of a standby as it was before any failover, and the slot that it uses.
func (s *server) conninfo(ctx context.Context, slot *string) (string, error) {
	var conninfo string
	if err := s.ask(ctx, "select current_setting('primary_conninfo'), current_setting('primary_slot_name')", &conninfo, slot); err != nil {
		return "", err
	}
	if strings.Contains(conninfo, "://") {
		return "", fmt.Errorf("%s: primary_conninfo is a URL: write it as in host=… port=… user=…", s.name)
	}
	return appended.ReplaceAllString(conninfo, ""), nil
}
