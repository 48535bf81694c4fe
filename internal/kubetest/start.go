package kubetest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/prodwright/prodwright/internal/freeport"
)

// patience bounds the wait for a program, so that a test fails instead of hanging.
const patience = 3 * time.Minute

// write writes the files that the API server reads: who has which token, and the key that signs those of service accounts.
func (s *Server) write() error {
	var users strings.Builder
	for user, token := range s.tokens {
		group := ""
		if user == Admin {
			group = `,"system:masters"`
		}
		fmt.Fprintf(&users, "%s,%s,%s%s\n", token, user, user, group)
	}
	if err := os.WriteFile(s.path("tokens.csv"), []byte(users.String()), 0o600); err != nil {
		return err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(s.path("accounts.key"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600),
		os.WriteFile(s.path("accounts.pub"), pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}), 0o600))
}

func (s *Server) path(name string) string { return filepath.Join(s.dir, name) }

// startEtcd starts etcd on free ports. It saves nothing for a power failure.
func (s *Server) startEtcd(ctx context.Context) (err error) {
	for i := range s.ports {
		if s.ports[i] != nil {
			s.ports[i].Release()
		}
		if s.ports[i], err = freeport.Take(); err != nil {
			return err
		}
	}
	clients, peers := "http://"+s.ports[0].Addr(), "http://"+s.ports[1].Addr()
	s.etcd, err = launch(s.guard, "etcd", s.programs.etcd, "--data-dir", s.path("etcd"),
		"--listen-client-urls", clients, "--advertise-client-urls", clients, "--listen-peer-urls", peers,
		"--initial-advertise-peer-urls", peers, "--initial-cluster", "default="+peers, "--logger", "zap", "--log-level", "error", "--unsafe-no-fsync")
	if err != nil {
		return err
	}
	return s.until(ctx, s.etcd, func(ctx context.Context) error { return get(ctx, &http.Transport{}, clients+"/health", "") })
}

// flags are those of the API server. It makes its own certificate in the directory, and finds it there again when it is restarted.
func (s *Server) flags() []string {
	return append([]string{
		"--etcd-servers=http://" + s.ports[0].Addr(),
		"--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", "--secure-port=" + strconv.Itoa(s.port.Number()),
		"--endpoint-reconciler-type=none", // the loopback address is no endpoint
		"--cert-dir=" + s.dir,
		"--token-auth-file=" + s.path("tokens.csv"),
		"--authorization-mode=RBAC",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + s.path("accounts.pub"), "--service-account-signing-key-file=" + s.path("accounts.key"),
		"--service-cluster-ip-range=10.0.0.0/24",
	}, s.cfg.Flags...)
}

// ready says whether the API server is ready, with all that it makes at its first start.
func (s *Server) ready(ctx context.Context) (err error) {
	if s.ca, err = os.ReadFile(s.path("apiserver.crt")); err != nil {
		return err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(s.ca) {
		return errors.New("its certificate is not written yet")
	}
	return get(ctx, &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}, s.URL()+"/readyz", s.Token(Admin))
}

// get asks a server whether it is well, over a connection of its own.
func get(ctx context.Context, transport *http.Transport, url, token string) error {
	defer transport.CloseIdleConnections()
	transport.DisableKeepAlives = true
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return err
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s is answered with %s", url, response.Status)
	}
	return nil
}

// until waits for a program that was started to be ready. When it is not in time, it is ended.
func (s *Server) until(ctx context.Context, p *process, ready func(context.Context) error) (err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		try, done := context.WithTimeout(ctx, 5*time.Second)
		err = ready(try)
		done()
		if err == nil {
			return nil
		}
		select {
		case <-p.ended:
			return fmt.Errorf("kubetest: %s ended: %s", p.name, p.tail(20))
		case <-ctx.Done():
			p.kill()
			return fmt.Errorf("kubetest: %s is not ready: %w; the last answer: %w; its log: %s", p.name, ctx.Err(), err, p.tail(20))
		case <-time.After(50 * time.Millisecond):
		}
	}
}
