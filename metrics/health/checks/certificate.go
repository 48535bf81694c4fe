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
// not about to expire: 21 days before its end the check warns, 3 days before it fails. The end is that of the trust: a
// chain up to a root ends with the first of its certificates, and of several chains the last one counts, because clients
// take any that holds. roots are the trusted authorities, nil means the system's. It observes "days_left". The check has
// the given name, is degraded, because an instance does not get better by not being used, and is run once a minute at
// most.
func Certificate(name, addr string, roots *x509.CertPool) health.Check {
	return health.Check{Name: name, Dependency: true, Severity: health.Degraded, MaxAge: time.Minute, Func: func(ctx context.Context) error {
		host, _, err := net.SplitHostPort(addr)
		if err != nil {
			return err
		}
		shown, err := shownBy(ctx, addr, host)
		if err != nil {
			return err
		}
		intermediates := x509.NewCertPool()
		for _, c := range shown[1:] {
			intermediates.AddCert(c)
		}
		chains, err := shown[0].Verify(x509.VerifyOptions{DNSName: host, Roots: roots, Intermediates: intermediates})
		if err != nil {
			return fmt.Errorf("certificate of %s: %w", addr, err)
		}
		left := time.Until(end(chains))
		health.Observe(ctx, "days_left", left.Hours()/24)
		switch {
		case left < CertificateFailBefore:
			return fmt.Errorf("certificate of %s ends in %.1f days", addr, left.Hours()/24)
		case left < CertificateWarnBefore:
			return health.Warn("certificate of %s ends in %.1f days", addr, left.Hours()/24)
		}
		return nil
	}}
}

// end returns when the last of the chains ends.
func end(chains [][]*x509.Certificate) time.Time {
	var last time.Time
	for _, chain := range chains {
		first := chain[0].NotAfter
		for _, c := range chain[1:] {
			if c.NotAfter.Before(first) {
				first = c.NotAfter
			}
		}
		if first.After(last) {
			last = first
		}
	}
	return last
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
