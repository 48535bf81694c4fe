package pool

import (
	"context"
	"crypto/tls"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
)

// stackDepth is how many frames of an acquiring stack are kept.
const stackDepth = 32

// conn is what the pool knows about one physical connection. It is the connection's net.Conn (below TLS), so that it is
// found from a *pgx.Conn without a map, and so that the pool sees every close, whoever closes.
type conn struct {
	net.Conn
	pool *Pool
	pid  uint32

	// since is the clock's stamp of the present checkout, 0 while idle.
	since atomic.Int64
	// expires is the stamp at which the connection is to be replaced. Set before the connection enters the pool.
	expires int64

	// Fields of whoever holds the connection: pgxpool hands it to one goroutine at a time.
	checkouts int
	hasStack  bool
	pinged    time.Time // start of the test before the present checkout, if any
	upkeep    bool      // taken by the pool itself, so hooks are not told

	goodbye atomic.Pointer[time.Timer] // ends the connection when pgx takes too long to

	mu    sync.Mutex // guards stack and depth, which the sweeper reads
	stack [stackDepth]uintptr
	depth int

	// reported is the stamp of the checkout that was reported as a leak. Only the sweeper uses it.
	reported int64
}

// Close is called by pgx when the connection ends for any reason.
func (c *conn) Close() error {
	c.pool.conns.remove(c)
	if t := c.goodbye.Load(); t != nil {
		t.Stop()
	}
	return c.Conn.Close()
}

// connOf finds the pool's record of a connection, or nil when something else was put in between.
func connOf(pc *pgx.Conn) *conn {
	switch nc := pc.PgConn().Conn().(type) {
	case *conn:
		return nc
	case *tls.Conn:
		c, _ := nc.NetConn().(*conn)
		return c
	}
	c, _ := pc.PgConn().CustomData()[customKey].(*conn)
	return c
}

// customKey is where the record is kept for the case that AfterNetConnect wrapped the connection once more.
const customKey = "github.com/prodwright/prodwright/pool"

// checkout stamps the beginning of a checkout and, for every n-th one, its stack.
func (c *conn) checkout(now int64, sampleEvery int) {
	c.since.Store(now)
	c.checkouts++
	switch {
	case sampleEvery > 0 && c.checkouts%sampleEvery == 0:
		c.mu.Lock()
		c.depth = runtime.Callers(4, c.stack[:]) // Callers, checkout, TraceAcquireEnd, the deferred func of pgxpool
		c.mu.Unlock()
		c.hasStack = true
	case c.hasStack:
		c.mu.Lock()
		c.depth = 0
		c.mu.Unlock()
		c.hasStack = false
	}
}

func (c *conn) frames() []runtime.Frame {
	c.mu.Lock()
	pcs := append([]uintptr(nil), c.stack[:c.depth]...)
	c.mu.Unlock()
	var frames []runtime.Frame
	if len(pcs) == 0 {
		return nil
	}
	for it := runtime.CallersFrames(pcs); ; {
		f, more := it.Next()
		frames = append(frames, f)
		if !more {
			return frames
		}
	}
}

// connSet is the set of open connections.
type connSet struct {
	mu  sync.Mutex
	all map[*conn]struct{}
}

func (s *connSet) add(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = make(map[*conn]struct{})
	}
	s.all[c] = struct{}{}
}

func (s *connSet) remove(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, c)
}

func (s *connSet) list() []*conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	conns := make([]*conn, 0, len(s.all))
	for c := range s.all {
		conns = append(conns, c)
	}
	return conns
}

// dial wraps the configured dial function. Connections that only carry a cancel request pass here too: they join the
// set in established, which they never reach.
func (p *Pool) dial(next func(ctx context.Context, network, addr string) (net.Conn, error)) func(ctx context.Context, network, addr string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		nc, err := next(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		if tcp, ok := nc.(*net.TCPConn); ok {
			tuneTCP(tcp, p.cfg.TCPUserTimeout)
		}
		return &conn{Conn: nc, pool: p}, nil
	}
}

// established completes the record of a new connection and takes it into the set.
func (p *Pool) established(pc *pgx.Conn) {
	nc := pc.PgConn().Conn()
	if t, ok := nc.(*tls.Conn); ok {
		nc = t.NetConn()
	}
	c, ok := nc.(*conn)
	if !ok {
		// Something was wrapped around ours. Closing is not seen then, so BeforeClose takes the record out.
		c = &conn{Conn: nc, pool: p}
		pc.PgConn().CustomData()[customKey] = c
	}
	c.pid = pc.PgConn().PID()
	c.expires = p.expiry()
	p.conns.add(c)
}
