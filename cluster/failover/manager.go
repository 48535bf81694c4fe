package failover

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prodwright/prodwright/cluster"
)

// Manager promotes a standby when the primary is lost. Use [New]. It is safe for concurrent use.
type Manager struct {
	cfg    Config
	lease  *lease
	record atomic.Pointer[Record] // what this manager knows of it
}

// New returns a manager, or the errors of [Config.Validate].
func New(cfg Config) (*Manager, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("failover: invalid configuration:\n%w", err)
	}
	host, _ := os.Hostname()
	cfg.ID = cmp.Or(cfg.ID, host+"-"+strconv.Itoa(os.Getpid())+"-"+strconv.FormatInt(time.Now().UnixNano(), 36))
	cfg.TTL, cfg.Patience = cmp.Or(cfg.TTL, DefaultTTL), cmp.Or(cfg.Patience, DefaultPatience)
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	m := &Manager{cfg: cfg, lease: &lease{register: cfg.Register, id: cfg.ID, ttl: cfg.TTL, margin: cfg.TTL / 10}}
	m.record.Store(new(Record))
	return m, nil
}

// Record returns what this manager knows of what all of them share.
func (m *Manager) Record() Record { return *m.record.Load() }

// Known returns what the cluster was like when all was well, as far as this manager knows.
func (m *Manager) Known() Known { return m.record.Load().Known }

// step is how often a manager looks.
const step = 50 * time.Millisecond

// Run manages until ctx is done, and gives the lease back then.
func (m *Manager) Run(ctx context.Context) error {
	probes := m.cfg.Probes
	probes.Nodes = nil
	for _, n := range m.cfg.Nodes {
		probes.Nodes = append(probes.Nodes, cluster.NodeConfig{Name: n.Name, URL: n.URL})
	}
	c, err := cluster.Open(ctx, probes)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close(context.WithoutCancel(ctx)) }()
	ticker := time.NewTicker(step)
	defer ticker.Stop()
	var looked time.Time
	told := "" // once, and again when it is another error
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer cancel()
			if m.lease.holds() {
				_ = m.lease.release(last)
			}
			return context.Cause(ctx)
		case <-ticker.C:
		}
		report := c.Report()
		due := time.Since(looked) >= m.cfg.TTL/5
		if !due && (report.Primary != "" || !m.lease.holds()) && m.lease.record.Plan == nil {
			continue
		}
		looked = time.Now()
		err := m.manage(ctx, report, due)
		record := m.lease.record
		m.record.Store(&record)
		if err != nil && ctx.Err() == nil && err.Error() != told {
			m.cfg.Logger.Warn("failover: cannot manage", "error", err)
		}
		told = fmt.Sprint(err)
	}
}

// manage does what is to be done now.
func (m *Manager) manage(ctx context.Context, report cluster.Report, due bool) error {
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
	case r.Paused != "":
		return nil
	case r.Plan != nil:
		return m.goOn(ctx)
	case report.Primary != "":
		if due || report.Primary != r.Known.Primary {
			return m.know(ctx, report)
		}
		return nil
	}
	return m.lost(ctx, report)
}

// know keeps what the cluster is like.
func (m *Manager) know(ctx context.Context, report cluster.Report) error {
	ctx, cancel := context.WithTimeout(ctx, m.cfg.TTL/5)
	defer cancel()
	s, err := m.connect(ctx, report.Primary)
	if err != nil {
		return err
	}
	defer s.close()
	known := Known{Primary: report.Primary, Timeline: report.Timeline}
	if err := s.ask(ctx, "select current_setting('synchronous_standby_names')", &known.Names); err != nil {
		return err
	}
	if known == m.lease.record.Known {
		return nil
	}
	return m.lease.update(ctx, func(r *Record) { r.Known = known })
}

// persist stores a plan before it is acted upon, which renews the lease: who has lost it acts no more.
func (m *Manager) persist(ctx context.Context, p *Plan, format string, args ...any) error {
	step := Step{At: time.Now(), Text: fmt.Sprintf(format, args...)}
	p.Steps = append(p.Steps, step)
	limit, cancel := context.WithTimeout(ctx, m.cfg.TTL/2)
	defer cancel()
	stored := p.clone()
	err := m.lease.update(limit, func(r *Record) {
		r.Plan = stored
		if p.Phase == Done {
			r.History = append(append([]Plan(nil), r.History...), *stored)
			r.Plan = nil
			q, _ := parseQuorum(p.Names) // which goOn did
			r.Known = Known{Primary: p.To, Timeline: p.Timeline + 1, Names: q.after(p.From, p.To).setting(r.Epoch)}
		}
	})
	if err == nil {
		m.cfg.Logger.Info("failover: "+step.Text, "phase", string(p.Phase))
		if m.cfg.OnStep != nil {
			m.cfg.OnStep(*p.clone(), step)
		}
	}
	return err
}
