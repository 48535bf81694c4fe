package failover

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/prodwright/prodwright/cluster"
)

// Node is one server of the cluster.
type Node struct {
	// Name is the application_name with which the node streams, as in synchronous_standby_names. Required.
	Name string
	// URL is for a role that may administer it: a superuser, or one of pg_monitor that may execute pg_promote, pg_reload_conf and
	// pg_create_physical_replication_slot, and ALTER SYSTEM on primary_conninfo and synchronous_standby_names.
	URL cluster.Secret
	// Address is where the other nodes stream from, as host:port. Defaults to that of the URL.
	Address string
	// Priority decides between standbys that have the same. The higher one is promoted.
	Priority int
}

// Config of a [Manager].
type Config struct {
	// Nodes are all servers. Required.
	Nodes []Node
	// Register is what all managers of the cluster share. Required.
	Register Register
	// ID is the name of this manager among them. Defaults to one that is made of the host and the process.
	ID string
	// TTL is how long the others wait until they take over. Defaults to 5 s.
	TTL time.Duration
	// Probes is how the nodes are watched. Its Nodes are ignored.
	Probes cluster.Config
	// Fence makes sure that a node can acknowledge nothing any more: it is switched off, or cut off. It is asked when there is no
	// synchronous quorum that says so.
	Fence func(ctx context.Context, node string) error
	// DryRun decides and tells, and does nothing.
	DryRun bool
	// OnStep is told each step of a failover. It must be quick.
	OnStep func(p Plan, s Step)
	// Logger is told, too. Nil means none.
	Logger *slog.Logger
}

// Manager promotes a standby when the primary is lost. Use [New]. It is safe for concurrent use.
type Manager struct {
	cfg    Config
	lease  *lease
	record atomic.Pointer[Record] // what this manager knows of it
}

// Defaults and limits of [Config].
const (
	DefaultTTL = 5 * time.Second
	minTTL     = time.Second
)

// Validate returns all that is wrong, joined, each beginning with the name of its field.
func (c Config) Validate() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	names := map[string]int{}
	for i, n := range c.Nodes {
		if n.Name == "" {
			wrong("Nodes[%d].Name is empty: must be the application_name with which it streams", i)
		}
		if j, ok := names[n.Name]; ok {
			wrong("Nodes[%d].Name is %q, as that of Nodes[%d]: must be unique", i, n.Name, j)
		}
		names[n.Name] = i
		if n.URL.IsZero() {
			wrong("Nodes[%d].URL is empty: must be as in postgres://admin@host:5432/postgres", i)
		} else if _, err := pgx.ParseConfig(n.URL.Reveal()); err != nil {
			wrong("Nodes[%d].URL is wrong: %w", i, err) // pgx leaves the password out
		}
		if _, _, err := net.SplitHostPort(n.Address); n.Address != "" && err != nil {
			wrong("Nodes[%d].Address is %q: must be host:port, or empty for that of the URL", i, n.Address)
		}
	}
	if len(c.Nodes) < 2 {
		wrong("Nodes has %d: must have two at least", len(c.Nodes))
	}
	if c.Register == nil {
		wrong("Register is nil: all managers of the cluster must share one")
	}
	if c.TTL != 0 && c.TTL < minTTL {
		wrong("TTL is %v: must be %v at least, or 0 for %v", c.TTL, minTTL, DefaultTTL)
	}
	return errors.Join(errs...)
}

// New returns a manager, or the errors of [Config.Validate].
func New(cfg Config) (*Manager, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("failover: invalid configuration:\n%w", err)
	}
	host, _ := os.Hostname()
	cfg.ID = cmp.Or(cfg.ID, host+"-"+strconv.Itoa(os.Getpid())+"-"+strconv.FormatInt(time.Now().UnixNano(), 36))
	cfg.TTL = cmp.Or(cfg.TTL, DefaultTTL)
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

// lost decides whether the primary is lost, and begins a failover.
func (m *Manager) lost(ctx context.Context, report cluster.Report) error {
	known := m.lease.record.Known
	if known.Primary == "" || report.SplitBrain {
		return nil
	}
	for _, n := range report.Nodes {
		if n.Name == known.Primary && n.Health != cluster.Down {
			return nil
		}
		if n.Status.Role == cluster.Primary && n.Name != known.Primary && n.Health == cluster.Up {
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
	m.cfg.Logger.Warn("failover: begins", "reason", plan.Reason)
	if m.cfg.DryRun {
		return nil
	}
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
		if err == nil && time.Duration(silent*float64(time.Second)) < asked.Sub(since)-slack {
			return n.Name
		}
	}
	return ""
}

func (q quorum) has(name string) bool {
	for _, n := range q.names {
		if n == name {
			return true
		}
	}
	return false
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
