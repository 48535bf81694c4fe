package checks_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/internal/pgtest"
	"github.com/prodwright/prodwright/metrics/health"
	"github.com/prodwright/prodwright/metrics/health/checks"
)

func TestCertificate(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	addr := server.Listener.Addr().String()
	r := run(t, checks.Certificate("cert", addr, roots))
	require.NoError(t, r.Err)
	require.Greater(t, r.Observed["days_left"], float64(1000))
	r = run(t, checks.Certificate("cert", addr, x509.NewCertPool()))
	var unknown x509.UnknownAuthorityError
	require.ErrorAs(t, r.Err, &unknown)
	require.Equal(t, health.Fail, r.Status)
	require.Equal(t, health.Degraded, r.Severity)

	// pgtest's authority issues for a day: that is about to expire.
	ca, err := pgtest.NewCA()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, ca.Close()) })
	short, err := ca.Issue("127.0.0.1")
	require.NoError(t, err)
	pair, err := tls.X509KeyPair([]byte(short.Cert()), []byte(short.Key()))
	require.NoError(t, err)
	soon := httptest.NewUnstartedServer(http.NotFoundHandler())
	soon.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	soon.StartTLS()
	t.Cleanup(soon.Close)
	roots.AppendCertsFromPEM([]byte(ca.PEM()))
	require.ErrorContains(t, run(t, checks.Certificate("cert", soon.Listener.Addr().String(), roots)).Err, "ends in 1.0 days")
	require.Error(t, run(t, checks.Certificate("cert", "no-port", nil)).Err)
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	require.Error(t, run(t, checks.Certificate("cert", plain.Listener.Addr().String(), nil)).Err)
}

const day = 24 * time.Hour

// authority is a name with a key, whose certificates others sign.
type authority struct {
	name string
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T, name string) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return authority{name, key}
}

// signed returns a certificate for a that by signs, and that ends in the given time.
func (a authority) signed(t *testing.T, by authority, ends time.Duration) *x509.Certificate {
	t.Helper()
	return a.issue(t, by, ends, &x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign})
}

func (a authority) issue(t *testing.T, by authority, ends time.Duration, c *x509.Certificate) *x509.Certificate {
	t.Helper()
	c.SerialNumber, c.Subject = big.NewInt(1), pkix.Name{CommonName: a.name}
	c.NotBefore, c.NotAfter = time.Now().Add(-1000*day), time.Now().Add(ends)
	der, err := x509.CreateCertificate(rand.Reader, c, &x509.Certificate{Subject: pkix.Name{CommonName: by.name}}, &a.key.PublicKey, by.key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return cert
}

// What counts is how long clients go on trusting, not every certificate that the server shows.
func TestCertificateEndsWithTheTrust(t *testing.T) {
	t.Parallel()
	older, root, leaf := newAuthority(t, "older root"), newAuthority(t, "root"), newAuthority(t, "127.0.0.1")
	for name, tc := range map[string]struct {
		root, cross, older time.Duration // until they end; root and older are trusted, cross is shown
		days               float64
		status             health.Status
	}{
		"an expired cross-signature is no matter":        {1000 * day, -day, -day, 90, health.Pass},
		"one that ends soon is none either":              {1000 * day, day, 1000 * day, 90, health.Pass},
		"a root that ends soon ends it all":              {day, -day, -day, 1, health.Fail},
		"unless it is cross-signed by one that does not": {day, 1000 * day, 1000 * day, 90, health.Pass},
		"in between": {10 * day, day, 1000 * day, 10, health.Warning},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			roots := x509.NewCertPool()
			roots.AddCert(root.signed(t, root, tc.root))
			roots.AddCert(older.signed(t, older, tc.older))
			own := leaf.issue(t, root, 90*day, &x509.Certificate{IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}})
			shown := [][]byte{own.Raw, root.signed(t, older, tc.cross).Raw}
			server := httptest.NewUnstartedServer(http.NotFoundHandler())
			server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: shown, PrivateKey: leaf.key}}, MinVersion: tls.VersionTLS12}
			server.StartTLS()
			t.Cleanup(server.Close)
			r := run(t, checks.Certificate("cert", server.Listener.Addr().String(), roots))
			require.Equal(t, tc.status, r.Status, "%v", r.Err)
			require.InDelta(t, tc.days, r.Observed["days_left"], 0.1)
		})
	}
}
