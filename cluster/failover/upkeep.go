package failover

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/prodwright/prodwright/cluster"
)

// upkeep puts right what a failover has left behind: standbys that were not there when the others were made to follow, and old
// primaries.
func (m *Manager) upkeep(ctx context.Context, runs *sync.WaitGroup, report cluster.Report) error {
	known := m.lease.record.Known
	if known.Primary != report.Primary {
		return nil // the next time
	}
	q, err := parseQuorum(known.Names)
	if err != nil {
		return nil //nolint:nilerr // know has told it
	}
	var errs []error
	for _, n := range report.Nodes {
		lost := n.Name != known.Primary && !slices.Contains(m.streaming, n.Name) && (n.State == cluster.Stale || n.State == cluster.Diverged || n.Health == cluster.Down && slices.Contains(known.Out, n.Name))
		sure := m.rejoins.sure(n.Name, lost)
		switch {
		case n.Name == known.Primary:
		case n.Health == cluster.Up && n.Status.Role == cluster.Standby && (!n.Status.Streaming || n.Status.Timeline < report.Timeline) && n.State != cluster.Diverged &&
			(q.has(n.Name) || slices.Contains(known.Out, n.Name)):
			errs = append(errs, m.fetch(ctx, n.Name, known.Primary))
		case sure:
			m.rejoin(ctx, runs, n, report)
		}
	}
	return errors.Join(append(errs, m.writable(ctx, report))...)
}

// fetch makes a standby follow the primary that a failover has taken away from another one, or that it has lost.
func (m *Manager) fetch(ctx context.Context, name, primary string) error {
	ctx, cancel := context.WithTimeout(ctx, m.cfg.TTL/5)
	defer cancel()
	s, err := m.connect(ctx, name)
	if err != nil {
		return err
	}
	defer s.close()
	i, err := s.conninfo(ctx)
	if err != nil {
		return err
	}
	address, err := m.address(primary)
	if err != nil {
		return err
	}
	switch {
	case i.now == i.was+redirection(address):
		return nil // it has been told, and comes when it can
	case i.now == i.was && !strings.Contains(m.lease.record.Known.Names, stamp):
		return nil // there was no failover yet, and it is not our business why it does not stream
	}
	m.journal.addf(Info, "%s is made to follow %s", name, primary)
	return m.redirect(ctx, s, i, primary)
}

// writable puts back what a switchover has set, as soon as the node is a primary that is in force, or a standby.
func (m *Manager) writable(ctx context.Context, report cluster.Report) (err error) {
	for _, n := range report.Nodes {
		if n.Health == cluster.Up && (n.State == cluster.Writable || n.State == cluster.Readable) && slices.Contains(m.lease.record.ReadOnly, n.Name) {
			err = errors.Join(err, m.reset(ctx, n.Name))
		}
	}
	return err
}

// reset lets a server write again.
func (m *Manager) reset(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, m.cfg.TTL/5)
	defer cancel()
	s, err := m.connect(ctx, name)
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.set(ctx, setting{name: "default_transaction_read_only"}); err != nil {
		return err
	}
	return m.lease.update(ctx, func(r *Record) { r.readOnly(name, false) })
}

// readOnly notes that a node was made read-only, or that it is not any more.
func (r *Record) readOnly(name string, is bool) {
	r.ReadOnly = slices.DeleteFunc(slices.Clone(r.ReadOnly), func(n string) bool { return n == name })
	if is {
		r.ReadOnly = append(r.ReadOnly, name)
	}
}
