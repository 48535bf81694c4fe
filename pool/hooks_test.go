package pool_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/internal/pgtest"
	"github.com/prodwright/prodwright/pool"
)

func contains(log *logBuffer, s string) bool { return strings.Contains(log.String(), s) }

func count(t *testing.T, sql string, args ...any) (n int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), shared.URL("postgres"))
	require.NoError(t, err)
	defer conn.Close(context.Background())
	require.NoError(t, conn.QueryRow(t.Context(), sql, args...).Scan(&n))
	return n
}

type ctxKey struct{}

// recorder is a user's tracer that sees everything and keeps the contexts it gets.
type recorder struct {
	mu     sync.Mutex
	events []string
	ctxs   []context.Context
}

func (r *recorder) add(ctx context.Context, event string) context.Context {
	r.mu.Lock()
	defer r.mu.Unlock()
	if id, _ := ctx.Value(ctxKey{}).(string); id != "" {
		event += " " + id
	}
	r.events = append(r.events, event)
	r.ctxs = append(r.ctxs, ctx)
	return ctx
}

func (r *recorder) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return r.add(ctx, "query")
}

func (r *recorder) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryEndData) {
	r.add(ctx, "queried")
}

func (r *recorder) TraceConnectStart(ctx context.Context, _ pgx.TraceConnectStartData) context.Context {
	return r.add(ctx, "connect")
}

func (r *recorder) TraceConnectEnd(ctx context.Context, _ pgx.TraceConnectEndData) {
	r.add(ctx, "connected")
}

func (r *recorder) TraceAcquireStart(ctx context.Context, _ *pgxpool.Pool, _ pgxpool.TraceAcquireStartData) context.Context {
	return r.add(context.WithValue(ctx, ctxKey{}, "id"), "acquire")
}

func (r *recorder) TraceAcquireEnd(ctx context.Context, _ *pgxpool.Pool, _ pgxpool.TraceAcquireEndData) {
	r.add(ctx, "acquired")
}

func (r *recorder) TraceRelease(*pgxpool.Pool, pgxpool.TraceReleaseData) {
	r.add(context.Background(), "release")
}

func TestTracersAreCombined(t *testing.T) {
	t.Parallel()
	first, second := &recorder{}, &recorder{}
	p := open(t, pool.Config{
		URL: sharedURL(t), MinConns: -1, Tracers: []pgx.QueryTracer{first}, AcquireTimeout: time.Hour,
		Configure: func(c *pgxpool.Config) error { c.ConnConfig.Tracer = second; return nil },
	})
	_, err := p.Exec(t.Context(), "select 1")
	require.NoError(t, err)
	for _, r := range []*recorder{first, second} {
		r.mu.Lock()
		require.Equal(t, []string{"acquire id", "connect id", "connected id", "acquired id", "query", "queried", "release"}, r.events)
		for _, ctx := range r.ctxs {
			require.NoError(t, ctx.Err(), "a kept context is the user's own, not one that the pool uses again")
		}
		r.mu.Unlock()
	}
}

func TestHooksOfConfigureAreKept(t *testing.T) {
	t.Parallel()
	var calls sync.Map
	called := func(name string) { n, _ := calls.LoadOrStore(name, new(atomic.Int64)); n.(*atomic.Int64).Add(1) }
	p := open(t, pool.Config{URL: sharedURL(t), MinConns: 1, PingAfter: 1, Configure: func(c *pgxpool.Config) error {
		c.BeforeConnect = func(context.Context, *pgx.ConnConfig) error { called("BeforeConnect"); return nil }
		c.AfterConnect = func(context.Context, *pgx.Conn) error { called("AfterConnect"); return nil }
		c.PrepareConn = func(context.Context, *pgx.Conn) (bool, error) { called("PrepareConn"); return true, nil }
		c.ShouldPing = func(context.Context, pgxpool.ShouldPingParams) bool { called("ShouldPing"); return false }
		c.BeforeClose = func(*pgx.Conn) { called("BeforeClose") }
		c.ConnConfig.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
			called("DialFunc")
			return (&net.Dialer{}).DialContext(ctx, network, addr)
		}
		// Even when the connection is wrapped once more, the pool finds its record of it.
		c.ConnConfig.AfterNetConnect = func(_ context.Context, _ *pgconn.Config, nc net.Conn) (net.Conn, error) {
			called("AfterNetConnect")
			return struct{ net.Conn }{nc}, nil
		}
		return nil
	}})
	require.NoError(t, p.AcquireFunc(t.Context(), func(*pgxpool.Conn) error {
		require.Len(t, p.Holders(), 1)
		return nil
	}))
	require.Empty(t, p.Holders())
	p.Evict()
	for _, name := range []string{"BeforeConnect", "AfterConnect", "PrepareConn", "ShouldPing", "BeforeClose", "DialFunc", "AfterNetConnect"} {
		eventually(t, name+" is called", func() bool { _, ok := calls.Load(name); return ok })
	}
}

