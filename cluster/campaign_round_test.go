package cluster_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/cluster"
	"github.com/prodwright/prodwright/cluster/failover"
	"github.com/prodwright/prodwright/internal/pgtest"
)

// mode is who promotes.
type mode string

const (
	follow  mode = "follow"  // the harness, as an outside authority
	manage  mode = "manage"  // managers with the default configuration
	managed mode = "managed" // managers with one that is fast
)

// round is one of a campaign. All that is random about it follows from its seed, in this order: what is drawn by newRound, then by the
// scenario.
type round struct {
	*managers

	rng      *rand.Rand
	small    bool // the primary has a small disk
	mode     mode
	writers  int
	sessions bool // writers read what they wrote
	obstinate,
	cascade bool // a client that follows nobody is there; the other standby follows the new primary before it is promoted
	before, after time.Duration

	may      func(error) bool // failures of writes that are what they should be
	patience time.Duration    // of managers, instead of the usual one
	onStep   func(n int)      // of managers
	audit    *audit           // the register of managers
	c        *cluster.Cluster // what the load goes through
	l        *load            // its history
	seen     []*sighting      // of each server
	end      func(*round, verdict)
	finished bool // it came to its end
	lost     bool // the primary was gone for clients before another one was promoted
	told     []string
}

func newRound(x *trio, seed uint64, modes []mode, small bool) *round {
	r := &round{managers: &managers{trio: x}, rng: rand.New(rand.NewPCG(seed, 6)), small: small}
	r.mode = modes[r.rng.IntN(len(modes))]
	r.writers = 1 + r.rng.IntN(4)
	r.sessions, r.obstinate, r.cascade = r.coin(), r.coin(), r.coin()
	r.before, r.after = r.between(0, 200), r.between(50, 250)
	r.audit = &audit{Register: &r.register, holders: map[uint64]string{}}
	return r
}

func (r *round) coin() bool { return r.rng.IntN(2) == 0 }

// between draws a time in milliseconds.
func (r *round) between(least, most int) time.Duration {
	return time.Duration(least+r.rng.IntN(most-least+1)) * time.Millisecond
}

// standby draws one of the two.
func (r *round) standby() int { return 1 + r.rng.IntN(2) }

// notef keeps what happened, for the line that tells of the round.
func (r *round) notef(format string, args ...any) {
	r.told = append(r.told, fmt.Sprintf(format, args...))
}

// begin starts managers, the cluster and its load, and waits until that goes well.
func (r *round) begin(cfg cluster.Config) {
	r.Helper()
	if r.mode != follow {
		for _, id := range []string{"a", "b"} {
			r.guarded(id, failover.Config{}, nil)
		}
		r.knows()
	}
	r.busy(cfg)
}

// guarded starts a manager whose register is watched.
func (r *round) guarded(id string, cfg failover.Config, onStep func(cancel context.CancelFunc, n int)) {
	r.Helper()
	if r.mode == managed {
		cfg.TTL, cfg.Patience = time.Second, time.Second
		cfg.Probes = cluster.Config{ProbeInterval: 200 * time.Millisecond, UrgentInterval: 50 * time.Millisecond, ProbeTimeout: 500 * time.Millisecond}
	}
	if r.patience > 0 {
		cfg.Patience = r.patience
	}
	if cfg.Register == nil {
		cfg.Register = r.audit
	}
	r.manager(id, cfg, func(cancel context.CancelFunc, n int) {
		if r.onStep != nil {
			r.onStep(n)
		}
		if onStep != nil {
			onStep(cancel, n)
		}
	})
}

// busy opens the cluster and its load.
func (r *round) busy(cfg cluster.Config) {
	r.Helper()
	r.loaded(r.open(cfg))
}

// loaded starts the load on a cluster.
func (r *round) loaded(c *cluster.Cluster) {
	r.Helper()
	r.c = c
	r.l = r.traffic(r.c, r.writers, 2, r.sessions)
	for i := range r.servers {
		r.seen = append(r.seen, r.watch(i))
	}
	if r.obstinate {
		r.stubborn(r.l, 0)
	}
	r.acknowledged(r.l, 0, 20)
	time.Sleep(r.before)
}

// caught waits until a write is under way.
func (r *round) caught() {
	r.Helper()
	require.Eventually(r, func() bool { return r.l.underWay() > 0 }, hang, time.Millisecond/4, "nobody writes")
}

// replaced waits for another primary: the harness makes one, or a manager does.
func (r *round) replaced() (winner int) {
	r.Helper()
	r.lost = true
	if r.mode == follow {
		for i := range 2 { // the network between them is well
			r.heal(i + 1)
		}
		r.early = r.cascade
		winner = r.failover(1, 2)
	} else {
		winner = r.primary(r.c)
	}
	r.acknowledged(r.l, winner, 20)
	r.notef("%s is the primary", r.servers[winner].Name())
	return winner
}

