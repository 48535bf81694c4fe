package pool

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"

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
	txSetup  string // what to add to BEGIN behind a pooler
	clock    *clock
	conns    connSet

	gate           atomic.Pointer[gate] // set while suspended
	closing        atomic.Bool
	sampleAllUntil atomic.Int64 // clock stamp
	waiters        waiters

	connectFailure  atomic.Pointer[connectFailure]
	connectFailures atomic.Int64
	invalid         atomic.Int64
	recycled        atomic.Int64
	leaks           atomic.Int64

	stop   chan struct{} // ends the pool's goroutine
	closed chan struct{} // closed when the raw pool has closed and the goroutine has ended
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
	p := &Pool{
		cfg: c, password: password, target: newTarget(pc), clock: newClock(c),
		stop: make(chan struct{}), closed: make(chan struct{}),
	}
	p.install(pc)
	info, pooler, err := reach(ctx, pc, c, p.target)
	if err != nil {
		return nil, err
	}
	moved, setup := adapt(pc, pooler)
	switch pooler {
	case PoolerTransaction:
		p.txSetup = setup
	case PoolerSession:
		prepend(&pc.AfterConnect, func(ctx context.Context, conn *pgx.Conn) error {
			_, err := conn.Exec(ctx, setup)
			return err
		})
	}
	p.warnings = warnings(c, pc, info, pooler, moved)
	for _, w := range p.warnings {
		c.Logger.WarnContext(ctx, "pool configuration", "target", p.target.name, "warning", w)
	}
	if p.raw, err = pgxpool.NewWithConfig(ctx, pc); err != nil {
		return nil, fmt.Errorf("pool: %w", err)
	}
	go p.maintain()
	return p, nil
}

// install puts the pool's hooks around those that Configure may have installed.
func (p *Pool) install(pc *pgxpool.Config) {
	tracers := slices.Clone(p.cfg.Tracers)
	if user := pc.ConnConfig.Tracer; user != nil {
		tracers = append(tracers, user)
	}
	if p.cfg.Echo {
		tracers = append(tracers, &echoTracer{p.cfg.Logger})
	}
	t := &poolTracer{pool: p, echo: p.cfg.EchoPool}
	t.reuse = pc.PrepareConn == nil && pc.BeforeAcquire == nil && pc.ShouldPing == nil //nolint:staticcheck // a deprecated hook keeps contexts as well
	if p.cfg.LeakThreshold > 0 {
		t.sample = p.cfg.LeakSampleEvery
	}
	pc.ConnConfig.Tracer = t.withUser(tracers)
	pc.ConnConfig.DialFunc = p.dial(pc.ConnConfig.DialFunc)

	before := pc.BeforeConnect
	pc.BeforeConnect = func(ctx context.Context, cc *pgx.ConnConfig) error {
		if err := p.authenticate(ctx, cc); err != nil {
			return err
		}
		if before != nil {
			return before(ctx, cc)
		}
		return nil
	}
	prepend(&pc.AfterConnect, func(_ context.Context, conn *pgx.Conn) error {
		p.established(conn)
		return nil
	})
	p.installChecks(pc)
}

// authenticate gives a new connection its password. Only the copy of the configuration that belongs to one connection
// ever holds it.
func (p *Pool) authenticate(ctx context.Context, cc *pgx.ConnConfig) error {
	password := p.password
	if p.cfg.PasswordFunc != nil {
		var err error
		if password, err = p.cfg.PasswordFunc(ctx); err != nil {
			return p.target.connectError(&passwordError{err})
		}
	}
	if !password.IsZero() {
		cc.Password = password.Reveal()
	}
	return nil
}

// prepend makes *hook call f before what it called so far.
func prepend(hook *func(context.Context, *pgx.Conn) error, f func(context.Context, *pgx.Conn) error) {
	next := *hook
	*hook = func(ctx context.Context, conn *pgx.Conn) error {
		if err := f(ctx, conn); err != nil || next == nil {
			return err
		}
		return next(ctx, conn)
	}
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
