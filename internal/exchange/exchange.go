// Package exchange notes what becomes of the requests of a server, for the middlewares of several packages.
package exchange

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"time"
)

// Exchange is what became of a request.
type Exchange struct {
	Begin    time.Time
	Took     time.Duration // until the handler returned, or took the connection over
	Status   int           // the first one that is none of 1xx, except for 101; 0 when the handler panicked before it had answered
	Size     int64         // of the body, in bytes
	Panicked bool          // the handler panicked, or ended its goroutine
}

// Response is a response whose status and size are noted. Use [Of].
type Response struct {
	http.ResponseWriter

	begin    time.Time
	took     time.Duration // until the connection was hijacked
	code     int
	size     int64
	finished bool // the handler returned
}

// Exchange returns what became of the request, at its end.
func (m *Response) Exchange() Exchange {
	e := Exchange{Begin: m.begin, Took: m.took, Status: m.code, Size: m.size, Panicked: !m.finished}
	if e.Took == 0 {
		e.Took = time.Since(m.begin)
	}
	if e.Status == 0 && m.finished {
		e.Status = http.StatusOK
	}
	return e
}

// Of returns a response that notes what becomes of w.
func Of(w http.ResponseWriter) *Response { return &Response{ResponseWriter: w, begin: time.Now()} }

// Finish says that the handler returned.
func (m *Response) Finish() { m.finished = true }

// Writer returns the response with the optional methods that the one below has.
func (m *Response) Writer() http.ResponseWriter {
	w := m.ResponseWriter
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
func (m *Response) WriteHeader(code int) {
	m.ResponseWriter.WriteHeader(code) // which panics when it is none
	if m.code == 0 && (code >= http.StatusOK || code == http.StatusSwitchingProtocols) {
		m.code = code
	}
}

// Write notes how much was written.
func (m *Response) Write(b []byte) (int, error) {
	m.written()
	n, err := m.ResponseWriter.Write(b)
	m.size += int64(n)
	return n, err
}

// WriteString is Write without a copy.
func (m *Response) WriteString(s string) (int, error) {
	m.written()
	n, err := io.WriteString(m.ResponseWriter, s)
	m.size += int64(n)
	return n, err
}

func (m *Response) written() {
	if m.code == 0 {
		m.code = http.StatusOK
	}
}

// Unwrap is for [http.ResponseController].
func (m *Response) Unwrap() http.ResponseWriter { return m.ResponseWriter }

type flushable struct{ *Response }

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

type hijackable struct{ *Response }

// Hijack takes the connection over.
func (h hijackable) Hijack() (net.Conn, *bufio.ReadWriter, error) { return h.hijack() }

type flushHijackable struct{ flushable }

// Hijack takes the connection over.
func (f flushHijackable) Hijack() (net.Conn, *bufio.ReadWriter, error) { return f.hijack() }

func (m *Response) hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(m.ResponseWriter).Hijack()
	if err == nil {
		m.took = time.Since(m.begin)
		if m.code == 0 {
			m.code = http.StatusSwitchingProtocols
		}
	}
	return conn, rw, err
}
