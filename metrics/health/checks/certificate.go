package checks

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/prodwright/prodwright/metrics/health"
)

// Thresholds of [Certificate]: how long before its end a certificate warns and fails.
const (
	CertificateWarnBefore = 21 * 24 * time.Hour
	CertificateFailBefore = 3 * 24 * time.Hour
)

// Certificate checks that the TLS server at addr ("host:port") shows a certificate that is valid for its host name and
// not about to expire: 21 days before its end the check warns, 3 days before it fails. roots are the trusted
// authorities, nil means the system's. It observes "days_left" of the certificate of the chain that ends first. The
// check has the given name, is degraded, because an instance does not get better by not being used, and is run once a
// minute at most.
func Certificate(name, addr string, roots *x509.CertPool) health.Check {
	return health.Check{Name: name, Dependency: true, Severity: health.Degraded, MaxAge: time.Minute, Func: func(ctx context.Context) error {
		host, _, err := net.SplitHostPort(addr)
		if err != nil {
			return err
		}
		chain, err := shownBy(ctx, addr, host)
		if err != nil {
			return err
		}
		left := time.Until(chain[0].NotAfter)
		for _, c := range chain[1:] {
			left = min(left, time.Until(c.NotAfter))
		}
		health.Observe(ctx, "days_left", left.Hours()/24)
		intermediates := x509.NewCertPool()
		for _, c := range chain[1:] {
			intermediates.AddCert(c)
		}
		if _, err := chain[0].Verify(x509.VerifyOptions{DNSName: host, Roots: roots, Intermediates: intermediates}); err != nil {
			return fmt.Errorf("certificate of %s: %w", addr, err)
		}
		switch {
		case left < CertificateFailBefore:
			return fmt.Errorf("certificate of %s ends in %.1f days", addr, left.Hours()/24)
		case left < CertificateWarnBefore:
			return health.Warn("certificate of %s ends in %.1f days", addr, left.Hours()/24)
		}
		return nil
	}}
}

// shownBy returns the certificates that a server shows, whatever they are worth: they are verified afterwards, so that
// an expired one is named as such.
func shownBy(ctx context.Context, addr, host string) ([]*x509.Certificate, error) {
	dialer := tls.Dialer{Config: &tls.Config{ServerName: host, InsecureSkipVerify: true}} //nolint:gosec // verified by the caller
	conn, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	chain := conn.(*tls.Conn).ConnectionState().PeerCertificates
	if len(chain) == 0 {
		return nil, errors.New("the server shows no certificate")
	}
	return chain, nil
}
