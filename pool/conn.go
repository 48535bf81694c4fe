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
	pool      *Pool
	pid       uint32
	evictions int64 // of the pool when the connection was begun

	// stamp is the clock's time of the present checkout or, negative, that at which the connection became idle. It is 0
	// while the connection is being opened or closed.
	stamp atomic.Int64
	// expires is the stamp at which the connection is to be replaced. Set before the connection enters the pool.
	expires int64

	// Fields of whoever holds the connection: pgxpool hands it to one goroutine at a time.
	checkouts int
	hasStack  bool
	pinged    time.Time // start of the test before the present checkout, if any
	upkeep    bool      // taken by the pool itself, so hooks are not told

	begun   func() bool                // lets the connection outlive the opening: see dial
	goodbye atomic.Pointer[time.Timer] // ends the connection when pgx takes too long to
	ended   context.Context            //nolint:containedctx // is done when the connection has ended, and with it requests to cancel
	end     context.CancelFunc

	mu    sync.Mutex // guards stack and depth, which the sweeper reads
	stack [stackDepth]uintptr
	depth int

	// seen is the stamp of the checkout that the sweeper saw last, since when it saw it, and whether it was reported as a
	// leak. Only the sweeper uses them.
	seen     int64
	seenAt   time.Duration
	reported bool
}

// Close is called by pgx when the connection ends for any reason.
func (c *conn) Close() error {
	c.pool.conns.remove(c)
	c.begun()
	if t := c.goodbye.Load(); t != nil {
		t.Stop()
	}
	c.end()
	return c.Conn.Close()
}

// cut ends the connection without pgx, which then finds it broken.
func (c *conn) cut() {
	c.end()
	_ = c.Conn.Close()
}

// closeGrace is how long a connection may take to say goodbye. pgx gives one whose statement was given up 15 s, and its
// request to cancel the statement the same again, during which it occupies a place in the pool; when the other side is
// silent that is 15 s without a connection.
const closeGrace = time.Second

func (c *conn) closeSoon() { c.goodbye.Store(time.AfterFunc(closeGrace, c.cut)) }

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

// customKey is where the record is kept when AfterNetConnect wrapped the connection once more.
const customKey = "github.com/prodwright/prodwright/pool"

// checkout records the stack of every n-th checkout, and then its beginning, so that nobody sees it with the stack before.
func (c *conn) checkout(now int64, sampleEvery int) {
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
	c.stamp.Store(now)
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
