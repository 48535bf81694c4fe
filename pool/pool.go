package pool

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Pool is a [pgxpool.Pool] with limits on every wait, an account of who holds its connections, and a Close that ends.
// Use [New]. A Pool is safe for concurrent use.
type Pool struct {
	raw      *pgxpool.Pool
	cfg      Config
	password Secret // of cfg, or of its URL
	target   target
	warnings []string
	clock    *clock
	conns    connSet

	txSetup        string // what to add to BEGIN behind a pooler
	sessionSetup   string // what to run on each new connection behind a pooler
	connectTimeout time.Duration
	tracer         pgx.QueryTracer // the user's, combined
	prepareConfig  func(context.Context, *pgx.ConnConfig) error

	gate           atomic.Pointer[gate] // set while suspended
	acquiring      atomic.Int64         // acquires that have passed the gate and not ended
	closing        atomic.Bool
	sampleAllUntil atomic.Int64 // clock stamp
	waiters        waiters

	evictions       atomic.Int64
	connectFailure  atomic.Pointer[connectFailure]
	connectFailures atomic.Int64
	invalid         atomic.Int64
	recycled        atomic.Int64
	leaks           atomic.Int64

	life      context.Context //nolint:containedctx // ends when Close begins, and with it the pool's goroutines and attempts to connect
	end       context.CancelFunc
	reporting atomic.Bool // leaks are being reported, so Close waits

	loops  sync.WaitGroup
	closed chan struct{} // closed when the raw pool has closed and the goroutines have ended
}

// New opens a pool. It returns when a connection was made, so a service that gets a Pool can reach its database: causes
// that pass (a server that is starting, a name that is not known yet) are waited for up to StartTimeout, all others end
// New at once. Errors are a [*ConfigError] or a [*ConnectError]. ctx limits New only, not the pool.
func New(ctx context.Context, c Config) (*Pool, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	pc, password, err := c.pgxConfig()
	if err != nil {
		return nil, &ConfigError{Problems: []error{err}}
	}
	c = c.withDefaults()
	if c.Configure != nil {
		if err := c.Configure(pc); err != nil {
			return nil, fmt.Errorf("pool: Configure: %w", err)
		}
		password = takePassword(pc.ConnConfig, password)
	}
	c.Size, c.MinConns = min(c.Size, int(pc.MaxConns)), int(pc.MinConns) // Configure may have changed them
	p := &Pool{
		cfg: c, password: password, target: newTarget(pc), clock: newClock(c),
		connectTimeout: cmp.Or(pc.ConnConfig.ConnectTimeout, c.ConnectTimeout), closed: make(chan struct{}),
	}
	p.life, p.end = context.WithCancel(context.Background())
	if err := p.open(ctx, pc); err != nil {
		p.end()
		return nil, err
	}
	p.loops.Go(func() { p.every(p.clock.advance) })
	p.loops.Go(func() { p.every(p.upkeep) })
	if c.LeakThreshold > 0 {
		p.loops.Go(func() { p.every(p.findLeaks) })
	}
	return p, nil
}

// open reaches the server, adapts to what it found there and opens the pgxpool.
func (p *Pool) open(ctx context.Context, pc *pgxpool.Config) error {
	user := *pc
	p.install(pc)
	info, pooler, err := reach(ctx, pc, p.cfg, p.target)
	if err != nil {
		return err
	}
	p.connectFailures.Store(0)
	p.connectFailure.Store(nil)
	moved, setup := adapt(pc, pooler)
	switch pooler {
	case PoolerTransaction:
		p.txSetup = setup
	case PoolerSession:
		p.sessionSetup = setup
	}
	p.warnings = warnings(p.cfg, pc, info, pooler, moved)
	for _, w := range p.warnings {
		p.cfg.Logger.WarnContext(ctx, "pool configuration", "target", p.target.name, "warning", w)
	}
	if p.raw, err = pgxpool.NewWithConfig(ctx, pc); err != nil {
		return fmt.Errorf("pool: %w", err)
	}
	p.uninstall(pc, user)
	return nil
}

// Warnings returns what was found doubtful when the pool was made: sizes beyond the server's limit, an unverified
// server in production, limits that a connection pooler does not let through.
func (p *Pool) Warnings() []string { return slices.Clone(p.warnings) }

// Check makes sure that the database answers: it acquires a connection and runs SELECT 1 on it.
func (p *Pool) Check(ctx context.Context) error {
	var one int
	if err := p.QueryRow(ctx, "select 1").Scan(&one); err != nil {
		return fmt.Errorf("pool: check: %w", err)
	}
	if one != 1 {
		return fmt.Errorf("pool: check: select 1 returned %d", one)
	}
	return nil
}

// String names the database without the password.
func (p *Pool) String() string { return "pool to " + p.target.name }

// Format prints [Pool.String] for every verb, so that none walks the fields.
func (p *Pool) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(p.String())) }

// LogValue logs the same as [Pool.String].
func (p *Pool) LogValue() slog.Value { return slog.StringValue(p.String()) }
