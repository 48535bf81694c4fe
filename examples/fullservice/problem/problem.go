// Package problem answers failed requests with application/problem+json (RFC 9457).
package problem

import (
	"encoding/json"
	"net/http"
)

// Problem is the body of the answer. It is an error too, so that a handler can return it.
type Problem struct { //nolint:errname // the RFC's name
	Type   string `json:"type"` // "about:blank": the status says it all
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	// Errors are the faults of a request, each with a JSON pointer to where it is (RFC 9457, figure 3).
	Errors []Fault `json:"errors,omitempty"`
}

// Fault is one fault of a request.
type Fault struct {
	Pointer string `json:"pointer"`
	Detail  string `json:"detail"`
}

// New returns a problem of the given HTTP status.
func New(status int, detail string, faults ...Fault) *Problem {
	return &Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail, Errors: faults}
}

// Error returns the detail.
func (p *Problem) Error() string { return p.Detail }

// ServeHTTP answers with the problem.
func (p *Problem) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	if p.Status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the client is gone when this fails
}
