package lifecycle

import (
	"bufio"
	"io"
	"net"
	"net/http"
)

// Middleware adds "Connection: close" to every response that begins after the shutdown has begun, also when its request
// arrived before. HTTP/1 clients then make their next request on a new connection, which no longer leads here; over
// HTTP/2 it becomes GOAWAY. [Group.HTTPServer] includes it.
//
// A response that switches protocols (101) is left alone. Over HTTP/1, "Connection: close" is also added to every response
// 413, because [http.MaxBytesReader], which tells the server to close the connection of a body that is too large, knows
// the server's own writer only.
//
// Handlers see a ResponseWriter with the abilities of the server's own: Flusher, ReaderFrom and Hijacker or Pusher. Of a
// writer that another middleware has wrapped already, only responses to requests that arrive later are marked.
func (g *Group) Middleware(next http.Handler) http.Handler { return g.middleware(next, nil) }

// middleware is Middleware that tells t, unless it is nil, what the requests are doing.
func (g *Group) middleware(next http.Handler, t *tracked) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := closing{ResponseWriter: w, draining: g.draining, tracked: t}
		switch w.(type) {
		case interface {
			http.Flusher
			http.Hijacker
			io.ReaderFrom
		}:
			c1 := &closing1{c}
			defer c1.enter()()
			next.ServeHTTP(c1, r)
			c1.begin() // for a handler that wrote nothing
		case interface {
			http.Flusher
			http.Pusher
		}:
			c2 := &closing2{c}
			defer c2.enter()()
			next.ServeHTTP(c2, r)
			c2.begin()
		default:
			defer c.enter()()
			if r.Header.Get("Upgrade") == "" {
				c.mark()
			}
			next.ServeHTTP(w, r)
		}
	})
}

// closing marks a response at the last moment before its header is sent.
type closing struct {
	http.ResponseWriter
	draining <-chan struct{}
	tracked  *tracked // nil when nobody counts
	begun    bool
	hijacked bool
}

// enter counts a request and returns what ends it.
func (c *closing) enter() (leave func()) {
	if c.tracked == nil {
		return func() {}
	}
	c.tracked.requests.Add(1)
	return func() {
		if !c.hijacked {
			c.tracked.requests.Add(-1)
		}
	}
}

func (c *closing) mark() {
	select {
	case <-c.draining:
		c.Header().Set("Connection", "close")
	default:
	}
}

func (c *closing) begin() {
	if !c.begun {
		c.begun = true
		c.mark()
	}
}

func (c *closing) WriteHeader(status int) {
	switch {
	case status == http.StatusSwitchingProtocols:
		c.begun = true // and the connection goes on
	case status >= http.StatusOK: // early hints are not the response yet
		c.begin()
	}
	c.ResponseWriter.WriteHeader(status)
}

func (c *closing) Write(b []byte) (int, error) {
	c.begin()
	return c.ResponseWriter.Write(b)
}

func (c *closing) WriteString(s string) (int, error) {
	c.begin()
	return io.WriteString(c.ResponseWriter, s)
}

func (c *closing) Flush() { _ = c.FlushError() }

func (c *closing) FlushError() error {
	c.begin()
	return http.NewResponseController(c.ResponseWriter).Flush()
}

// Unwrap is for [http.ResponseController].
func (c *closing) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// closing1 has what the writer of an HTTP/1 response has.
type closing1 struct{ closing }

func (c *closing1) WriteHeader(status int) {
	if status == http.StatusRequestEntityTooLarge && !c.begun {
		c.Header().Set("Connection", "close")
	}
	c.closing.WriteHeader(status)
}

func (c *closing1) ReadFrom(r io.Reader) (int64, error) {
	c.begin()
	return c.ResponseWriter.(io.ReaderFrom).ReadFrom(r)
}

func (c *closing1) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := c.ResponseWriter.(http.Hijacker).Hijack()
	if err != nil {
		return conn, rw, err
	}
	c.begun = true // the header is the handler's now
	if c.tracked != nil {
		c.hijacked = true
		conn = c.tracked.hijack(conn)
	}
	return conn, rw, nil
}

// closing2 has what the writer of an HTTP/2 response has.
type closing2 struct{ closing }

func (c *closing2) Push(target string, opts *http.PushOptions) error {
	return c.ResponseWriter.(http.Pusher).Push(target, opts)
}
