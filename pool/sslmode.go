package pool

import (
	"cmp"
	"crypto/tls"
	"slices"
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

// tlsConfigs returns the TLS configuration, nil for none, of each attempt that pgx makes to a host on the network.
func tlsConfigs(cc *pgx.ConnConfig) (configs []*tls.Config) {
	for _, h := range append([]*pgconn.FallbackConfig{{Host: cc.Host, TLSConfig: cc.TLSConfig}}, cc.Fallbacks...) {
		if !strings.HasPrefix(h.Host, "/") {
			configs = append(configs, h.TLSConfig)
		}
	}
	return configs
}

// encrypted reports whether every attempt uses TLS. It is false when there is no host on the network.
func encrypted(cc *pgx.ConnConfig) bool {
	configs := tlsConfigs(cc)
	return len(configs) > 0 && !slices.Contains(configs, nil)
}

// prefersTLS recognizes sslmode=prefer, which is what pgx does when nobody says anything: TLS first, then plain text.
func prefersTLS(cc *pgx.ConnConfig) bool {
	configs := tlsConfigs(cc)
	return len(configs) > 0 && configs[0] != nil && !encrypted(cc)
}

// unverified reports whether a server is trusted whatever its certificate says.
func unverified(c *tls.Config) bool {
	return c != nil && c.InsecureSkipVerify && c.VerifyConnection == nil && c.VerifyPeerCertificate == nil
}
