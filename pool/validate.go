package pool

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// FieldError is one problem of a [Config]. Value is empty when the field may hold a secret.
type FieldError struct {
	Field string // name of the Config field
	Value string
	Rule  string // what would be right
}

// Error returns "Field: value does not keep rule" in one line.
func (e *FieldError) Error() string {
	if e.Value == "" {
		return e.Field + ": " + e.Rule
	}
	return fmt.Sprintf("%s is %s: %s", e.Field, e.Value, e.Rule)
}

// ConfigError holds every problem that was found in a [Config].
type ConfigError struct{ Problems []error }

// Error lists all problems; several are one per line.
func (e *ConfigError) Error() string {
	if len(e.Problems) == 1 {
		return "pool: invalid configuration: " + e.Problems[0].Error()
	}
	var text strings.Builder
	text.WriteString("pool: invalid configuration:")
	for _, p := range e.Problems {
		text.WriteString("\n\t" + p.Error())
	}
	return text.String()
}

// Unwrap gives access to each [*FieldError] through errors.As.
func (e *ConfigError) Unwrap() []error { return e.Problems }

// problems collects what is wrong with a Config.
type problems []error

func (p *problems) add(field string, value any, rule string) {
	*p = append(*p, &FieldError{Field: field, Value: fmt.Sprint(value), Rule: rule})
}

// Validate returns a [*ConfigError] with all problems of c, or nil. [New] calls it.
func (c Config) Validate() error {
	var p problems
	stated := c
	c = c.withDefaults()
	c.validateTarget(&p)
	c.validateSizes(&p)
	c.validateTimes(&p)
	if !slices.Contains(poolerNames[:], c.Pooler) {
		p.add("Pooler", fmt.Sprintf("%q", c.Pooler), `must be "", "none", "session" or "transaction"`)
	}
	if strings.ContainsRune(c.AppName+c.TimeZone, 0) {
		p.add("AppName or TimeZone", "", "must not contain a NUL byte")
	}
	if len(p) == 0 {
		if _, _, err := stated.pgxConfig(); err != nil {
			p = append(p, err)
		}
	}
	if len(p) == 0 {
		return nil
	}
	return &ConfigError{Problems: p}
}

func (c Config) validateTarget(p *problems) {
	if !c.URL.IsZero() {
		if _, err := parseURL(c.URL); err != nil {
			*p = append(*p, err)
		}
	} else {
		c.validateFields(p)
	}
	if c.SSLMode != "" && !slices.Contains(sslModes[:], c.SSLMode) {
		p.add("SSLMode", fmt.Sprintf("%q", c.SSLMode), "must be one of "+strings.Join(sslModes[:], ", "))
	}
	if (c.SSLCert == "") != (c.SSLKey == "") {
		p.add("SSLCert and SSLKey", "", "must be set together")
	}
	for _, f := range []struct{ name, path string }{
		{"SSLRootCert", c.SSLRootCert}, {"SSLCert", c.SSLCert}, {"SSLKey", c.SSLKey},
	} {
		if f.path == "" || f.path == "system" || c.SSLMode == "disable" {
			continue
		}
		if file, err := os.Open(f.path); err != nil {
			p.add(f.name, f.path, "must be a readable PEM file: "+errors.Unwrap(err).Error())
		} else {
			_ = file.Close()
		}
	}
}

func (c Config) validateFields(p *problems) {
	if c.Port < 1 || c.Port > 65535 {
		p.add("Port", c.Port, "must be between 1 and 65535")
	}
	for _, s := range []struct{ name, value string }{
		{"Host", c.Host}, {"Database", c.Database}, {"User", c.User}, {"Password", c.Password.Reveal()},
	} {
		if strings.ContainsRune(s.value, 0) {
			p.add(s.name, "", "must not contain a NUL byte")
		}
	}
	if strings.HasPrefix(c.SSLMode, "verify-") && c.SSLRootCert == "" {
		p.add("SSLRootCert", "", `must be set for sslmode `+c.SSLMode+` ("system" means the system's authorities)`)
	}
}

// sslModes are libpq's, weakest first.
var sslModes = [...]string{"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}

func (c Config) validateSizes(p *problems) {
	if c.Size < 1 {
		p.add("Size", c.Size, "must be at least 1")
	}
	if c.MaxOverflow < -1 {
		p.add("MaxOverflow", c.MaxOverflow, "must be -1 (none) or more")
	}
	if c.Size > maxInt32/2 || c.MaxOverflow > maxInt32/2 {
		p.add("Size+MaxOverflow", fmt.Sprintf("%d+%d", c.Size, c.MaxOverflow), "is more than a server can hold")
	}
	if c.MinConns < -1 || c.MinConns > c.Size {
		p.add("MinConns", c.MinConns, fmt.Sprintf("must be between -1 (none) and Size (%d)", c.Size))
	}
	if c.LeakSampleEvery < 1 {
		p.add("LeakSampleEvery", c.LeakSampleEvery, "must be at least 1")
	}
}

const maxInt32 = 1<<31 - 1

func (c Config) validateTimes(p *problems) {
	for _, d := range []struct {
		name  string
		value time.Duration
		off   bool // -1 is allowed
	}{
		{"AcquireTimeout", c.AcquireTimeout, true},
		{"Recycle", c.Recycle, true},
		{"IdleTimeout", c.IdleTimeout, true},
		{"PingAfter", c.PingAfter, true},
		{"PingTimeout", c.PingTimeout, false},
		{"ConnectTimeout", c.ConnectTimeout, false},
		{"StartTimeout", c.StartTimeout, true},
		{"StatementTimeout", c.StatementTimeout, true},
		{"LockTimeout", c.LockTimeout, true},
		{"IdleInTxTimeout", c.IdleInTxTimeout, true},
		{"TCPUserTimeout", c.TCPUserTimeout, true},
		{"LeakThreshold", c.LeakThreshold, false},
	} {
		switch {
		case d.value >= 0, d.off && d.value == -1:
		case d.off:
			p.add(d.name, d.value, "must be positive, 0 (default) or -1 (off)")
		default:
			p.add(d.name, d.value, "must not be negative")
		}
	}
	for _, d := range []struct {
		name  string
		value time.Duration
	}{
		{"StatementTimeout", c.StatementTimeout}, {"LockTimeout", c.LockTimeout}, {"IdleInTxTimeout", c.IdleInTxTimeout},
	} {
		if d.value > 0 && (d.value < time.Millisecond || d.value.Milliseconds() > maxInt32) {
			p.add(d.name, d.value, "must be between 1ms and 24 days, the range of the server's setting")
		}
	}
}

// errNotURL is all that is said of a URL that does not parse: any part of its text may be a piece of the password.
var errNotURL = errors.New("must be a postgres:// URL with its user and password percent-encoded " +
	"(url.UserPassword does it), like postgres://user:p%40ss@host:5432/database?sslmode=verify-full, and an @ anywhere else written as %40")
