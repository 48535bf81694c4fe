// Package pool opens a production-ready [pgxpool.Pool] from configuration and keeps it explainable while it runs.
//
// A bare pgxpool waits for a connection for ever, cannot say who holds its connections, blocks in Close until the last
// one comes back, and reports a wrong password as a long driver error. This package adds what a person on call asks
// for, and nothing else: it hands out the plain pool ([Pool.Raw]) and never hides it.
//
//	p, err := pool.New(ctx, pool.Config{URL: pool.NewSecret(os.Getenv("DATABASE_URL")), LeakThreshold: 30 * time.Second})
//	if err != nil {
//		return err // names the cause (refused, DNS, TLS, wrong password, ...) and the remedy
//	}
//	defer func() { err = errors.Join(err, p.Close(shutdownCtx)) }() // names who still holds a connection
//
//	queries := sqlcgen.New(p)     // a Pool has the methods of pgxpool.Pool ...
//	store := other.New(p.Raw())   // ... and gives the plain pool to whoever wants that
//
// # Sizes
//
// Size connections may stay open, MaxOverflow more are opened under pressure: the hard limit, pgxpool's MaxConns, is their
// sum. Idle connections beyond Size that nobody needed for a few seconds are closed again, those beyond MinConns after
// IdleTimeout; MinConns are opened at start and kept warm. The server's max_connections is read at start, and [Pool.Warnings] says when the pool cannot fit.
//
// # Time
//
// Every wait has a limit: connecting, acquiring, statements, locks, idle transactions. The session limits travel in the
// startup packet, so they cost no round trip and no rollback reverts them. A connection pooler such as PgBouncer that
// refuses them is detected at start: then they are applied as SET LOCAL inside every transaction begun through the
// Pool, in the same round trip as BEGIN, and a warning says what is not covered.
//
// Checkouts are timed by a coarse clock that the pool advances (once a second, faster for short limits), not by the
// system clock: an Acquire and Release here read the system clock half as often as pgxpool does for the expiry of
// connections alone, which pays for the tracking of holders.
//
// # Concurrency
//
// All methods of [Pool] are safe for concurrent use. Hooks are called without a lock held, on the goroutine that
// acquires or releases, so they must be quick; OnLeak has a goroutine of its own.
//
// # Errors
//
// [*ConfigError] collects every configuration problem. [*ConnectError] tells why no connection could be made and what
// to do. [*AcquireError] tells why none became free in time and who holds them; it matches [ErrAcquireTimeout].
// [*CloseError] names the holders that kept Close waiting. No error, log line or formatted value contains a password.
//
// # Lifecycle
//
// [New] starts two goroutines besides pgxpool's own, three with leak detection; [Pool.Close] ends them. Close may be
// called more than once.
//
// # Limits
//
// A connection that is hijacked from the raw pool counts as held until it is closed. Callers of the raw pool get the
// acquire deadline, the hooks and the leak detection, but plain context errors instead of [*AcquireError].
package pool
