package pool_test

import (
	"context"
	"errors"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/internal/faultproxy"
	"github.com/prodwright/prodwright/internal/pgtest"
	"github.com/prodwright/prodwright/pool"
)

// writers insert numbered rows until they are stopped, and remember which were acknowledged.
type writers struct {
	pool     *pool.Pool
	stop     chan struct{}
	wg       sync.WaitGroup
	next     atomic.Int64
	failures atomic.Int64
	mu       sync.Mutex
	acked    []int64
}

func startWriters(t *testing.T, p *pool.Pool, n int) *writers {
	t.Helper()
	_, err := p.Exec(t.Context(), "create table if not exists writes (n bigint primary key)")
	require.NoError(t, err)
	w := &writers{pool: p, stop: make(chan struct{})}
	for range n {
		w.wg.Go(w.run)
	}
	return w
}

func (w *writers) run() {
	for {
		select {
		case <-w.stop:
			return
		default:
		}
		n := w.next.Add(1)
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		_, err := w.pool.Exec(ctx, "insert into writes values ($1)", n)
		cancel()
		if err != nil {
			w.failures.Add(1)
			time.Sleep(time.Millisecond) // a client that fails does not spin
			continue
		}
		w.mu.Lock()
		w.acked = append(w.acked, n)
		w.mu.Unlock()
	}
}

func (w *writers) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.acked)
}

// progress waits until more writes were acknowledged.
func (w *writers) progress(t *testing.T, n int) {
	t.Helper()
	target := w.count() + n
	eventually(t, "writes are acknowledged", func() bool { return w.count() >= target })
}

// fails waits until another write fails, which fault should bring about: it is called until it does.
func (w *writers) fails(t *testing.T, fault func()) {
	t.Helper()
	before := w.failures.Load()
	eventually(t, "writes fail", func() bool { fault(); return w.failures.Load() > before })
}

// end stops the writers and requires that no acknowledged write is missing.
func (w *writers) end(t *testing.T) {
	t.Helper()
	close(w.stop)
	w.wg.Wait()
	var stored int
	require.NoError(t, w.pool.QueryRow(t.Context(), "select count(*) from writes where n = any($1)", w.acked).Scan(&stored))
	require.Equal(t, len(w.acked), stored, "acknowledged writes were lost")
	t.Logf("%d acknowledged, 0 lost, %d failed", len(w.acked), w.failures.Load())
}

// The pool serves again after every end of the server, without help, and loses no acknowledged write.
func TestRecoversWhenTheServerComesBack(t *testing.T) {
	t.Parallel()
	server := pgtest.New(t, pgtest.Config{Durable: true})
	ctx := t.Context()
	p := open(t, pool.Config{URL: pool.NewSecret(server.URL("postgres")), Size: 4, MaxOverflow: 4, AcquireTimeout: time.Second})
	w := startWriters(t, p, 6)
	for name, end := range map[string]func() error{
		"kill -9":       server.Kill,
		"crash":         func() error { return server.Crash(ctx) },
		"fast shutdown": func() error { return server.Stop(ctx) },
	} {
		w.progress(t, 20)
		require.NoError(t, end(), name)
		w.fails(t, func() {}) // nothing answers until it is started again
		require.NoError(t, server.Start(ctx), name)
		w.progress(t, 20)
	}
	w.end(t)
	require.NoError(t, p.Check(ctx))
	require.Positive(t, p.Stats().Invalid)
}

// While the server is down, callers learn why no connection can be had.
func TestErrorWhileTheServerIsDown(t *testing.T) {
	t.Parallel()
	server := pgtest.New(t, pgtest.Config{})
	p := open(t, pool.Config{URL: pool.NewSecret(server.URL("postgres"))})
	require.NoError(t, server.Kill())
	var ce *pool.ConnectError
	eventually(t, "a refused connection", func() bool { return errors.As(p.Check(t.Context()), &ce) })
	require.Equal(t, pool.CauseRefused, ce.Cause)
	t.Log(ce)
}

