package failover

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"
)

// goOn goes on with the failover that is under way, from its beginning if nobody was promoted: what has been done is done again
// with the epoch of this manager, and nothing of it does harm twice. A switchover that has not taken anybody away yet is given up.
func (m *Manager) goOn(ctx context.Context) error {
	p := m.lease.record.Plan.clone()
	q, err := parseQuorum(p.Names)
	if err != nil {
		return err
	}
	switch p.Phase {
	case Draining:
		return m.abandon(ctx, p, errors.New("its manager was lost"))
	case Returning:
		return m.abandon(ctx, p, errors.New(p.GivenUp))
	}
	if p.Phase != Repointing {
		if p.Phase, err = m.promoted(ctx, p); err != nil {
			return err
		}
	}
	if p.Phase == Revoking {
		if err := m.revoke(ctx, p, q); err != nil {
			return err
		}
	}
	return m.complete(ctx, p, q)
}

// complete does what comes after the standbys were taken away.
func (m *Manager) complete(ctx context.Context, p *Plan, q quorum) error {
	if p.Phase == Promoting {
		if err := m.promote(ctx, p); err != nil {
			return err
		}
	}
	if err := m.repoint(ctx, p); err != nil {
		m.journal.addf(Warning, "not all follow %s yet: %v", p.To, err) // upkeep sees to it
	}
	next := q.after(p.From, p.To)
	known := Known{Primary: p.To, Timeline: p.Timeline + 1, Names: next.setting(m.lease.record.Epoch)}
	for _, name := range append(slices.Clone(m.lease.record.Known.Out), p.From) {
		if name != p.To && !next.has(name) && !slices.Contains(known.Out, name) {
			known.Out = append(known.Out, name)
		}
	}
	return m.finish(ctx, p, known)
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
		limit, cancel := context.WithTimeout(ctx, min(2*time.Second, m.cfg.TTL/2)) // the lease is still held afterwards
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
		i, err := s.conninfo(limit)
		if err != nil {
			return err
		}
		if err := s.set(limit, setting{"primary_conninfo", i.was + revoked}, setting{"synchronous_standby_names", q.after(p.From, t.Node).setting(m.lease.record.Epoch)}); err != nil {
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
		return cmp.Or(cmp.Compare(a.Received, b.Received), cmp.Compare(m.preference(p, a.Node), m.preference(p, b.Node)), cmp.Compare(b.Node, a.Node))
	})
	p.To, p.Phase = best.Node, Promoting
	var others strings.Builder
	for _, t := range taken {
		if t.Node != best.Node {
			fmt.Fprintf(&others, ", %s up to %v", t.Node, t.Received)
		}
	}
	return m.persist(ctx, p, "promote %s, which has the log up to %v%s", p.To, best.Received, others.String())
}

// preference decides between nodes that have the same: who was asked for comes first.
func (m *Manager) preference(p *Plan, name string) int {
	if p.Request != "" && name == p.To {
		return math.MaxInt
	}
	return m.priority(name)
}

func (m *Manager) priority(name string) int {
	if n := m.node(name); n != nil {
		return n.Priority
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
