package httplog

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"net/netip"
	"strings"
)

// requestID returns the id that the request has, or a new one of 128 random bits.
func (m *Middleware) requestID(r *http.Request) string {
	if id := r.Header.Get(m.cfg.RequestIDHeader); isPlain(id) {
		return id
	}
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails
	return hex.EncodeToString(b[:])
}

// isPlain says whether an id of somebody else can be taken over: it must not be able to do anything in a log.
func isPlain(id string) bool {
	const most = 100 // as the column of the requirements has room for
	if id == "" || len(id) > most {
		return false
	}
	for i := range len(id) {
		c := id[i]
		switch {
		case '0' <= c && c <= '9', 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', strings.IndexByte("-_.:+/=", c) >= 0:
		default:
			return false
		}
	}
	return true
}

// traceparent reads the header of W3C Trace Context, of version 00 or a later one, which begins in the same way.
func traceparent(r *http.Request) (traceID, spanID string) {
	const length = len("00-0123456789abcdef0123456789abcdef-0123456789abcdef-01")
	s := r.Header.Get("Traceparent")
	if len(s) < length || s[2] != '-' || s[35] != '-' || s[52] != '-' || len(s) > length && (s[:2] == "00" || s[length] != '-') || s[:2] == "ff" {
		return "", ""
	}
	trace, span := s[3:35], s[36:52]
	if !isHex(s[:2]) || !isHex(trace) || !isHex(span) || !isHex(s[53:55]) || strings.Trim(trace, "0") == "" || strings.Trim(span, "0") == "" {
		return "", ""
	}
	return trace, span
}

func isHex(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// client returns the address of the client: of those that the request came through, the last one that is none of a
// trusted proxy. What stands before that may be anything.
func (c Config) client(r *http.Request) netip.Addr {
	addr := address(r.RemoteAddr)
	if !c.trusts(addr) {
		return addr
	}
	via := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(via) - 1; i >= 0 && c.trusts(addr); i-- {
		before := address(strings.TrimSpace(via[i]))
		if !before.IsValid() {
			break
		}
		addr = before
	}
	return addr
}

func (c Config) trusts(addr netip.Addr) bool {
	for _, p := range c.TrustedProxies {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// address reads one with or without a port.
func address(s string) netip.Addr {
	if withPort, err := netip.ParseAddrPort(s); err == nil {
		return withPort.Addr().Unmap().WithZone("")
	}
	addr, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"))
	if err != nil {
		return netip.Addr{}
	}
	return addr.Unmap().WithZone("")
}