// settled waits until it is clear who is the primary, whoever that is.
func (r *round) settled() (last int) {
	r.Helper()
	require.Eventually(r, func() bool {
		last = slices.IndexFunc(r.servers, func(s *pgtest.Server) bool { return s.Name() == r.c.Report().Primary })
		value, _, _ := r.register.Load(context.Background())
		return last >= 0 && (r.mode == follow || !strings.Contains(string(value), `"plan":`) && strings.Contains(string(value), `"known":{"primary":"`+r.servers[last].Name()+`"`))
	}, 2*hang, tick, "nobody is the primary")
	r.acknowledged(r.l, last, 20)
	r.notef("%s is the primary", r.servers[last].Name())
	return last
}

// stays says that nobody was promoted, and that the first one acknowledges.
func (r *round) stays() {
	r.Helper()
	r.acknowledged(r.l, 0, 20)
	require.Zero(r, r.steps.Load(), "a manager acted")
	require.Equal(r, "true", r.ask(1, "select pg_is_in_recovery()"))
	require.Equal(r, "true", r.ask(2, "select pg_is_in_recovery()"))
}

// refuses says that nobody listens at a server's address.
func (r *round) refuses(i int) {
	r.Helper()
	_, err := net.Dial("tcp", r.servers[i].Addr())
	require.ErrorIs(r, err, syscall.ECONNREFUSED)
	r.notef("%s refuses connections", r.servers[i].Name())
}

// finish ends the round: the history is judged by what the last primary has.
func (r *round) finish(last int) {
	r.Helper()
	time.Sleep(r.after)
	r.finished = true
	r.l.end()
	v := r.judge(r.l, last)
	promoted := 0
	for i, s := range r.seen {
		s.stop()
		if at, direct := s.accepted, s.acknowledged; i > 0 && !at.IsZero() {
			promoted++
			if i == last {
				v.accepted, v.acknowledged, v.firstAck = at, direct, r.l.firstBy(r.servers[i].Port())
			}
		}
	}
	r.end(r, v)
	require.Empty(r, v.wrong())
	for _, err := range r.l.failures {
		require.True(r, r.may != nil && r.may(err), "a write failed: %v", err)
	}
	require.Empty(r, r.l.readErrors)
	require.Positive(r, v.acked)
	require.LessOrEqual(r, promoted, 1, "more than one was promoted")
	require.Empty(r, r.audit.wrong())
}

// postmortem looks, after a round that did not come to its end, for what is lost on the one that was promoted.
func (r *round) postmortem() {
	if r.c == nil {
		return
	}
	limit, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_ = r.c.Close(limit) // writes may wait for ever
	for i, s := range r.seen {
		s.stop()
		if s.accepted.IsZero() {
			continue
		}
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		there := map[int64]bool{}
		conn, err := pgx.Connect(ctx, r.servers[i].URL("postgres"))
		if err == nil {
			var rows pgx.Rows
			rows, _ = conn.Query(ctx, "select id from written")
			var id int64
			_, err = pgx.ForEachRow(rows, []any{&id}, func() error { there[id] = true; return nil })
			_ = conn.Close(ctx)
		}
		missing := 0
		r.l.mu.Lock()
		for _, a := range r.l.acked {
			if !there[a.id] {
				missing++
			}
		}
		r.l.mu.Unlock()
		r.Logf("postmortem of %s: %d acknowledged and missing (%v)", r.servers[i].Name(), missing, err)
	}
}

// sighting is when a server was first seen to be no standby, and when it first acknowledged to somebody who asks it alone.
type sighting struct {
	end                    context.CancelFunc
	run                    sync.WaitGroup
	accepted, acknowledged time.Time
}

func (s *sighting) stop() {
	s.end()
	s.run.Wait()
}

// watch asks a standby each 5 ms what it is.
func (r *round) watch(i int) *sighting {
	ctx, cancel := context.WithCancel(context.Background())
	s := &sighting{end: cancel}
	r.Cleanup(s.stop)
	if i == 0 {
		return s
	}
	url, id := r.servers[i].URL("postgres"), -i
	s.run.Go(func() {
		for ctx.Err() == nil && s.acknowledged.IsZero() {
			s.look(ctx, url, id)
			time.Sleep(tick)
		}
	})
	return s
}

func (s *sighting) look(ctx context.Context, url string, id int) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return
	}
	defer func() { _ = conn.Close(context.Background()) }()
	for s.acknowledged.IsZero() {
		var standby bool
		if err := conn.QueryRow(ctx, "select pg_is_in_recovery()").Scan(&standby); err != nil {
			return
		}
		if standby {
			time.Sleep(tick)
			continue
		}
		if s.accepted.IsZero() {
			s.accepted = time.Now()
		}
		if _, err := conn.Exec(ctx, "insert into written values ($1) on conflict do nothing", id); err != nil {
			return
		}
		s.acknowledged = time.Now()
	}
}
