package lifecycle

import (
	"context"
	"io"
	"net"
	"sync"
)

// tracked knows the connections that handlers took over from the HTTP server, which forgets them.
type tracked struct {
	mu       sync.Mutex
	hijacked map[net.Conn]struct{} // as accepted
	gone     chan struct{}         // told when one was closed
}

func (t *tracked) hijack(c net.Conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.hijacked[underTLS(c)] = struct{}{}
}

// closed forgets a connection that its handler has closed.
func (t *tracked) closed(c net.Conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, ok := t.hijacked[c]; !ok {
		return
	}
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
			var left []net.Conn
			for c := range t.hijacked {
				left = append(left, c)
			}
			t.mu.Unlock()
			for _, c := range left {
				_ = c.Close()
			}
			return len(left)
		}
	}
	return 0
}

// trackingListener wraps each connection so that its end is seen.
type trackingListener struct {
	net.Listener
	tracked *tracked
}

func (l *trackingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &trackedConn{Conn: c, tracked: l.tracked}, nil
}

type trackedConn struct {
	net.Conn
	tracked *tracked
}

// ReadFrom lets the HTTP server send files without copying them.
func (c *trackedConn) ReadFrom(r io.Reader) (int64, error) { return io.Copy(c.Conn, r) }

func (c *trackedConn) Close() error {
	c.tracked.closed(c)
	return c.Conn.Close()
}
