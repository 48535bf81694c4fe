package pool

import (
	"net"
	"net/url"
	"strconv"
	"strings"
)

// DSN returns the complete connection URL with the password, as pg_dump and other tools take it. It is built with
// net/url, so user, password and database may contain any character. Parameters that only pgx understands, such as
// default_query_exec_mode or a session setting like search_path, stay in it; libpq refuses them (it takes settings as
// options=-c search_path=app, which pgx understands as well).
func (c Config) DSN() (Secret, error) {
	a, err := c.address()
	if err != nil {
		return Secret{}, err
	}
	if !a.password.IsZero() {
		a.url.User = url.UserPassword(a.url.User.Username(), a.password.Reveal())
	}
	if !a.passphrase.IsZero() {
		query := parseQuery(a.url)
		query.Set("sslpassword", a.passphrase.Reveal())
		a.url.RawQuery = encodeQuery(query)
	}
	return NewSecret(a.url.String()), nil
}

// address is where to connect. Its secrets are kept apart from the URL, because pgx remembers the text that it parsed.
type address struct {
	url        *url.URL
	stated     url.Values // the parameters of Config.URL, before those of fields and defaults were added
	password   Secret
	passphrase Secret // of the client's key
}

func (c Config) address() (address, error) {
	c = c.withDefaults()
	if c.URL.IsZero() {
		a := address{url: c.fieldsURL(), password: c.Password}
		c.addSSL(&a)
		return a, nil
	}
	u, err := parseURL(c.URL)
	if err != nil {
		return address{}, err
	}
	a := address{url: u, stated: parseQuery(u), password: c.Password}
	for name, field := range poolParameters {
		if a.stated.Has(name) {
			return address{}, &FieldError{Field: "URL", Rule: "must not set " + name + ": use " + field}
		}
	}
	query := parseQuery(u)
	if p := query.Get("password"); p != "" {
		a.password = NewSecret(p)
	}
	if p, _ := u.User.Password(); p != "" {
		a.password = NewSecret(p)
	}
	a.passphrase = NewSecret(query.Get("sslpassword"))
	query.Del("password")
	query.Del("sslpassword")
	if u.User != nil {
		u.User = url.User(u.User.Username())
	}
	u.RawQuery = encodeQuery(query)
	c.addSSL(&a)
	return a, nil
}

// poolParameters are pgxpool's own parameters in a URL, and what takes their place.
var poolParameters = map[string]string{
	"pool_max_conns":                "Size and MaxOverflow",
	"pool_min_conns":                "MinConns",
	"pool_min_idle_conns":           "Configure",
	"pool_max_conn_lifetime":        "Recycle",
	"pool_max_conn_lifetime_jitter": "Recycle",
	"pool_max_conn_idle_time":       "IdleTimeout",
	"pool_health_check_period":      "Configure",
	"pool_ping_timeout":             "PingTimeout",
}

// parseURL reads a URL. Several hosts become the parameters host and port, which libpq and pgx read in the same way:
// net/url takes the list for one host.
func parseURL(s Secret) (*url.URL, error) {
	text, hosts, ports := cutHosts(s.Reveal())
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") || u.Opaque != "" || u.Fragment != "" {
		return nil, &FieldError{Field: "URL", Rule: errNotURL.Error()}
	}
	query := parseQuery(u)
	if query == nil || strings.Contains(pastAuthority(s.Reveal()), "@") {
		return nil, &FieldError{Field: "URL", Rule: errNotURL.Error()}
	}
	if len(hosts) > 0 && !query.Has("host") {
		query.Set("host", strings.Join(hosts, ","))
		if !query.Has("port") {
			query.Set("port", strings.Join(ports, ","))
		}
		u.RawQuery = encodeQuery(query)
	}
	return u, nil
}

// cutHosts takes a list of several well-formed hosts out of a URL. A host without a port has an empty one, which means
// the default.
func cutHosts(text string) (rest string, hosts, ports []string) {
	scheme, authority, ok := strings.Cut(text, "://")
	after := pastAuthority(text)
	authority = strings.TrimSuffix(authority, after)
	user := authority[:strings.LastIndex(authority, "@")+1]
	list := strings.Split(authority[len(user):], ",")
	if !ok || len(list) < 2 {
		return text, nil, nil
	}
	for _, h := range list {
		u, err := url.Parse("postgres://" + h)
		if err != nil || u.Host != h {
			return text, nil, nil
		}
		hosts, ports = append(hosts, u.Hostname()), append(ports, u.Port())
	}
	return scheme + "://" + user + after, hosts, ports
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