// A hook that hangs while a connection is opened does not keep its place, and is not taken for an acquire timeout.
func TestConnectHooksHaveALimit(t *testing.T) {
	t.Parallel()
	var hanging atomic.Bool
	wait := func(ctx context.Context) error {
		if hanging.Load() {
			<-ctx.Done()
		}
		return ctx.Err()
	}
	pools := map[pool.Cause]*pool.Pool{}
	for name, cfg := range map[pool.Cause]pool.Config{
		pool.CausePasswordSource: {PasswordFunc: func(ctx context.Context) (pool.Secret, error) { return pool.NewSecret("x"), wait(ctx) }},
		"BeforeConnect": {Configure: func(c *pgxpool.Config) error {
			c.BeforeConnect = func(ctx context.Context, _ *pgx.ConnConfig) error { return wait(ctx) }
			return nil
		}},
		"AfterConnect": {Configure: func(c *pgxpool.Config) error {
			c.AfterConnect = func(ctx context.Context, _ *pgx.Conn) error { return wait(ctx) }
			return nil
		}},
	} {
		cfg.URL, cfg.MinConns, cfg.ConnectTimeout, cfg.AcquireTimeout = sharedURL(t), -1, 200*time.Millisecond, hang
		pools[name] = open(t, cfg)
	}
	hanging.Store(true)
	for name, p := range pools {
		_, err := p.Acquire(t.Context())
		var ce *pool.ConnectError
		require.ErrorAs(t, err, &ce, "%s", name)
		if name != pool.CausePasswordSource {
			require.Contains(t, err.Error(), string(name)+": context deadline exceeded")
			name = pool.CauseHook
		}
		require.Equal(t, name, ce.Cause)
		require.Contains(t, err.Error(), ce.Cause.Remedy())
		require.EqualValues(t, 1, p.Stats().OpenFailures)
		require.Zero(t, p.Stats().Connecting, "its place is free")
	}
}

func TestPrepareConnFailsForItself(t *testing.T) {
	t.Parallel()
	p := open(t, pool.Config{URL: sharedURL(t), Configure: func(c *pgxpool.Config) error {
		c.PrepareConn = func(context.Context, *pgx.Conn) (bool, error) { return true, context.DeadlineExceeded }
		return nil
	}})
	_, err := p.Acquire(t.Context())
	require.EqualError(t, err, "PrepareConn: context deadline exceeded")
	require.NotErrorIs(t, err, pool.ErrAcquireTimeout)
}

func TestHookThatPanicsLosesNoConnection(t *testing.T) {
	t.Parallel()
	log := &logBuffer{}
	p := open(t, pool.Config{
		URL: sharedURL(t), Size: 1, MaxOverflow: -1, Logger: log.logger(), AcquireTimeout: hang,
		OnCheckout: func(context.Context, *pgx.Conn) { panic("at checkout") },
		OnCheckin:  func(*pgx.Conn) { panic("at checkin") },
	})
	require.NoError(t, p.Check(t.Context()))
	require.NoError(t, p.Check(t.Context()))
	require.True(t, contains(log, "at checkout") && contains(log, "at checkin"))
	require.Zero(t, p.Stats().Waiting+p.Stats().CheckedOut)
}

// What is connected from a copy of the configuration does not belong to the pool.
func TestConnectionsOutsideThePool(t *testing.T) {
	t.Parallel()
	server := pgtest.New(t, pgtest.Config{SCRAM: true})
	tracer := &recorder{}
	p, err := pool.New(t.Context(), pool.Config{URL: pool.NewSecret(server.URL("postgres")), MinConns: -1, Tracers: []pgx.QueryTracer{tracer}, Configure: func(c *pgxpool.Config) error {
		c.AfterConnect = func(ctx context.Context, _ *pgx.Conn) error {
			select {
			case <-ctx.Done():
			case <-time.After(20 * time.Millisecond):
			}
			return ctx.Err()
		}
		return nil
	}})
	require.NoError(t, err)
	cc, err := p.ConnConfig(t.Context())
	require.NoError(t, err)
	conn, err := pgx.ConnectConfig(t.Context(), cc)
	require.NoError(t, err)
	defer conn.Close(context.Background())
	second, err := pgxpool.NewWithConfig(t.Context(), p.Raw().Config())
	require.NoError(t, err)
	defer second.Close()
	held, err := second.Acquire(t.Context())
	require.NoError(t, err)
	defer held.Release()

	require.Empty(t, p.Holders())
	closePool(t, p)
	_, err = conn.Exec(t.Context(), "listen x")
	require.NoError(t, err)
	require.NoError(t, held.Ping(t.Context()))
	require.Equal(t, []string{"connect", "connected", "acquire id", "connect id", "connected id", "acquired id", "query", "queried"}, tracer.events)
	another, err := second.Acquire(t.Context()) // waits for a new connection
	require.NoError(t, err)
	another.Release()

	broken := errors.New("sealed")
	p = open(t, pool.Config{URL: sharedURL(t), Configure: func(c *pgxpool.Config) error {
		first := true
		c.BeforeConnect = func(context.Context, *pgx.ConnConfig) error {
			if first {
				first = false
				return nil
			}
			return broken
		}
		return nil
	}, MinConns: -1})
	_, err = p.ConnConfig(t.Context())
	require.ErrorIs(t, err, broken)
}

