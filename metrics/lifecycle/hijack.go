package lifecycle

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
)

// tracked knows the requests in progress, and the connections that handlers took over from the HTTP server, which
// forgets them.
type tracked struct {
	requests atomic.Int64

	mu       sync.Mutex
	hijacked map[*hijackedConn]struct{}
	gone     chan struct{} // told when one was closed
}

func newTracked() *tracked {
	return &tracked{hijacked: make(map[*hijackedConn]struct{}), gone: make(chan struct{}, 1)}
}

// hijack returns c so that its end is seen. Its request is no longer one for the server.
func (t *tracked) hijack(c net.Conn) net.Conn {
	t.requests.Add(-1)
	h := &hijackedConn{Conn: c, tracked: t}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.hijacked[h] = struct{}{}
	return h
}

// closed forgets a connection.
func (t *tracked) closed(c *hijackedConn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.hijacked, c)
	select {
	case t.gone <- struct{}{}:
	default:
	}
}

func (t *tracked) count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.hijacked)
}

// wait returns when all hijacked connections are closed, or closes them when ctx ends and returns how many there were.
func (t *tracked) wait(ctx context.Context) int {
	for t.count() > 0 {
		select {
		case <-t.gone:
		case <-ctx.Done():
			t.mu.Lock()
			var left []*hijackedConn
			for c := range t.hijacked {
				left = append(left, c)
			}
			t.mu.Unlock()
			for _, c := range left {
				t.closed(c)
				_ = underTLS(c.Conn).Close()
			}
			return len(left)
		}
	}
	return 0
}

// underTLS returns the connection that can be closed at once: TLS says goodbye first, and waits for a peer that does not
// read.
func underTLS(c net.Conn) net.Conn {
	if t, ok := c.(*tls.Conn); ok {
		return t.NetConn()
	}
	return c
}

// hijackedConn is the server's own connection, whose end is seen. It can do what a [*net.TCPConn] can do for those who
// ask by interface; the others find the connection itself with NetConn.
type hijackedConn struct {
	net.Conn
	tracked *tracked
}

func (c *hijackedConn) Close() error {
	c.tracked.closed(c)
	return c.Conn.Close()
}

// NetConn returns the server's own connection, as [*tls.Conn] does for what is below it.
func (c *hijackedConn) NetConn() net.Conn { return c.Conn }

// CloseWrite says that nothing more will be sent.
func (c *hijackedConn) CloseWrite() error {
	if w, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return w.CloseWrite()
	}
	return errors.ErrUnsupported
}

// SyscallConn is there for connections that are not encrypted.
func (c *hijackedConn) SyscallConn() (syscall.RawConn, error) {
	if s, ok := c.Conn.(syscall.Conn); ok {
		return s.SyscallConn()
	}
	return nil, errors.ErrUnsupported
}

// ReadFrom and WriteTo let the kernel copy.
func (c *hijackedConn) ReadFrom(r io.Reader) (int64, error) { return io.Copy(c.Conn, r) }

func (c *hijackedConn) WriteTo(w io.Writer) (int64, error) { return io.Copy(w, c.Conn) }
