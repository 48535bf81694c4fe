package admin

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Access is what a request needs to be allowed.
type Access uint8

// The accesses.
const (
	Look   Access = iota // at what is masked and about the service
	Dump                 // what the process holds in memory, which may be data of users
	Change               // something: a level, a task
)

// String returns look, dump or change.
func (a Access) String() string {
	switch a {
	case Look:
		return "look"
	case Dump:
		return "dump"
	case Change:
		return "change"
	}
	return "unknown"
}

// MarshalText returns [Access.String].
func (a Access) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// Authorizer says whether a request may have an access. Who is refused is asked for a user and a password, or a bearer
// token (401). It is called for every request, by many goroutines at once.
type Authorizer func(r *http.Request, a Access) bool

// MinToken is how many bytes a token has at least: 128 bits in hexadecimal digits.
const MinToken = 32

// Token returns an authorizer that knows one token, given as "Authorization: Bearer <token>", or as the password of any
// user, which is how browsers and go tool pprof can give it. It allows the accesses named, or all when none is. The error
// says that the token is too short. Several tokens with different accesses: [AnyOf].
func Token(token string, allowed ...Access) (Authorizer, error) {
	if len(token) < MinToken {
		return nil, fmt.Errorf("admin: the token has %d bytes, but needs %d at least: openssl rand -hex 32 makes one", len(token), MinToken)
	}
	want := sha256.Sum256([]byte(token)) // so that neither length nor content shows in the time it takes
	return func(r *http.Request, a Access) bool {
		if len(allowed) > 0 && !slices.Contains(allowed, a) {
			return false
		}
		given, ok := bearer(r)
		if !ok {
			_, given, ok = r.BasicAuth()
		}
		got := sha256.Sum256([]byte(given))
		return subtle.ConstantTimeCompare(got[:], want[:]) == 1 && ok
	}, nil
}

func bearer(r *http.Request) (token string, ok bool) {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.TrimSpace(token), ok && strings.EqualFold(scheme, "Bearer")
}

// AnyOf allows what one of the authorizers allows.
func AnyOf(authorizers ...Authorizer) Authorizer {
	return func(r *http.Request, a Access) bool {
		return slices.ContainsFunc(authorizers, func(allows Authorizer) bool { return allows(r, a) })
	}
}

// admit answers requests that may not have an access, and returns false.
func (h *Handler) admit(w http.ResponseWriter, r *http.Request, a Access) bool {
	switch {
	case a == Look && !h.cfg.Restrict:
		return true
	case h.cfg.Authorize == nil:
		h.fail(w, r, http.StatusNotFound, "closed: no authorizer is configured, so dumps and changes are off")
		return false
	case !h.cfg.Authorize(r, a):
		w.Header().Set("WWW-Authenticate", `Basic realm="admin", charset="UTF-8"`)
		w.Header().Add("WWW-Authenticate", `Bearer realm="admin"`)
		h.fail(w, r, http.StatusUnauthorized, "to "+a.String()+" needs a token that allows it")
		return false
	case a == Look:
		return true
	}
	if err := h.origins.Check(r); err != nil {
		h.fail(w, r, http.StatusForbidden, "another site made the browser send this")
		return false
	}
	h.logger.Info("admin access", "access", a.String(), "method", r.Method, "path", h.mask.text(r.URL.Path), "remote", r.RemoteAddr)
	return true
}