// A connection that is being opened while the database changes hands is not handed out afterwards.
func TestEvictReplacesWhatIsBeingOpened(t *testing.T) {
	t.Parallel()
	entered, leave := make(chan struct{}, 1), make(chan struct{})
	p := open(t, pool.Config{URL: sharedURL(t), MinConns: 1, Size: 1, MaxOverflow: -1, Configure: func(c *pgxpool.Config) error {
		first := true
		c.AfterConnect = func(context.Context, *pgx.Conn) error {
			if first {
				first = false
				entered <- struct{}{}
				<-leave
			}
			return nil
		}
		return nil
	}})
	<-entered
	p.Evict()
	close(leave)
	eventually(t, "it is open", func() bool { return p.Stats().CheckedIn == 1 })
	require.NoError(t, p.Check(t.Context()))
	require.EqualValues(t, 2, p.Stats().Opened)
}

func TestConfigureMayLowerMaxConns(t *testing.T) {
	t.Parallel()
	var accepted atomic.Int64
	p := open(t, pool.Config{URL: sharedURL(t), Configure: func(c *pgxpool.Config) error {
		c.MaxConns = 3
		c.BeforeAcquire = func(context.Context, *pgx.Conn) bool { accepted.Add(1); return true } //nolint:staticcheck // deprecated, not gone
		return nil
	}})
	require.NoError(t, p.Check(t.Context()))
	require.EqualValues(t, 1, accepted.Load())
	require.Equal(t, 3, p.Stats().Size)
	require.Equal(t, 3, p.Stats().MaxConns)
}

func TestConfigureErrorEndsNew(t *testing.T) {
	t.Parallel()
	cause := errors.New("no")
	_, err := pool.New(t.Context(), pool.Config{Configure: func(*pgxpool.Config) error { return cause }})
	require.ErrorIs(t, err, cause)
}

func TestEchoLogsStatementsAndCheckouts(t *testing.T) {
	t.Parallel()
	log := &logBuffer{}
	p := open(t, pool.Config{URL: sharedURL(t), Echo: true, EchoPool: true, Logger: log.logger()})
	_, err := p.Exec(t.Context(), "select $1::text", "argument-value")
	require.NoError(t, err)
	_, err = p.Exec(t.Context(), "select nonsense")
	require.Error(t, err)
	require.Contains(t, log.String(), "select $1::text")
	require.Contains(t, log.String(), "42703")
	require.Contains(t, log.String(), "connection checked out")
	require.Contains(t, log.String(), "connection checked in")
	require.NotContains(t, log.String(), "argument-value")
}

func TestRecycleReplacesOldConnections(t *testing.T) {
	t.Parallel()
	p := open(t, pool.Config{URL: sharedURL(t), MinConns: 1, Size: 1, MaxOverflow: -1, Recycle: 100 * time.Millisecond})
	pid := func() (n uint32) {
		require.NoError(t, p.AcquireFunc(t.Context(), func(c *pgxpool.Conn) error { n = c.Conn().PgConn().PID(); return nil }))
		return n
	}
	first := pid()
	eventually(t, "another connection", func() bool { return pid() != first })
	require.Positive(t, p.Stats().Recycled)
}

func TestReturningABrokenConnectionCountsAsInvalid(t *testing.T) {
	t.Parallel()
	p := open(t, pool.Config{URL: sharedURL(t)})
	c, err := p.Acquire(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, count(t, "select count(*) from (select pg_terminate_backend($1)) x", c.Conn().PgConn().PID()))
	_, err = c.Exec(t.Context(), "select 1")
	require.Error(t, err)
	c.Release()
	require.EqualValues(t, 1, p.Stats().Invalid)
	require.NoError(t, p.Check(t.Context()))
}

func TestStringNamesTheTargetOnly(t *testing.T) {
	t.Parallel()
	p := open(t, pool.Config{URL: sharedURL(t)})
	require.Regexp(t, `^pool to postgres@127\.0\.0\.1:\d+/\w+$`, p.String())
}