// A server that hangs (SIGSTOP) keeps its connections open and answers nothing.
func TestHangingServer(t *testing.T) {
	t.Parallel()
	server := pgtest.New(t, pgtest.Config{})
	p := open(t, pool.Config{
		URL: pool.NewSecret(server.URL("postgres")), Size: 4, MaxOverflow: -1,
		PingAfter: 1, PingTimeout: 50 * time.Millisecond, ConnectTimeout: 500 * time.Millisecond, AcquireTimeout: time.Second,
	})
	var warm []*pgxpool.Conn
	for range 4 {
		warm = append(warm, take(t, p))
	}
	for _, c := range warm {
		c.Release()
	}
	before := p.Stats().Opened
	require.NoError(t, server.Hang())
	err := p.Check(t.Context())
	t.Log(err)
	var ce *pool.ConnectError
	var ae *pool.AcquireError
	require.True(t, errors.As(err, &ce) || errors.As(err, &ae), "%v", err)
	require.Positive(t, p.Stats().Invalid, "the test of an idle connection failed")
	eventually(t, "no idle connection of the hanging server is kept", func() bool { return p.Stats().CheckedIn == 0 })

	require.NoError(t, server.Continue())
	eventually(t, "it serves again", func() bool { return p.Check(t.Context()) == nil })
	require.Greater(t, p.Stats().Opened, before)
}

// A caller's deadline ends a statement on a hanging server; the connection is not used again.
func TestDeadlineOnAHangingServer(t *testing.T) {
	t.Parallel()
	server := pgtest.New(t, pgtest.Config{})
	p := open(t, pool.Config{URL: pool.NewSecret(server.URL("postgres")), PingAfter: -1})
	require.NoError(t, p.Check(t.Context()))
	require.NoError(t, server.Hang())
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := p.AcquireFunc(ctx, func(c *pgxpool.Conn) error { return c.Ping(ctx) })
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NoError(t, server.Continue())
	require.NoError(t, p.Check(t.Context()))
	require.Positive(t, p.Stats().Invalid)
}

// The places of connections to a server that hangs are free again, for another server, long before pgx gives them up:
// it waits for the hanging server to take its request to cancel the statement.
func TestFailoverFromAHangingServer(t *testing.T) {
	t.Parallel()
	hanging, healthy := pgtest.New(t, pgtest.Config{}), pgtest.New(t, pgtest.Config{})
	proxy := listen(t, hanging.Addr())
	url := hanging.URLVia(proxy.Addr(), "postgres")
	p := open(t, pool.Config{URL: pool.NewSecret(url), Size: 2, MaxOverflow: -1, ConnectTimeout: time.Second, AcquireTimeout: time.Second})
	bare, err := pgxpool.New(t.Context(), url+"&pool_max_conns=2")
	require.NoError(t, err)
	t.Cleanup(bare.Close)
	t.Cleanup(func() { require.NoError(t, hanging.Continue()) })

	give := func(raw *pgxpool.Pool) func() { // up a statement on each of two connections, once the server hangs
		var held, ready sync.WaitGroup
		hung := make(chan struct{})
		for range 2 {
			ready.Add(1)
			held.Go(func() {
				_ = raw.AcquireFunc(t.Context(), func(c *pgxpool.Conn) error {
					ready.Done()
					<-hung
					ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
					defer cancel()
					return c.Ping(ctx)
				})
			})
		}
		ready.Wait()
		return func() { close(hung); held.Wait() }
	}
	giveBare, giveOurs := give(bare), give(p.Raw())
	require.NoError(t, hanging.Hang())
	before := proxy.Stats()
	giveBare()
	giveOurs()
	eventually(t, "all requests to cancel have gone to the hanging server", func() bool {
		const ping, request = 13, 16
		return proxy.Stats().ToServer >= before.ToServer+4*(ping+request)
	})
	proxy.SetTarget(healthy.Addr())
	p.Evict()
	eventually(t, "it serves from the healthy server", func() bool { return p.Check(t.Context()) == nil })
	require.EqualValues(t, 2, bare.Stat().TotalConns(), "a bare pool has no place yet")
}

// With a test at every checkout, a restart between two requests is not noticed at all.
func TestRestartIsHiddenByPrePing(t *testing.T) {
	t.Parallel()
	server := pgtest.New(t, pgtest.Config{})
	p := open(t, pool.Config{URL: pool.NewSecret(server.URL("postgres")), PingAfter: 1})
	for range 3 {
		require.NoError(t, p.Check(t.Context()))
		require.NoError(t, server.Restart(t.Context()))
		require.NoError(t, p.Check(t.Context()))
	}
}

