package admin

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"
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
// token (401). It is called by many goroutines at once, once for each access that a request needs: not for looking, unless
// [Config.Restrict] is set.
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
	if strings.ContainsFunc(token, unicode.IsSpace) {
		return nil, errors.New("admin: the token has a space or a line end in it, so no request could give it")
	}
	want := sha256.Sum256([]byte(token)) // so that neither length nor content shows in the time it takes
	return func(r *http.Request, a Access) bool {
		if len(allowed) > 0 && !slices.Contains(allowed, a) {
			return false
		}
		given, ok := bearer(r)
		if !ok {
			_, given, _ = r.BasicAuth() // the hash of none is not that of the token
		}
		got := sha256.Sum256([]byte(given))
		return subtle.ConstantTimeCompare(got[:], want[:]) == 1
	}, nil
}

func bearer(r *http.Request) (token string, ok bool) {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.TrimSpace(token), ok && strings.EqualFold(scheme, "Bearer")
}

// AnyOf allows what one of the authorizers allows.
func AnyOf(authorizers ...Authorizer) Authorizer {
	return func(r *http.Request, a Access) bool {
		return slices.ContainsFunc(authorizers, func(allows Authorizer) bool { return allows != nil && allows(r, a) })
	}
}

// admit answers requests that may not have an access, and returns false.
func (h *Handler) admit(w http.ResponseWriter, r *http.Request, a Access) bool {
	switch {
	case a == Look && !h.cfg.Restrict:
		return true
	case h.cfg.Authorize == nil:
		h.refuse(w, r, a, http.StatusNotFound, "closed: no authorizer is configured, so dumps and changes are off")
		return false
	case !h.cfg.Authorize(r, a):
		w.Header().Set("WWW-Authenticate", `Basic realm="admin", charset="UTF-8"`)
		w.Header().Add("WWW-Authenticate", `Bearer realm="admin"`)
		h.refuse(w, r, a, http.StatusUnauthorized, "to "+a.String()+" needs a token that allows it")
		return false
	case a == Look:
		return true
	case h.isFromElsewhere(r):
		h.refuse(w, r, a, http.StatusForbidden, "another site made the browser send this; Config.TrustedOrigins names those that may")
		return false
	}
	h.logger.Info("admin access", "access", a.String(), "method", r.Method, "path", h.pathOf(r), "remote", r.RemoteAddr)
	return true
}

// refuse answers without anything about the service, and notes that somebody tried.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, a Access, status int, reason string) {
	h.logger.Warn("admin access refused", "access", a.String(), "method", r.Method, "path", h.pathOf(r), "status", status, "remote", r.RemoteAddr)
	viewOf(r).bare = true
	h.fail(w, r, status, reason)
}

// pathOf returns the path for the log: the beginning of it, as it may be long and anybody's.
func (h *Handler) pathOf(r *http.Request) string { return h.mask.Text(short(r.URL.Path)) }

// isFromElsewhere says whether another site's page made the browser send a request that needs more than looking. Browsers
// send the password that they know with it.
func (h *Handler) isFromElsewhere(r *http.Request) bool {
	if isSafe(r) { // which Check lets pass
		switch r.Header.Get("Sec-Fetch-Site") {
		case "cross-site", "same-site":
			return true
		case "": // over plain HTTP browsers only say which page it was
			from, err := url.Parse(r.Referer())
			return err != nil || r.Referer() != "" && from.Host != r.Host
		}
		return false
	}
	return h.origins.Check(r) != nil
}
