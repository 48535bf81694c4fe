package metrics

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"time"
)

// Exchange is what became of a request.
type Exchange struct {
	Begin time.Time
	Took  time.Duration // until the handler returned, or took the connection over
	// Status is the first one that is none of 1xx, except for 101. It is 0 when the handler panicked before it had answered.
	Status int
	Size   int64 // of the body, in bytes
	// Panicked is also true when the handler ended its goroutine.
	Panicked bool
}

// Watch calls done after every request, with the request as the handlers left it: its Pattern is set. [HTTP] is built in
// the same way, and says what must not stand between. The request is done's only until it returns. A panic goes on.
func Watch(next http.Handler, done func(*http.Request, Exchange)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m := &measured{ResponseWriter: w, begin: time.Now()}
		defer func() { done(r, m.exchange()) }()
		next.ServeHTTP(m.asCapableAs(w), r)
		m.finished = true
	})
}

// measured is a response whose status and size are noted.
type measured struct {
	http.ResponseWriter

	begin    time.Time
	took     time.Duration // until the connection was hijacked
	code     int
	size     int64
	finished bool // the handler returned
}

// exchange is for the end of the request.
func (m *measured) exchange() Exchange {
	e := Exchange{Begin: m.begin, Took: m.took, Status: m.code, Size: m.size, Panicked: !m.finished}
	if e.Took == 0 {
		e.Took = time.Since(m.begin)
	}
	if e.Status == 0 && m.finished {
		e.Status = http.StatusOK
	}
	return e
}

// asCapableAs returns m with the optional methods that w has.
func (m *measured) asCapableAs(w http.ResponseWriter) http.ResponseWriter {
	flushes, hijacks := has[http.Flusher](w), has[http.Hijacker](w)
	switch {
	case flushes && hijacks:
		return flushHijackable{flushable{m}}
	case flushes:
		return flushable{m}
	case hijacks:
		return hijackable{m}
	}
	return m
}

// has reports whether w, or a response below it, has the methods of T, as [http.ResponseController] finds them.
func has[T any](w http.ResponseWriter) bool {
	for {
		if _, ok := w.(T); ok {
			return true
		}
		over, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return false
		}
		w = over.Unwrap()
	}
}

// WriteHeader notes the first status that is none of 1xx, except for that which switches protocols.
func (m *measured) WriteHeader(code int) {
	m.ResponseWriter.WriteHeader(code) // which panics when it is none
	if m.code == 0 && (code >= http.StatusOK || code == http.StatusSwitchingProtocols) {
		m.code = code
	}
}

// Write notes how much was written.
func (m *measured) Write(b []byte) (int, error) {
	m.written()
	n, err := m.ResponseWriter.Write(b)
	m.size += int64(n)
	return n, err
}

// WriteString is Write without a copy.
func (m *measured) WriteString(s string) (int, error) {
	m.written()
	n, err := io.WriteString(m.ResponseWriter, s)
	m.size += int64(n)
	return n, err
}

func (m *measured) written() {
	if m.code == 0 {
		m.code = http.StatusOK
	}
}

// Unwrap is for [http.ResponseController].
func (m *measured) Unwrap() http.ResponseWriter { return m.ResponseWriter }

type flushable struct{ *measured }

// Flush sends what is buffered.
func (f flushable) Flush() {
	_ = f.FlushError() // as of every Flusher
}

// FlushError is Flush with its error, for [http.ResponseController].
func (f flushable) FlushError() error {
	err := http.NewResponseController(f.ResponseWriter).Flush()
	if err == nil {
		f.written()
	}
	return err
}

type hijackable struct{ *measured }

// Hijack takes the connection over.
func (h hijackable) Hijack() (net.Conn, *bufio.ReadWriter, error) { return h.hijack() }

type flushHijackable struct{ flushable }

// Hijack takes the connection over.
func (f flushHijackable) Hijack() (net.Conn, *bufio.ReadWriter, error) { return f.hijack() }

func (m *measured) hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(m.ResponseWriter).Hijack()
	if err == nil {
		m.took = time.Since(m.begin)
		if m.code == 0 {
			m.code = http.StatusSwitchingProtocols
		}
	}
	return conn, rw, err
}
