package httplog

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"go.uber.org/zap/zapcore"
)

// Config of a [Middleware]. The zero value works.
type Config struct {
	// TrustedProxies are the networks of proxies whose X-Forwarded-For is believed. None by default: then the client is who
	// opened the connection.
	TrustedProxies []netip.Prefix `env:"LOG_TRUSTED_PROXIES" doc:"networks of proxies whose X-Forwarded-For is believed"`
	// RequestIDHeader is the header of the id. Defaults to X-Request-ID.
	RequestIDHeader string `env:"LOG_REQUEST_ID_HEADER" default:"X-Request-ID" doc:"header with the id of a request"`
	// Slow makes the record of a request that took as long a WARNING. 0, the default, does not.
	Slow time.Duration `env:"LOG_SLOW_REQUEST" default:"0s" unit:"s" doc:"requests that take as long are warnings; 0 for none"`

	// Skip says that a request is not logged unless it panics, such as one of a probe. Records within it have their fields.
	Skip func(*http.Request) bool
	// Level returns the level of the record. The default is ERROR for a status of 500 and above, WARNING for a slow request, INFO for all
	// others. The status is 0 when there was no answer.
	Level func(r *http.Request, status int, took time.Duration) zapcore.Level
	// User returns the user of a request when that is known before the handler runs. An inner middleware that knows it later
	// calls logging.With and [Add].
	User func(*http.Request) string
	// Trace returns the trace and the span of a request, as those of OpenTelemetry. The default takes them from the header
	// traceparent.
	Trace func(*http.Request) (traceID, spanID string)
}

// DefaultRequestIDHeader is the header of the id of a request.
const DefaultRequestIDHeader = "X-Request-ID"

// Validate returns all that is wrong, joined, each beginning with the name of its field.
func (c Config) Validate() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if !isToken(cmp.Or(c.RequestIDHeader, DefaultRequestIDHeader)) {
		wrong("RequestIDHeader is %q: must be the name of a header, or empty for %s", c.RequestIDHeader, DefaultRequestIDHeader)
	}
	if c.Slow < 0 {
		wrong("Slow is %v: must be positive, or 0 for none", c.Slow)
	}
	for i, p := range c.TrustedProxies {
		if !p.IsValid() {
			wrong("TrustedProxies[%d] is no network: use one as in 10.0.0.0/8", i)
		}
	}
	return errors.Join(errs...)
}

func (c Config) withDefaults() Config {
	c.RequestIDHeader = http.CanonicalHeaderKey(cmp.Or(c.RequestIDHeader, DefaultRequestIDHeader))
	if c.Level == nil {
		c.Level = level(c.Slow)
	}
	if c.Trace == nil {
		c.Trace = traceparent
	}
	proxies := make([]netip.Prefix, len(c.TrustedProxies))
	for i, p := range c.TrustedProxies {
		proxies[i] = unmapped(p)
	}
	c.TrustedProxies = proxies
	return c
}

// unmapped returns a network of IPv4 that is written as one of IPv6 as what it is.
func unmapped(p netip.Prefix) netip.Prefix {
	const bits = 96 // before the address of IPv4
	if p.Addr().Is4In6() && p.Bits() >= bits {
		return netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-bits).Masked()
	}
	return p.Masked()
}

// isToken says whether a text can be the name of a header, by RFC 9110.
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c <= ' ' || c >= 0x7f {
			return false
		}
		switch c {
		case '"', '(', ')', ',', '/', ':', ';', '<', '=', '>', '?', '@', '[', '\\', ']', '{', '}':
			return false
		}
	}
	return s != ""
}
