package failover

import (
	"context"
	"errors"
	"slices"

	"github.com/prodwright/prodwright/cluster"
)

// know keeps what the cluster is like, and takes those who were out into the quorum again.
func (m *Manager) know(ctx context.Context, report cluster.Report) error {
	ctx, cancel := context.WithTimeout(ctx, m.cfg.TTL/5)
	defer cancel()
	s, err := m.connect(ctx, report.Primary)
	if err != nil {
		return err
	}
	defer s.close()
	known := Known{Primary: report.Primary, Timeline: report.Timeline}
	var streaming []string
	var commit string
	if err := s.ask(ctx, `select current_setting('synchronous_standby_names'), current_setting('synchronous_commit'),
		array(select application_name from pg_stat_replication where state = 'streaming' and not pg_is_in_recovery())`, &known.Names, &commit, &streaming); err != nil {
		return err
	}
	m.streaming = streaming
	if commit == "off" || commit == "local" {
		m.journal.addf(Warning, "%s has synchronous_commit = %s: what it acknowledges may be lost with it", report.Primary, commit)
	}
	q, err := parseQuorum(known.Names)
	if q.need == 0 || err != nil {
		if err == nil && m.cfg.Fence == nil {
			m.journal.addf(Warning, "%s has no synchronous_standby_names: when it is lost, nothing will be done, because nobody knows what it acknowledged", report.Primary)
		}
		return errors.Join(err, m.keep(ctx, known))
	}
	before := m.lease.record.Known
	back := quorum{}
	for _, name := range before.Out {
		switch {
		case name == known.Primary, q.has(name), m.node(name) == nil: // it is in again, or it is nobody's any more
		case back.need == 0 && slices.Contains(streaming, name) && before.Primary == known.Primary:
			back = q.with(name)
			known.Out = append(known.Out, name) // until the server says that it is in
		default:
			known.Out = append(known.Out, name)
		}
	}
	if back.need == 0 {
		return m.keep(ctx, known)
	}
	// Who may acknowledge is known before it can.
	known.Names = back.setting(m.lease.record.Epoch)
	if err := m.keep(ctx, known); err != nil {
		return err
	}
	m.journal.addf(Info, "%s waits for %s, too", known.Primary, back.names[len(back.names)-1])
	return s.set(ctx, setting{"synchronous_standby_names", known.Names})
}

// keep stores what is known, if it is something new.
func (m *Manager) keep(ctx context.Context, known Known) error {
	if known.equal(m.lease.record.Known) {
		return nil
	}
	return m.lease.update(ctx, func(r *Record) { r.Known = known })
}
