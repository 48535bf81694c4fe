package pool

import (
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"
)

// DSN returns the complete connection URL with the password, as tools such as pg_dump take it. It is built with
// net/url, so user, password and database may contain any character.
func (c Config) DSN() (Secret, error) {
	c = c.withDefaults()
	u, password, err := c.target()
	if err != nil {
		return Secret{}, err
	}
	if !password.IsZero() {
		u.User = url.UserPassword(u.User.Username(), password.Reveal())
	}
	return NewSecret(u.String()), nil
}

// target returns the connection URL without its password, and the password. Keeping them apart means that pgx, which
// remembers the string it parsed, never holds the password in it.
func (c Config) target() (*url.URL, Secret, error) {
	if c.URL.IsZero() {
		return c.fieldsURL(), c.Password, nil
	}
	u, err := parseURL(c.URL)
	if err != nil {
		return nil, Secret{}, err
	}
	password, query := c.Password, parseQuery(u)
	if p := query.Get("password"); p != "" {
		password = NewSecret(p)
	}
	query.Del("password")
	if p, ok := u.User.Password(); ok {
		password = NewSecret(p)
		u.User = url.User(u.User.Username())
	}
	c.addSSL(query)
	u.RawQuery = encodeQuery(query)
	return u, password, nil
}

func parseURL(s Secret) (*url.URL, error) {
	u, err := url.Parse(s.Reveal())
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") || u.Opaque != "" || u.Fragment != "" {
		return nil, &FieldError{Field: "URL", Rule: errNotURL.Error()}
	}
	if parseQuery(u) == nil || strings.Contains(pastAuthority(s.Reveal()), "@") {
		return nil, &FieldError{Field: "URL", Rule: errNotURL.Error()}
	}
	return u, nil
}

// pastAuthority returns what follows the host of a URL. An @ there is most likely the end of a password with an unescaped
// slash or question mark, which would otherwise be taken for the database's name and shown.
func pastAuthority(text string) string {
	_, text, _ = strings.Cut(text, "://")
	if i := strings.IndexAny(text, "/?#"); i >= 0 {
		return text[i:]
	}
	return ""
}

// parseQuery and encodeQuery read and write a query as libpq does: percent-encoding only, a plus is a plus. parseQuery
// returns nil for a malformed query.
func parseQuery(u *url.URL) url.Values {
	values, err := url.ParseQuery(strings.ReplaceAll(u.RawQuery, "+", "%2B"))
	if err != nil {
		return nil
	}
	return values
}

func encodeQuery(values url.Values) string { return strings.ReplaceAll(values.Encode(), "+", "%20") }

// fieldsURL puts the separate fields into a URL. Whatever net/url or pgx would read differently in the authority or the
// path (socket directories, odd names) travels as a query parameter instead.
func (c Config) fieldsURL() *url.URL {
	u := &url.URL{Scheme: "postgres", User: url.User(c.User), Path: "/"}
	query := url.Values{"dbname": {c.Database}}
	hosts, ports := c.hosts()
	query.Set("host", strings.Join(hosts, ","))
	query.Set("port", strings.Join(ports, ","))
	c.addSSL(query)
	u.RawQuery = encodeQuery(query)
	return u
}

// hosts splits Host at commas; each host that carries no port gets Port.
func (c Config) hosts() (hosts, ports []string) {
	for h := range strings.SplitSeq(c.Host, ",") {
		h = strings.TrimSpace(h)
		port := strconv.Itoa(c.Port)
		switch {
		case strings.HasPrefix(h, "/"): // a socket directory
		case strings.HasPrefix(h, "[") && strings.HasSuffix(h, "]"):
			h = h[1 : len(h)-1]
		case strings.Count(h, ":") == 1, strings.HasPrefix(h, "["):
			if name, p, err := net.SplitHostPort(h); err == nil {
				h, port = name, p
			}
		}
		hosts, ports = append(hosts, h), append(ports, port)
	}
	return hosts, ports
}

func (c Config) addSSL(query url.Values) {
	for _, f := range []struct{ name, value string }{
		{"sslmode", c.SSLMode}, {"sslrootcert", c.SSLRootCert}, {"sslcert", c.SSLCert}, {"sslkey", c.SSLKey},
	} {
		if f.value != "" && !query.Has(f.name) {
			query.Set(f.name, f.value)
		}
	}
}

// pgxConfig parses the target and applies the limits. The password is kept out of the result. Hooks and tracers are added by [New].
func (c Config) pgxConfig() (*pgxpool.Config, Secret, error) {
	u, password, err := c.target()
	if err != nil {
		return nil, Secret{}, err
	}
	pc, err := pgxpool.ParseConfig(u.String())
	if err != nil {
		// The text is pgx's, of a URL without password; the error value is not kept because it holds that URL.
		return nil, Secret{}, &FieldError{Field: "connection", Rule: redactPassphrase(u, err.Error())}
	}
	pc.MaxConns = int32(c.MaxConns())       //nolint:gosec // bounded by validateSizes
	pc.MinConns = int32(max(c.MinConns, 0)) //nolint:gosec // bounded by validateSizes
	pc.MaxConnLifetime = 0                  // recycled by the pool's own clock: see checks.go
	pc.MaxConnIdleTime = c.IdleTimeout
	if c.IdleTimeout < 0 {
		pc.MaxConnIdleTime = never
	}
	pc.PingTimeout = c.PingTimeout
	pc.ConnConfig.ConnectTimeout = c.ConnectTimeout
	params := pc.ConnConfig.RuntimeParams
	if params["application_name"] == "" {
		params["application_name"] = c.AppName
	}
	if params["timezone"] == "" {
		params["timezone"] = c.TimeZone
	}
	for name, value := range c.sessionLimits() {
		if _, ok := params[name]; !ok {
			params[name] = value
		}
	}
	return pc, password, nil
}

// redactPassphrase removes the passphrase of a client key from text.
func redactPassphrase(u *url.URL, text string) string {
	if p := parseQuery(u).Get("sslpassword"); p != "" {
		text = strings.ReplaceAll(strings.ReplaceAll(text, p, redacted), url.QueryEscape(p), redacted)
	}
	return text
}
