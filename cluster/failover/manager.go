package failover

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prodwright/prodwright/cluster"
)

// Manager promotes a standby when the primary is lost. Use [New]. It is safe for concurrent use.
type Manager struct {
	cfg     Config
	running atomic.Bool
	status  atomic.Pointer[Status]
	journal *journal

	// The goroutine of Run alone has what follows.
	lease     *lease
	streaming []string // the standbys of the primary, when it was last asked
	rejoins   rejoins
}

// New returns a manager, or the errors of [Config.Validate].
func New(cfg Config) (*Manager, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("failover: invalid configuration:\n%w", err)
	}
	host, _ := os.Hostname()
	cfg.ID = cmp.Or(cfg.ID, host+"-"+strconv.Itoa(os.Getpid())+"-"+strconv.FormatInt(time.Now().UnixNano(), 36))
	cfg.TTL, cfg.Patience = cmp.Or(cfg.TTL, DefaultTTL), cmp.Or(cfg.Patience, DefaultPatience)
	cfg.Drain, cfg.RejoinRetry = cmp.Or(cfg.Drain, DefaultDrain), cmp.Or(cfg.RejoinRetry, DefaultRejoinRetry)
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	register := cfg.Register
	if cfg.DryRun {
		register = new(Memory)
	}
	m := &Manager{cfg: cfg, journal: newJournal(cfg.Logger), lease: &lease{register: register, id: cfg.ID, ttl: cfg.TTL, margin: cfg.TTL / 10}}
	m.publish(cluster.Report{})
	return m, nil
}

// step is how often a manager looks.
const step = 50 * time.Millisecond

// ErrRunning means that the manager runs already.
var ErrRunning = errors.New("failover: the manager runs already")

// Run manages until ctx is done, and gives the lease back then. It returns the cause of ctx, or [ErrRunning].
func (m *Manager) Run(ctx context.Context) error {
	if m.running.Swap(true) {
		return ErrRunning
	}
	defer m.running.Store(false)
	c, err := cluster.Open(ctx, m.cfg.probes())
	if err != nil {
		return err
	}
	defer func() { _ = c.Close(context.WithoutCancel(ctx)) }()
	var runs sync.WaitGroup
	defer runs.Wait()
	defer m.rejoins.cancelAll()
	if m.cfg.OnDecision != nil {
		done := make(chan struct{})
		defer close(done)
		runs.Go(func() { m.journal.tell(done, m.cfg.OnDecision) })
	}
	ticker := time.NewTicker(step)
	defer ticker.Stop()
	var looked time.Time
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer cancel()
			if m.lease.holds() {
				_ = m.lease.release(last)
			}
			m.publish(c.Report())
			return context.Cause(ctx)
		case <-ticker.C:
		}
		report := c.Report()
		due := time.Since(looked) >= m.cfg.TTL/5
		if !due && (report.Primary != "" || !m.lease.holds()) && m.lease.record.Plan == nil {
			continue
		}
		looked = time.Now()
		if err := m.manage(ctx, &runs, report, due); err != nil && ctx.Err() == nil {
			m.failed(report, err)
		}
		if !m.lease.holds() {
			m.rejoins.cancelAll()
		}
		m.publish(report)
	}
}

// failed tells why something was not done.
func (m *Manager) failed(report cluster.Report, err error) {
	severity := Warning
	if m.lease.holds() && (report.Primary == "" || m.lease.record.Plan != nil) {
		severity = Critical
	}
	m.journal.addf(severity, "%v", err)
}

// manage does what is to be done now.
func (m *Manager) manage(ctx context.Context, runs *sync.WaitGroup, report cluster.Report, due bool) error {
	if !m.lease.holds() || due {
		limit, cancel := context.WithTimeout(ctx, m.cfg.TTL/2)
		taken, err := m.lease.take(limit)
		if err == nil && taken && due {
			err = m.lease.update(limit, func(*Record) {})
		}
		cancel()
		if err != nil || !taken {
			return err
		}
	}
	r := &m.lease.record
	switch {
	case r.Plan != nil:
		return m.goOn(ctx)
	case r.Request != nil && inForce(report, r.Known):
		return m.switchover(ctx, report)
	case r.Paused != "":
		m.journal.addf(Info, "paused: %s", r.Paused)
		return nil
	case inForce(report, r.Known):
		if due || report.Primary != r.Known.Primary {
			return errors.Join(m.know(ctx, report), m.upkeep(ctx, runs, report))
		}
		return nil
	}
	return m.lost(ctx, report)
}

// inForce says whether the primary of a report is at least as new as what the managers know: after a failover, the old one may be seen first.
func inForce(report cluster.Report, known Known) bool {
	for _, n := range report.Nodes {
		if n.Name == report.Primary {
			return n.Status.Timeline >= known.Timeline
		}
	}
	return false
}

// persist stores a plan before it is acted upon, which renews the lease: who has lost it acts no more.
func (m *Manager) persist(ctx context.Context, p *Plan, format string, args ...any) error {
	return m.persistWith(ctx, p, func(*Record) {}, format, args...)
}

// persistWith stores something else with it.
func (m *Manager) persistWith(ctx context.Context, p *Plan, change func(*Record), format string, args ...any) error {
	step := Step{At: time.Now(), Phase: p.Phase, Text: fmt.Sprintf(format, args...)}
	p.Steps = append(p.Steps, step)
	limit, cancel := context.WithTimeout(ctx, m.cfg.TTL/2)
	defer cancel()
	stored := p.clone()
	err := m.lease.update(limit, func(r *Record) {
		r.Plan = stored
		change(r)
	})
	if err == nil {
		m.journal.addf(Info, "%s", step.Text)
		if m.cfg.OnStep != nil {
			m.cfg.OnStep(*p.clone(), step)
		}
	}
	return err
}

// finish ends a plan, with what the cluster is like from now on.
func (m *Manager) finish(ctx context.Context, p *Plan, known Known) error {
	p.Phase = Done
	return m.persistWith(ctx, p, func(r *Record) {
		r.past(r.Plan)
		r.Plan, r.Known = nil, known
		if p.Request != "" {
			r.answer(Answer{ID: p.Request})
		}
	}, "%s is the primary", p.To)
}

// past adds a plan to the history.
func (r *Record) past(p *Plan) {
	const most = 20
	r.History = append(append([]Plan(nil), r.History...), *p)
	if len(r.History) > most {
		r.History = r.History[len(r.History)-most:]
	}
}
