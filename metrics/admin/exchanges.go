package admin

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prodwright/prodwright/metrics"
)

// ExchangeLog is one request and its answer, without what may be secret: of the path only what the route says, of the
// query only the names, of the headers only harmless ones.
type ExchangeLog struct {
	At       time.Time         `json:"at"`
	Method   string            `json:"method"`
	Route    string            `json:"route"` // the pattern that fitted, or the path when none did
	Query    []string          `json:"query,omitempty"`
	Status   int               `json:"status"` // 0 when the handler panicked before it answered
	Panicked bool              `json:"panicked,omitempty"`
	Took     float64           `json:"took_seconds"`
	Received int64             `json:"received_bytes"` // as announced; -1 when it was not
	Sent     int64             `json:"sent_bytes"`
	Remote   string            `json:"remote"`
	Headers  map[string]string `json:"headers,omitempty"`
}

// DefaultExchanges is how many requests [Exchanges] keeps.
const DefaultExchanges = 100

// Exchanges keeps the last requests, in 1 to 3 kB each. The zero value keeps [DefaultExchanges] and is safe for concurrent
// use.
type Exchanges struct {
	// Keep is how many it keeps. It must not be changed after the first use.
	Keep int

	mu   sync.Mutex // guards what follows
	ring []ExchangeLog
	next int
}

// headers are those that are kept.
var headers = [...]string{"Accept", "Content-Type", "User-Agent", "X-Request-Id", "Traceparent"}

// Middleware notes the requests to next. What stands between must pass on the same *http.Request, as for [metrics.HTTP].
func (x *Exchanges) Middleware(next http.Handler) http.Handler {
	return metrics.Watch(next, func(r *http.Request, e metrics.Exchange) { x.add(noted(r, e)) })
}

// noted copies what is kept: the request's texts are parts of a larger one that was received.
func noted(r *http.Request, e metrics.Exchange) ExchangeLog {
	l := ExchangeLog{
		At: e.Begin.UTC(), Method: short(r.Method), Status: e.Status, Panicked: e.Panicked, Took: e.Took.Seconds(), Received: r.ContentLength, Sent: e.Size,
	}
	if l.Route = short(r.Pattern); l.Route == "" {
		l.Route = pathText(r.URL.Path)
	}
	if values, err := url.ParseQuery(r.URL.RawQuery[:min(len(r.URL.RawQuery), 4<<10)]); err == nil {
		for name := range values {
			l.Query = append(l.Query, segmentText(name))
		}
		slices.Sort(l.Query)
		l.Query = slices.Clip(l.Query[:min(len(l.Query), 20)])
	}
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		l.Remote = strings.Clone(host)
	}
	for _, name := range headers {
		if value := r.Header.Get(name); value != "" {
			if l.Headers == nil {
				l.Headers = make(map[string]string, len(headers))
			}
			l.Headers[name] = short(value)
		}
	}
	return l
}

const maxText = 200

// short returns a copy of the beginning of a text.
func short(s string) string {
	if len(s) > maxText {
		return strings.ToValidUTF8(s[:maxText], "") + "…"
	}
	return strings.Clone(s)
}

// pathText returns a path without those of its parts that may be tokens.
func pathText(path string) string {
	if len(path) > maxText {
		path = path[:maxText]
	}
	parts := strings.Split(path, "/")
	for i, part := range parts {
		parts[i] = segmentText(part)
	}
	return strings.Join(parts, "/")
}

// segmentText hides what is long, or has digits, or mixes cases for longer than names do: it may be somebody's.
func segmentText(s string) string {
	const long, name, number = 16, 12, 3
	mixed := strings.ToLower(s) != s && strings.ToUpper(s) != s
	if len(s) > long || mixed && len(s) >= name || strings.ContainsAny(s, "0123456789@=") && len(s) > number {
		return masked
	}
	return strings.Clone(s)
}

func (x *Exchanges) add(l ExchangeLog) {
	x.mu.Lock()
	defer x.mu.Unlock()
	keep := x.Keep
	if keep <= 0 {
		keep = DefaultExchanges
	}
	if len(x.ring) < keep {
		x.ring = append(x.ring, l)
		return
	}
	x.ring[x.next] = l
	x.next = (x.next + 1) % keep
}

// List returns what is kept, the latest first.
func (x *Exchanges) List() []ExchangeLog {
	x.mu.Lock()
	defer x.mu.Unlock()
	list := slices.Concat(x.ring[x.next:], x.ring[:x.next])
	slices.Reverse(list)
	return list
}

func (h *Handler) exchanges(context.Context) (any, error) { return h.cfg.Exchanges.List(), nil }
