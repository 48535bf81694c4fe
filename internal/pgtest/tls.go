package pgtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"time"
)

// CA is a certificate authority for tests.
type CA struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  string
	file string
}

// TLS is a server certificate with its key and its authority.
type TLS struct {
	cert, key, ca string // PEM
	caFile        string
}

// Cert returns the certificate in PEM.
func (t *TLS) Cert() string { return t.cert }

// Key returns its private key in PEM.
func (t *TLS) Key() string { return t.key }

// NewCA makes an authority that is valid for a day. Remove the file that CertFile names with [CA.Close].
func NewCA() (*CA, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("pgtest: %w", err)
	}
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: "pgtest " + rand.Text()[:6]}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := sign(template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	ca := &CA{key: key, pem: encode("CERTIFICATE", der)}
	if ca.cert, err = x509.ParseCertificate(der); err != nil {
		return nil, fmt.Errorf("pgtest: %w", err)
	}
	f, err := os.CreateTemp("", "pgtest-ca-*.crt")
	if err != nil {
		return nil, fmt.Errorf("pgtest: %w", err)
	}
	ca.file = f.Name()
	if _, err := f.WriteString(ca.pem); err != nil {
		return nil, fmt.Errorf("pgtest: %w", err)
	}
	return ca, f.Close()
}

// CertFile returns the path of the authority's certificate in PEM, for sslrootcert.
func (ca *CA) CertFile() string { return ca.file }

// PEM returns the authority's certificate.
func (ca *CA) PEM() string { return ca.pem }

// Close removes the file of the certificate.
func (ca *CA) Close() error { return os.Remove(ca.file) }

// Issue makes a server certificate for host names and IP addresses.
func (ca *CA) Issue(hosts ...string) (*TLS, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("pgtest: %w", err)
	}
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: "server"}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, h)
		}
	}
	der, err := sign(template, ca.cert, &key.PublicKey, ca.key)
	if err != nil {
		return nil, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("pgtest: %w", err)
	}
	return &TLS{cert: encode("CERTIFICATE", der), key: encode("PRIVATE KEY", keyDER), ca: ca.pem, caFile: ca.file}, nil
}

func sign(template, parent *x509.Certificate, public *ecdsa.PublicKey, key *ecdsa.PrivateKey) ([]byte, error) {
	template.SerialNumber = new(big.Int).SetBytes([]byte(rand.Text())[:8])
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour)
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	if err != nil {
		return nil, fmt.Errorf("pgtest: %w", err)
	}
	return der, nil
}

func encode(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}
