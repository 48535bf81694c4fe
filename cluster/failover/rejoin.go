package failover

import (
	"context"
	"sync"
	"time"

	"github.com/prodwright/prodwright/cluster"
)

// Rejoining is what [Config].Rejoin is asked for.
type Rejoining struct {
	// Node is the one that is to be a standby again, and State what it is now: stale, diverged, or unusable when it does not run.
	Node  string
	State cluster.State
	// Primary is the one to follow, Address where it is streamed from as host:port, and Timeline what it writes.
	Primary, Address string
	Timeline         uint32
}

// rejoins are those that are under way, or were not long ago. The zero value is ready to use.
type rejoins struct {
	mu   sync.Mutex // guards what follows
	runs map[string]*rejoinRun
	seen map[string]int // how often in a row a node was found to need it
}

// sure says whether a node was found so often in a row to need it that it is no passing state.
func (r *rejoins) sure(node string, needs bool) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !needs {
		delete(r.seen, node)
		return false
	}
	if r.seen == nil {
		r.seen = map[string]int{}
	}
	const often = 3
	r.seen[node]++
	return r.seen[node] >= often
}

type rejoinRun struct {
	cancel context.CancelFunc // nil when it has ended
	ended  time.Time
}

// begin says whether a node's turn has come, and notes that it has begun.
func (r *rejoins) begin(node string, retry time.Duration, cancel context.CancelFunc) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if was := r.runs[node]; was != nil && (was.cancel != nil || time.Since(was.ended) < retry) {
		return false
	}
	if r.runs == nil {
		r.runs = map[string]*rejoinRun{}
	}
	r.runs[node] = &rejoinRun{cancel: cancel}
	return true
}

func (r *rejoins) end(node string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.runs[node].cancel()
	r.runs[node] = &rejoinRun{ended: time.Now()}
}

// cancelAll ends those that are under way.
func (r *rejoins) cancelAll() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, run := range r.runs {
		if run.cancel != nil {
			run.cancel()
		}
	}
}

// rejoin asks the hook to bring a node back, in a goroutine of its own: that may take long.
func (m *Manager) rejoin(ctx context.Context, runs *sync.WaitGroup, n cluster.NodeReport, report cluster.Report) {
	if m.cfg.Rejoin == nil {
		m.journal.addf(Warning, "%s is %s: it needs pg_rewind, or a new copy, and there is no Rejoin that does it", n.Name, n.State)
		return
	}
	address, err := m.address(report.Primary)
	if err != nil || m.cfg.DryRun {
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	if !m.rejoins.begin(n.Name, m.cfg.RejoinRetry, cancel) {
		cancel()
		return
	}
	m.journal.addf(Info, "%s is %s, and is brought back", n.Name, n.State)
	runs.Go(func() {
		defer m.rejoins.end(n.Name)
		m.checkpoint(ctx, report.Primary)
		err := m.cfg.Rejoin(ctx, Rejoining{Node: n.Name, State: n.State, Primary: report.Primary, Address: address, Timeline: report.Timeline})
		if err != nil {
			m.journal.addf(Warning, "%s was not brought back, the next attempt is in %v: %v", n.Name, m.cfg.RejoinRetry, err)
			return
		}
		m.journal.addf(Info, "%s is brought back", n.Name)
	})
}

// checkpoint makes a checkpoint, if it may: before PostgreSQL 16, pg_rewind takes the timeline of the new primary from there.
func (m *Manager) checkpoint(ctx context.Context, primary string) {
	s, err := m.connect(ctx, primary)
	if err != nil {
		return
	}
	defer s.close()
	_, _ = s.conn.Exec(ctx, "checkpoint")
}
