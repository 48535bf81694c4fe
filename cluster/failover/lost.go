package failover

import (
	"context"
	"fmt"
	"time"

	"github.com/prodwright/prodwright/cluster"
)

// lost decides whether the primary is lost, and begins a failover.
func (m *Manager) lost(ctx context.Context, report cluster.Report) error {
	known := m.lease.record.Known
	if known.Primary == "" || report.SplitBrain {
		return nil
	}
	for _, n := range report.Nodes {
		if n.Name == known.Primary && (n.Health != cluster.Down || n.FailingSince.IsZero() || time.Since(n.FailingSince) < m.cfg.Patience) {
			return nil
		}
		if n.Status.Role == cluster.Primary && n.Name != known.Primary && n.Health == cluster.Up && n.Status.Timeline >= known.Timeline {
			return nil // somebody else has promoted it
		}
	}
	if by := m.seen(ctx, report, known.Primary); by != "" {
		return fmt.Errorf("failover: %s does not answer, but %s hears from it: the fault lies between", known.Primary, by)
	}
	q, err := parseQuorum(known.Names)
	if err != nil {
		return fmt.Errorf("failover: synchronous_standby_names of %s: %w", known.Primary, err)
	}
	plan := Plan{Reason: known.Primary + " does not answer", Phase: Revoking, From: known.Primary, Names: known.Names, Timeline: known.Timeline}
	for _, n := range report.Nodes {
		if n.Health == cluster.Up && n.Status.Role == cluster.Standby && q.has(n.Name) {
			plan.Taken = append(plan.Taken, Taken{Node: n.Name})
		}
	}
	if !q.enough(len(plan.Taken)) && m.cfg.Fence == nil {
		return fmt.Errorf("failover: refused: %d of the standbys of %q answer: what %s acknowledged may be lost", len(plan.Taken), known.Names, known.Primary)
	}
	if m.cfg.DryRun {
		m.journal.addf(Critical, "%s: of %s, the one that has most would be promoted", plan.Reason, names(plan.Taken))
		return nil
	}
	m.journal.addf(Critical, "%s: a failover begins", plan.Reason)
	if err := m.persist(ctx, &plan, "%s", plan.Reason); err != nil {
		return err
	}
	return m.goOn(ctx)
}

// seen returns a standby that has heard from the primary after it stopped to answer, or nothing. The standby's clock says how
// long ago that was, ours since when; they are not compared.
func (m *Manager) seen(ctx context.Context, report cluster.Report, primary string) string {
	const slack = 100 * time.Millisecond
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	var since time.Time
	for _, n := range report.Nodes {
		if n.Name == primary {
			since = n.FailingSince
		}
	}
	for _, n := range report.Nodes {
		if n.Health != cluster.Up || !n.Status.Streaming {
			continue
		}
		s, err := m.connect(ctx, n.Name)
		if err != nil {
			continue
		}
		var silent float64
		asked := time.Now()
		err = s.ask(ctx, "select coalesce((select extract(epoch from clock_timestamp() - last_msg_receipt_time) from pg_stat_wal_receiver), 1e9)::float8", &silent)
		s.close()
		if err == nil && heard(silent, asked.Sub(since)-slack) {
			return n.Name
		}
	}
	return ""
}

// heard says whether a standby that has heard nothing for so many seconds, by its own clock, has heard something since. One that has
// for less than none has had its clock set back, and says nothing: it would go on to do so for as long as that was.
func heard(silent float64, since time.Duration) bool {
	return silent >= 0 && time.Duration(silent*float64(time.Second)) < since
}