// The network is cut for a moment: statements on their way fail by their own deadline, then all is well again.
func TestPartition(t *testing.T) {
	t.Parallel()
	for name, cut := range map[string]func(*faultproxy.Proxy){
		"both ways":        func(p *faultproxy.Proxy) { p.SetFault(faultproxy.Fault{Partition: faultproxy.Both}) },
		"answers are lost": func(p *faultproxy.Proxy) { p.SetFault(faultproxy.Fault{Partition: faultproxy.ServerToClient}) },
		"half open":        func(p *faultproxy.Proxy) { p.HalfOpen() },
		"reset":            func(p *faultproxy.Proxy) { p.Reset() },
		"refused":          func(p *faultproxy.Proxy) { p.Refuse(); p.Reset() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			proxy := listen(t, shared.Addr())
			p := open(t, pool.Config{
				URL: replace(sharedURL(t), shared.Addr(), proxy.Addr()), Size: 4, MaxOverflow: -1,
				AcquireTimeout: time.Second, PingAfter: 10 * time.Millisecond, PingTimeout: 50 * time.Millisecond,
			})
			w := startWriters(t, p, 4)
			w.progress(t, 20)
			w.fails(t, func() { cut(proxy) })
			proxy.SetFault(faultproxy.Fault{})
			require.NoError(t, proxy.Accept())
			w.progress(t, 20)
			w.end(t)
		})
	}
}

// A planned switch to another server fails nobody: callers wait at the gate while the address moves.
func TestSwitchoverWithoutAFailure(t *testing.T) {
	t.Parallel()
	primary := pgtest.New(t, pgtest.Config{Durable: true})
	ctx := t.Context()
	standby, err := primary.Standby(ctx, pgtest.StandbyConfig{Name: "s1", Synchronous: true})
	require.NoError(t, err)
	proxy := listen(t, primary.Addr())
	p := open(t, pool.Config{URL: pool.NewSecret(primary.URLVia(proxy.Addr(), "postgres")), Size: 4, MaxOverflow: -1})
	_, err = p.Exec(ctx, "create table moves (n int)")
	require.NoError(t, err)
	var moved atomic.Int64
	stop := make(chan struct{})
	errs := make(chan error, 6)
	for range cap(errs) {
		go func() {
			for {
				select {
				case <-stop:
					errs <- nil
					return
				default:
				}
				if _, err := p.Exec(context.Background(), "insert into moves values (1)"); err != nil {
					errs <- err
					return
				}
				moved.Add(1)
			}
		}()
	}
	more := func() {
		before := moved.Load()
		eventually(t, "inserts go on", func() bool { return moved.Load() > before+20 || len(errs) > 0 })
	}
	more()
	p.Suspend()
	eventually(t, "nobody uses a connection", func() bool { s := p.Stats(); return s.Acquiring == 0 && s.CheckedOut == 0 })
	require.NoError(t, primary.Stop(ctx))
	require.NoError(t, standby.Promote(ctx))
	proxy.SetTarget(standby.Addr())
	p.Evict()
	p.Resume()
	more()
	close(stop)
	for range cap(errs) {
		require.NoError(t, <-errs)
	}
	var stored int64
	require.NoError(t, p.QueryRow(ctx, "select count(*) from moves").Scan(&stored))
	require.Equal(t, moved.Load(), stored)
}

func TestPgBouncerDiesAndComesBack(t *testing.T) {
	t.Parallel()
	bouncer := startBouncer(t, pgtest.BouncerConfig{Server: shared, PoolMode: "transaction"})
	proxy := listen(t, bouncer.Addr())
	url := replace(pool.NewSecret(bouncer.URL(databaseOf(t, sharedURL(t)))), bouncer.Addr(), proxy.Addr())
	p := open(t, pool.Config{URL: url, Size: 4, MaxOverflow: -1, AcquireTimeout: time.Second})
	w := startWriters(t, p, 4)
	w.progress(t, 20)
	require.NoError(t, bouncer.Kill())
	w.fails(t, func() {})
	proxy.SetTarget(startBouncer(t, pgtest.BouncerConfig{Server: shared, PoolMode: "transaction"}).Addr())
	w.progress(t, 20)
	w.end(t)
}

// A full disk refuses writes with the server's own words, and the pool goes on when there is room again.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 || runtime.GOOS != "linux" {
		t.Skip("a small disk needs root on Linux")
	}
	server := pgtest.New(t, pgtest.Config{DiskSize: 128 << 20, Durable: true, Parameters: map[string]string{"max_wal_size": "32MB", "min_wal_size": "32MB"}})
	p := open(t, pool.Config{URL: pool.NewSecret(server.URL("postgres")), AcquireTimeout: time.Second})
	_, err := p.Exec(t.Context(), "create table pad (t text)")
	require.NoError(t, err)
	free, err := server.FillDisk(t.Context())
	require.NoError(t, err)
	_, err = p.Exec(t.Context(), "insert into pad select repeat('x', 1000) from generate_series(1, 50000)")
	require.Error(t, err)
	t.Log(err)
	require.NoError(t, free())
	if server.PID() != 0 { // it may have stopped because its log could not grow
		require.NoError(t, server.Kill())
	}
	require.NoError(t, server.Start(t.Context()))
	eventually(t, "it serves again", func() bool { return p.Check(t.Context()) == nil })
}
