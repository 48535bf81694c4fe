package failover

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/prodwright/prodwright/cluster"
)

// switchover does what is asked for, or answers why not.
func (m *Manager) switchover(ctx context.Context, report cluster.Report) error {
	request := *m.lease.record.Request
	p, err := m.prepare(ctx, request, report)
	if err != nil {
		return m.answer(ctx, request.ID, err)
	}
	err = m.persistWith(ctx, p, func(r *Record) { r.readOnly(p.From, true) }, "%s is to be replaced by %s: it was asked for", p.From, p.To)
	if err != nil {
		return err
	}
	if err := m.drain(ctx, p); err != nil {
		return m.abandon(ctx, p, err)
	}
	q, err := parseQuorum(p.Names)
	if err == nil {
		err = m.revoke(ctx, p, q)
	}
	if err != nil {
		return m.abandon(ctx, p, err)
	}
	return m.complete(ctx, p, q)
}

// prepare says how it is to be done, or why it cannot.
func (m *Manager) prepare(ctx context.Context, request Request, report cluster.Report) (*Plan, error) {
	if age := time.Since(request.At); age > time.Minute {
		return nil, fmt.Errorf("it was asked for %v ago, and nobody waits for it any more", age.Round(time.Second))
	}
	if err := m.know(ctx, report); err != nil {
		return nil, err
	}
	known := m.lease.record.Known
	q, err := parseQuorum(known.Names)
	if err != nil {
		return nil, err
	}
	p := &Plan{Request: request.ID, Reason: "a switchover was asked for", Phase: Draining, From: known.Primary, To: request.To, Names: known.Names, Timeline: known.Timeline}
	var ready []cluster.NodeReport
	for _, n := range report.Nodes {
		if slices.Contains(m.streaming, n.Name) && q.has(n.Name) { // so the primary says, which hears of it first
			p.Taken = append(p.Taken, Taken{Node: n.Name})
			ready = append(ready, n)
		}
	}
	switch {
	case known.Primary != report.Primary:
		return nil, fmt.Errorf("%s has just become the primary", report.Primary)
	case request.To == report.Primary:
		return nil, fmt.Errorf("%s is the primary", request.To)
	case !q.enough(len(ready)):
		return nil, fmt.Errorf("only %d of the standbys of %q stream", len(ready), known.Names)
	case request.To != "" && !slices.ContainsFunc(ready, func(n cluster.NodeReport) bool { return n.Name == request.To }):
		return nil, fmt.Errorf("%s is none of the standbys of %q that stream", request.To, known.Names)
	case request.To == "":
		p.To = slices.MaxFunc(ready, func(a, b cluster.NodeReport) int {
			return cmp.Or(cmp.Compare(m.priority(a.Name), m.priority(b.Name)), cmp.Compare(a.Status.Received, b.Status.Received), cmp.Compare(b.Name, a.Name))
		}).Name
	}
	return p, nil
}

// drain makes the old primary take no more writes, waits for those under way, and until the new one has them.
func (m *Manager) drain(ctx context.Context, p *Plan) error {
	const replay = 5 * time.Second
	limit, cancel := context.WithTimeout(ctx, m.cfg.Drain+replay)
	defer cancel()
	s, err := m.connect(limit, p.From)
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.set(limit, setting{"default_transaction_read_only", "on"}); err != nil {
		return err
	}
	// Settings are read between statements, so one may have begun a little later.
	var since time.Time
	if err := s.ask(limit, "select clock_timestamp() + interval '100 ms'", &since); err != nil {
		return err
	}
	text := since.UTC().Format("2006-01-02 15:04:05.999999Z07:00")
	under := "from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid() and datname is not null and " +
		"(backend_xid is not null or xact_start < '" + text + "')"
	wait, done := context.WithTimeout(limit, m.cfg.Drain)
	err = m.until(wait, s, "idle", "select clock_timestamp() >= '"+text+"' and not exists (select "+under+")")
	done()
	if errors.Is(err, context.DeadlineExceeded) && limit.Err() == nil {
		var ended int
		if err := s.ask(limit, "select count(pg_terminate_backend(pid)) "+under, &ended); err != nil {
			return err
		}
		m.journal.addf(Warning, "%d transactions on %s did not end within %v, and were ended", ended, p.From, m.cfg.Drain)
	} else if err != nil {
		return err
	}
	var end string
	if err := s.ask(limit, "select pg_current_wal_lsn()::text", &end); err != nil {
		return err
	}
	to, err := m.connect(limit, p.To)
	if err != nil {
		return err
	}
	defer to.close()
	return m.until(limit, to, "at "+end, "select pg_last_wal_replay_lsn() >= '"+end+"'")
}

// abandon undoes a switchover whose new primary was not promoted, and answers why. Once standbys were taken away, it is stored before that
// they go back: whoever takes over goes on with that then, and promotes nobody while they acknowledge for the old primary again.
func (m *Manager) abandon(ctx context.Context, p *Plan, cause error) error {
	if p.Phase != Draining {
		if p.Phase, p.GivenUp = Returning, cause.Error(); m.lease.record.Plan.Phase != Returning {
			if err := m.persist(ctx, p, "given up: %v", cause); err != nil {
				return errors.Join(cause, err)
			}
		}
		limit, cancel := context.WithTimeout(ctx, m.cfg.TTL/2)
		defer cancel()
		if err := each(p.Taken, func(t *Taken) error { return m.follow(limit, t.Node, p.From) }); err != nil {
			m.journal.addf(Warning, "not all follow %s again yet: %v", p.From, err) // upkeep sees to it
		}
	}
	err := m.reset(ctx, p.From) // or upkeep does it
	return errors.Join(err, m.answer(ctx, p.Request, cause))
}

// answer says why nothing was done.
func (m *Manager) answer(ctx context.Context, id string, cause error) error {
	m.journal.addf(Warning, "the switchover is refused: %v", cause)
	limit, cancel := context.WithTimeout(ctx, m.cfg.TTL/2)
	defer cancel()
	return m.lease.update(limit, func(r *Record) {
		r.Plan = nil
		r.answer(Answer{ID: id, Refused: cause.Error()})
	})
}
