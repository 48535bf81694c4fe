package failover

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

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
	if err := m.until(ctx, s, "promoted", "select not pg_is_in_recovery()"); err != nil {
		return err
	}
	p.Phase = Repointing
	return m.persist(ctx, p, "%s is promoted", p.To)
}

// repoint makes the other standbys follow the new primary.
func (m *Manager) repoint(ctx context.Context, p *Plan) error {
	ctx, cancel := context.WithTimeout(ctx, m.cfg.TTL/2)
	defer cancel()
	return each(p.Taken, func(t *Taken) error {
		if t.Node == p.To {
			return nil
		}
		return m.follow(ctx, t.Node, p.To)
	})
}
