package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// parsed is a node's configuration as it is used.
type parsed struct {
	NodeConfig

	name string
	pool *pgxpool.Config
}

// parse reads the URL. Its errors begin with the name of a field and have no secret.
func (n NodeConfig) parse() (parsed, error) {
	if n.URL.IsZero() {
		return parsed{}, errors.New("URL is empty: must be as in postgres://user@host:5432/database")
	}
	c, err := pgxpool.ParseConfig(n.URL.Reveal())
	if err != nil {
		return parsed{}, fmt.Errorf("URL is wrong: %w", err) // pgx leaves the password out
	}
	if len(c.ConnConfig.Fallbacks) > 0 && severalHosts(c.ConnConfig) {
		return parsed{}, errors.New("URL has several hosts: must have one, each node has its own URL")
	}
	if n.Address != "" {
		if _, err := netip.ParseAddr(n.Address); err != nil {
			return parsed{}, fmt.Errorf("Address is %q: must be an IP, as the URL has the name", n.Address) //nolint:staticcheck // it begins with the field
		}
		c.ConnConfig.LookupFunc = func(context.Context, string) ([]string, error) { return []string{n.Address}, nil }
	}
	n.Weight = max(n.Weight, 1)
	address := net.JoinHostPort(c.ConnConfig.Host, strconv.Itoa(int(c.ConnConfig.Port)))
	return parsed{n, cmp.Or(n.Name, address), c}, nil
}

// parseNodes reads all nodes. Its error has all that is wrong, joined.
func parseNodes(nodes []NodeConfig) (all []parsed, err error) {
	var errs []error
	names := map[string]int{}
	for i, n := range nodes {
		p, err := n.parse()
		if err != nil {
			errs = append(errs, fmt.Errorf("Nodes[%d].%w", i, err))
			continue
		}
		if j, ok := names[p.name]; ok {
			errs = append(errs, fmt.Errorf("Nodes[%d].Name is %q, as that of Nodes[%d]: must be unique", i, p.name, j))
		}
		names[p.name] = i
		if n.Weight < 0 {
			errs = append(errs, fmt.Errorf("Nodes[%d].Weight is %d: must be positive, or 0 for 1", i, n.Weight))
		}
		all = append(all, p)
	}
	return all, errors.Join(errs...)
}

// severalHosts says whether a URL names more than one server; others ways to the same one are for TLS.
func severalHosts(c *pgx.ConnConfig) bool {
	for _, f := range c.Fallbacks {
		if f.Host != c.Host || f.Port != c.Port {
			return true
		}
	}
	return false
}

// connections are those of one pool, from the moment of their dial, those for cancelling included. When the node loses its
// role they are cut, so that nobody waits for an answer that never comes or must not be believed.
type connections struct {
	mu   sync.Mutex // guards what follows
	open map[*connection]struct{}
	cut  bool
}

// connection is one of them.
type connection struct {
	net.Conn

	of         *connections
	sent, mark atomic.Uint64 // bytes, and those before the statement that is under way
}

// Write sends, and counts what was sent.
func (c *connection) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.sent.Add(uint64(max(n, 0)))
	return n, err
}

// connectionOf returns the one below that of a driver, or nil when somebody else has wrapped it.
func connectionOf(conn *pgconn.PgConn) *connection {
	for c := conn.Conn(); ; {
		switch v := c.(type) {
		case *connection:
			return v
		case interface{ NetConn() net.Conn }: // of TLS
			c = v.NetConn()
		default:
			return nil
		}
	}
}

// begin marks the beginning of a statement whose outcome depends on whether it was sent.
func begin(conn *pgxpool.Conn) {
	if c := connectionOf(conn.Conn().PgConn()); c != nil {
		c.mark.Store(c.sent.Load())
	}
}

var errCut = errors.New("the node has lost its role")

// dialer returns what dials as dial does, unless they are cut.
func (c *connections) dialer(dial pgconn.DialFunc) pgconn.DialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if c.isCut() {
			return nil, errCut
		}
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.cut {
			_ = conn.Close()
			return nil, errCut
		}
		tracked := &connection{Conn: conn, of: c}
		c.open[tracked] = struct{}{}
		return tracked, nil
	}
}

func (c *connections) isCut() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cut
}

// Close closes the connection.
func (c *connection) Close() error {
	c.of.mu.Lock()
	delete(c.of.open, c)
	c.of.mu.Unlock()
	return c.Conn.Close()
}

// cutAll cuts all connections, and those that are being made as soon as they are.
func (c *connections) cutAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cut = true
	for conn := range c.open {
		_ = conn.Conn.Close() // what waits for it gets an error
	}
}

// target is a pool of a node, for one purpose and for one time in its role.
type target struct {
	node  *node
	pool  *pgxpool.Pool
	conns *connections
	// begun and ended count statements, so that it can be seen that none ends any more.
	begun, ended atomic.Uint64
	stuck        uint64 // of ended, when the monitor last looked
	timeline     uint32
}

// openTarget opens a pool without waiting for the server.
func (c *Cluster) openTarget(n *node, size, overflow int32, readOnly bool) (*target, error) {
	cfg := n.pool.Copy()
	conns := &connections{open: map[*connection]struct{}{}}
	cfg.BeforeConnect = func(ctx context.Context, one *pgx.ConnConfig) error {
		if err := c.before(ctx, one); err != nil {
			return err
		}
		one.DialFunc = conns.dialer(one.DialFunc)
		return nil
	}
	guard(cfg.ConnConfig)
	cfg.MaxConns = size + overflow
	cfg.MaxConnIdleTime = 10 * time.Minute
	cfg.PingTimeout = c.cfg.ProbeTimeout
	if cfg.ConnConfig.ConnectTimeout == 0 {
		cfg.ConnConfig.ConnectTimeout = 5 * time.Second
	}
	if readOnly {
		if cfg.ConnConfig.RuntimeParams == nil {
			cfg.ConnConfig.RuntimeParams = map[string]string{}
		}
		cfg.ConnConfig.RuntimeParams["default_transaction_read_only"] = "on"
	}
	pool, err := c.cfg.Connect(c.ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("cluster: open a pool for %s: %w", n.name, err)
	}
	return &target{node: n, pool: pool, conns: conns, timeline: n.view.status.Timeline}, nil
}

// drop cuts the connections and closes the pool, which waits for those who have one.
func (c *Cluster) drop(t *target) {
	if t == nil {
		return
	}
	t.conns.cutAll()
	c.runs.Go(t.pool.Close)
}
