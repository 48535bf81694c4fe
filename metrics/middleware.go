package metrics

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/prodwright/prodwright/internal/exchange"
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
	m := exchange.Of(w)
	defer h.done(m, r)
	h.next.ServeHTTP(m.Writer(), r)
	m.Finish()
}

func (h *httpMiddleware) done(m *exchange.Response, r *http.Request) {
	h.inFlight.Add(-1)
	e := m.Exchange()
	l := httpLabels{knownMethod(r.Method), routeOf(r.Pattern), "aborted"}
	switch {
	case e.Status >= firstCode && e.Status < firstCode+codes:
		l.Code = h.codes[e.Status-firstCode]
	case e.Status != 0:
		l.Code = strconv.Itoa(e.Status)
	}
	if e.Panicked {
		h.panics.With(httpRouteLabels{l.Route}).Inc()
	}
	h.duration.With(l).Observe(e.Took.Seconds())
	if r.Method == http.MethodHead {
		e.Size = 0 // it is not sent
	}
	h.responses.With(l).Observe(float64(e.Size))
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
