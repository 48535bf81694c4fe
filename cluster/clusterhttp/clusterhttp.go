package clusterhttp

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/prodwright/prodwright/cluster"
	"github.com/prodwright/prodwright/internal/exchange"
)

// Config of a [Sessions]. The zero value works.
type Config struct {
	// Cookie is the name of the cookie. Defaults to written; - is none.
	Cookie string `env:"CLUSTER_COOKIE" default:"written" doc:"the cookie with what a client has written; - for none"`
	// Header is the name of a header for the same, in requests and responses. None by default.
	Header string `env:"CLUSTER_HEADER" doc:"a header for the same"`
	// MaxAge is how long the cookie lives: longer than replicas that serve reads are late. Defaults to 1 minute.
	MaxAge time.Duration `env:"CLUSTER_COOKIE_AGE" default:"1m" unit:"s" doc:"how long the cookie lives"`
	// Insecure lets the cookie travel without TLS, for development.
	Insecure bool `env:"CLUSTER_COOKIE_INSECURE" default:"false" doc:"the cookie travels without TLS, too"`
	// Key signs tokens, 16 bytes at least. Without one, a client can make up a token: then its own reads go to the primary.
	Key []byte
}

// Defaults of [Config].
const (
	DefaultCookie = "written"
	DefaultMaxAge = time.Minute
)

// Validate returns all that is wrong, joined, each beginning with the name of its field.
func (c Config) Validate() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if name := cmp.Or(c.Cookie, DefaultCookie); (&http.Cookie{Name: name}).Valid() != nil { //nolint:gosec // it is never sent
		wrong("Cookie is %q: must be the name of a cookie, - for none, or empty for %s", c.Cookie, DefaultCookie)
	}
	if strings.ContainsAny(c.Header, " :\r\n\t") {
		wrong("Header is %q: must be the name of a header, or empty for none", c.Header)
	}
	if c.MaxAge < 0 {
		wrong("MaxAge is %v: must be positive, or 0 for %v", c.MaxAge, DefaultMaxAge)
	}
	const least = 16
	if n := len(c.Key); n > 0 && n < least {
		wrong("Key has %d bytes: must have %d at least, or none", n, least)
	}
	return errors.Join(errs...)
}

// Sessions give each request a [cluster.Session]. It is safe for concurrent use.
type Sessions struct{ cfg Config }

// New returns sessions, or the errors of [Config.Validate].
func New(cfg Config) (*Sessions, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("clusterhttp: invalid configuration:\n%w", err)
	}
	cfg.Cookie, cfg.MaxAge = cmp.Or(cfg.Cookie, DefaultCookie), cmp.Or(cfg.MaxAge, DefaultMaxAge)
	return &Sessions{cfg}, nil
}

// Handler returns a handler that calls next with a session. A token that is none is ignored: it may come from anybody.
func (s *Sessions) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		session := new(cluster.Session)
		before := s.token(r)
		session.Advance(before)
		head := &head{ResponseWriter: w, write: func() {
			if token := session.Token(); token != before {
				s.send(w, token)
			}
		}}
		next.ServeHTTP(exchange.Of(head).Writer(), r.WithContext(cluster.WithSession(r.Context(), session)))
		head.begin() // of a response without a body
	})
}

// token returns the one that a request has, or none.
func (s *Sessions) token(r *http.Request) (token cluster.Token) {
	if s.cfg.Header != "" {
		token = s.verified(r.Header.Get(s.cfg.Header))
	}
	if s.cfg.Cookie != "-" {
		if c, err := r.Cookie(s.cfg.Cookie); err == nil {
			token = token.Later(s.verified(c.Value))
		}
	}
	return token
}

// send adds the token to a response.
func (s *Sessions) send(w http.ResponseWriter, token cluster.Token) {
	text := token.String()
	if len(s.cfg.Key) > 0 {
		text += "." + s.signature(text)
	}
	if s.cfg.Header != "" {
		w.Header().Set(s.cfg.Header, text)
	}
	if s.cfg.Cookie != "-" {
		http.SetCookie(w, &http.Cookie{ //nolint:gosec // insecure is for development
			Name: s.cfg.Cookie, Value: text, Path: "/", MaxAge: int(s.cfg.MaxAge / time.Second), HttpOnly: true, Secure: !s.cfg.Insecure, SameSite: http.SameSiteLaxMode,
		})
	}
}

// verified returns the token in a text, or none.
func (s *Sessions) verified(text string) cluster.Token {
	if len(s.cfg.Key) > 0 {
		value, signature, _ := strings.Cut(text, ".")
		if !hmac.Equal([]byte(signature), []byte(s.signature(value))) {
			return cluster.Token{}
		}
		text = value
	}
	token, err := cluster.ParseToken(text)
	if err != nil {
		return cluster.Token{}
	}
	return token
}

// signature is half of an HMAC with SHA-256, which is as much as anybody needs.
func (s *Sessions) signature(text string) string {
	h := hmac.New(sha256.New, s.cfg.Key)
	_, _ = h.Write([]byte(text))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:sha256.Size/2])
}

// head is a response that does something before its head is sent.
type head struct {
	http.ResponseWriter

	write func()
	begun bool
}

func (h *head) begin() {
	if !h.begun {
		h.begun = true
		h.write()
	}
}

// WriteHeader sends the head, unless it is one of 1xx, which another one follows.
func (h *head) WriteHeader(code int) {
	if code >= http.StatusOK || code == http.StatusSwitchingProtocols {
		h.begin()
	}
	h.ResponseWriter.WriteHeader(code)
}

// Write sends the head and a part of the body.
func (h *head) Write(b []byte) (int, error) {
	h.begin()
	return h.ResponseWriter.Write(b)
}

// FlushError sends the head, if that was not sent, and what is buffered.
func (h *head) FlushError() error {
	h.begin()
	return http.NewResponseController(h.ResponseWriter).Flush()
}

// Unwrap is for [http.ResponseController].
func (h *head) Unwrap() http.ResponseWriter { return h.ResponseWriter }
