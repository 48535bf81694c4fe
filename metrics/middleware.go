package metrics

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// HTTP measures the requests of a server. Each counts for its method, its route and its status:
//
//	http_requests_in_flight
//	http_request_duration_seconds  method, route, code
//	http_response_size_bytes       method, route, code
//	http_request_size_bytes        method, route (what the client announces)
//	http_panics_total              route
//
// The route is the pattern of the [http.ServeMux] that next is or calls, without its method, so that every path does not
// become a series; a request that no pattern matches has the route "none". What stands between must pass on the same
// *http.Request: one that replaces it, as WithContext does, hides the pattern, and belongs outside. A method that is not one
// of the known ones is "_OTHER". The code of a request whose handler panicked is "aborted", unless the header was written
// before. A hijacked connection counts with what it was until then.
//
// Flushing, hijacking and io.Copy work as without it, and so does [http.ResponseController].
func HTTP(c Collector, next http.Handler) http.Handler {
	h := &httpMiddleware{
		next: next, inFlight: c.Gauge("http_requests_in_flight"), duration: NewHistogramVec[httpLabels](c, "http_request_duration_seconds"),
		responses: NewHistogramVec[httpLabels](c, "http_response_size_bytes"), requests: NewHistogramVec[httpRequestLabels](c, "http_request_size_bytes"),
		panics: NewCounterVec[httpRouteLabels](c, "http_panics"),
	}
	for code := range h.codes {
		h.codes[code] = strconv.Itoa(code + firstCode)
	}
	return h
}

type httpLabels struct{ Method, Route, Code string }

type httpRequestLabels struct{ Method, Route string }

type httpRouteLabels struct{ Route string }

const firstCode, codes = 100, 500

type httpMiddleware struct {
	next      http.Handler
	inFlight  Gauge
	duration  *Vec[httpLabels, Histogram]
	responses *Vec[httpLabels, Histogram]
	requests  *Vec[httpRequestLabels, Histogram]
	panics    *Vec[httpRouteLabels, Counter]
	codes     [codes]string // as texts
}

// ServeHTTP measures one request.
func (h *httpMiddleware) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.inFlight.Add(1)
	m := &measured{ResponseWriter: w, begin: time.Now()}
	defer h.done(m, r)
	h.next.ServeHTTP(m.asCapableAs(w), r)
	m.finished = true
}

func (h *httpMiddleware) done(m *measured, r *http.Request) {
	h.inFlight.Add(-1)
	if m.took == 0 {
		m.took = time.Since(m.begin)
	}
	l := httpLabels{knownMethod(r.Method), routeOf(r.Pattern), "aborted"}
	switch {
	case m.code >= firstCode && m.code < firstCode+codes:
		l.Code = h.codes[m.code-firstCode]
	case m.code != 0:
		l.Code = strconv.Itoa(m.code)
	case m.finished:
		l.Code = h.codes[http.StatusOK-firstCode]
	}
	if !m.finished {
		h.panics.With(httpRouteLabels{l.Route}).Inc()
	}
	h.duration.With(l).Observe(m.took.Seconds())
	if r.Method == http.MethodHead {
		m.size = 0 // it is not sent
	}
	h.responses.With(l).Observe(float64(m.size))
	if r.ContentLength >= 0 {
		h.requests.With(httpRequestLabels{l.Method, l.Route}).Observe(float64(r.ContentLength))
	}
}

// knownMethod returns a constant: the request's own text is a part of what was received, which nobody is to keep.
func knownMethod(method string) string {
	for _, known := range [...]string{
		http.MethodGet, http.MethodPost, http.MethodPut, http.MethodHead, http.MethodPatch, http.MethodDelete, http.MethodOptions,
		http.MethodConnect, http.MethodTrace,
	} {
		if method == known {
			return known
		}
	}
	return "_OTHER"
}

// routeOf returns a pattern without its method.
func routeOf(pattern string) string {
	if pattern == "" {
		return "none"
	}
	if i := strings.IndexByte(pattern, ' '); i >= 0 {
		pattern = strings.TrimLeft(pattern[i:], " \t")
	}
	return pattern
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
