package pool

import (
	"cmp"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// addSSL completes the URL by the SSL fields. An sslmode that only the environment states (PGSSLMODE, a service file)
// gives way to SSLMode, except that the default never weakens it.
func (c Config) addSSL(a *address) {
	query := parseQuery(a.url)
	for _, f := range []struct{ name, value string }{
		{"sslrootcert", c.SSLRootCert}, {"sslcert", c.SSLCert}, {"sslkey", c.SSLKey},
	} {
		if f.value != "" && !query.Has(f.name) {
			query.Set(f.name, f.value)
		}
	}
	a.url.RawQuery = encodeQuery(query)
	if query.Has("sslmode") {
		return
	}
	if c.SSLMode == "" || c.SSLMode == DefaultSSLMode {
		if cc, err := a.connConfig(); err == nil && (encrypted(cc) || c.SSLMode == "" && !prefersTLS(cc)) {
			return
		}
	}
	query.Set("sslmode", cmp.Or(c.SSLMode, DefaultSSLMode))
	a.url.RawQuery = encodeQuery(query)
}

// tlsOf returns for each attempt that pgx makes to a host on the network whether it uses TLS.
func tlsOf(cc *pgx.ConnConfig) (used []bool) {
	for _, h := range append([]*pgconn.FallbackConfig{{Host: cc.Host, TLSConfig: cc.TLSConfig}}, cc.Fallbacks...) {
		if !strings.HasPrefix(h.Host, "/") {
			used = append(used, h.TLSConfig != nil)
		}
	}
	return used
}

// encrypted reports whether every attempt uses TLS. It is false when there is no host on the network.
func encrypted(cc *pgx.ConnConfig) bool {
	for _, tls := range tlsOf(cc) {
		if !tls {
			return false
		}
	}
	return len(tlsOf(cc)) > 0
}

// prefersTLS recognizes sslmode=prefer, which is what pgx does when nobody says anything: TLS first, then plain text.
func prefersTLS(cc *pgx.ConnConfig) bool {
	used := tlsOf(cc)
	return len(used) > 0 && used[0] && !encrypted(cc)
}
