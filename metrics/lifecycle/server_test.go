package lifecycle_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics/lifecycle"
)

// serve runs a server in a group until the end of the test.
func serve(t *testing.T, srv *http.Server, l net.Listener) *lifecycle.Group {
	t.Helper()
	srv.ReadHeaderTimeout = time.Minute
	g := newGroup(t, lifecycle.Config{Drain: -1})
	require.NoError(t, g.Add(g.HTTPServer("api", srv, l)))
	done := run(g, t.Context())
	waitReady(t, g)
	t.Cleanup(func() {
		g.Shutdown()
		require.NoError(t, <-done)
	})
	return g
}

// certificates returns the configurations of a server and of its clients.
func certificates(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	certs := httptest.NewTLSServer(nil)
	t.Cleanup(certs.Close)
	return &tls.Config{Certificates: certs.TLS.Certificates, MinVersion: tls.VersionTLS12},
		&tls.Config{RootCAs: certs.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs, MinVersion: tls.VersionTLS12}
}

// A listener that speaks TLS by itself gives requests the same as a server that does.
func TestListenerThatSpeaksTLS(t *testing.T) {
	t.Parallel()
	for protocol, offer := range map[string][]string{"HTTP/1.1": {"http/1.1"}, "HTTP/2.0": {"h2", "http/1.1"}} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			secure, trusting := certificates(t)
			secure.NextProtos = offer
			l := local(t)
			serve(t, &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = fmt.Fprint(w, r.Proto, " ", r.TLS != nil)
			})}, tls.NewListener(l, secure))
			c := client(t)
			transport := c.Transport.(*http.Transport)
			transport.TLSClientConfig, transport.ForceAttemptHTTP2 = trusting, true
			resp, err := c.Get("https://" + l.Addr().String())
			require.NoError(t, err)
			body, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			require.Equal(t, protocol+" true", string(body))
		})
	}
}

// halfClosing is a connection that notes when its writing side is closed.
type halfClosing struct {
	*net.TCPConn
	closed *atomic.Bool
}

func (c halfClosing) CloseWrite() error {
	c.closed.Store(true)
	return c.TCPConn.CloseWrite()
}

type halfClosingListener struct {
	net.Listener
	closed *atomic.Bool
}

func (l halfClosingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return halfClosing{c.(*net.TCPConn), l.closed}, nil
}

// net/http closes its side first when it answers before it has read everything; otherwise the client sees a reset
// instead of the answer.
func TestAnswerToWhatWasNotReadArrives(t *testing.T) {
	t.Parallel()
	var closed atomic.Bool
	l := local(t)
	serve(t, &http.Server{MaxHeaderBytes: 1 << 10}, halfClosingListener{l, &closed})
	conn, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	_, err = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\nX: "+strings.Repeat("a", 1<<15)+"\r\n\r\n")
	require.NoError(t, err)
	answer := bufio.NewReader(conn)
	line, err := answer.ReadString('\n')
	require.NoError(t, err)
	require.Contains(t, line, "431")
	_, _ = io.ReadAll(answer) // until it closes, one way or the other
	require.True(t, closed.Load())
}

// What the server shows of its listener and connections is theirs, and a hijacked one leads to it.
func TestConnectionsAreTheServersOwn(t *testing.T) {
	t.Parallel()
	for scheme, secure := range map[string]bool{"plain": false, "TLS": true} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			l := local(t)
			bases, accepted, hijacked := make(chan net.Listener, 1), make(chan net.Conn, 1), make(chan net.Conn, 1)
			srv := &http.Server{
				BaseContext: func(l net.Listener) context.Context { bases <- l; return context.Background() },
				ConnContext: func(ctx context.Context, c net.Conn) context.Context { accepted <- c; return ctx },
				Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					conn, _, _ := http.NewResponseController(w).Hijack()
					hijacked <- conn
				}),
			}
			dial := func() (net.Conn, error) { return net.Dial("tcp", l.Addr().String()) }
			if secure {
				server, trusting := certificates(t)
				srv.TLSConfig, srv.TLSNextProto = server, map[string]func(*http.Server, *tls.Conn, http.Handler){}
				dial = func() (net.Conn, error) { return tls.Dial("tcp", l.Addr().String(), trusting) }
			}
			serve(t, srv, l)
			client, err := dial()
			require.NoError(t, err)
			t.Cleanup(func() { _ = client.Close() })
			_, err = io.WriteString(client, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
			require.NoError(t, err)
			own, conn := <-accepted, <-hijacked
			t.Cleanup(func() { _ = conn.Close() })
			require.Same(t, own, conn.(interface{ NetConn() net.Conn }).NetConn())
			_, err = conn.(syscall.Conn).SyscallConn()
			if secure {
				require.IsType(t, &tls.Conn{}, own)
				require.ErrorIs(t, err, errors.ErrUnsupported)
			} else {
				require.IsType(t, &net.TCPConn{}, own)
				require.NoError(t, err)
				require.Same(t, l, <-bases)
			}

			_, err = io.WriteString(client, "echo")
			require.NoError(t, err)
			require.NoError(t, client.(interface{ CloseWrite() error }).CloseWrite())
			_, err = io.Copy(conn, conn) // through WriteTo and ReadFrom
			require.NoError(t, err)
			require.NoError(t, conn.(interface{ CloseWrite() error }).CloseWrite())
			echo, err := io.ReadAll(client)
			require.NoError(t, err)
			require.Equal(t, "echo", string(echo))
		})
	}
}

// The connection of a body that is too large is closed, as by a server without the middleware.
func TestTooLargeBodyClosesItsConnection(t *testing.T) {
	t.Parallel()
	l := local(t)
	serve(t, &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 10)); err != nil {
			http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		}
	})}, l)
	for size, closes := range map[int]bool{10: false, 100: true} {
		resp, err := client(t).Post("http://"+l.Addr().String(), "text/plain", strings.NewReader(strings.Repeat("a", size)))
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, closes, resp.Close, resp.Status)
	}
}

// A connection that changes its protocol during the drain window is not announced as closing.
func TestUpgradeWhileDraining(t *testing.T) {
	t.Parallel()
	upgrade := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Add("Connection", "Upgrade") // to what there is
		w.Header().Set("Upgrade", "x")
		w.WriteHeader(http.StatusSwitchingProtocols)
	}
	type plain struct{ http.ResponseWriter } // as another middleware leaves it
	for name, wrap := range map[string]func(g *lifecycle.Group) http.Handler{
		"the server's writer": func(*lifecycle.Group) http.Handler { return http.HandlerFunc(upgrade) },
		"a wrapped writer": func(g *lifecycle.Group) http.Handler {
			next := g.Middleware(http.HandlerFunc(upgrade))
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(plain{w}, r) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := local(t)
			g := newGroup(t, lifecycle.Config{Drain: time.Millisecond})
			var header []string
			require.NoError(t, g.Add(g.HTTPServer("api", &http.Server{Handler: wrap(g), ReadHeaderTimeout: time.Minute}, l), lifecycle.Part{
				Name: "looker", Phase: lifecycle.Background, Stop: func(context.Context) error {
					conn, err := net.Dial("tcp", l.Addr().String())
					if err != nil {
						return err
					}
					defer func() { _ = conn.Close() }()
					if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"); err != nil {
						return err
					}
					for lines := bufio.NewScanner(conn); lines.Scan() && lines.Text() != ""; {
						header = append(header, lines.Text())
					}
					return nil
				},
			}))
			done := run(g, t.Context())
			waitReady(t, g)
			g.Shutdown()
			require.NoError(t, <-done)
			require.Contains(t, header, "HTTP/1.1 101 Switching Protocols")
			require.Contains(t, header, "Connection: Upgrade")
			require.NotContains(t, header, "Connection: close")
		})
	}
}

// However the start ends without the server, nobody is left waiting at a listener that no one serves.
func TestListenerOfAServerThatDoesNotServeIsClosed(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		cfg    lifecycle.Config
		before func(g *lifecycle.Group) lifecycle.Part
	}{
		"an earlier part fails": {lifecycle.Config{}, func(*lifecycle.Group) lifecycle.Part {
			return lifecycle.Part{Name: "db", Start: func(context.Context) error { return errors.New("down") }}
		}},
		"a shutdown comes first": {lifecycle.Config{}, func(g *lifecycle.Group) lifecycle.Part {
			return lifecycle.Part{Name: "db", Start: func(context.Context) error { g.Shutdown(); return nil }}
		}},
		"it is too late": {lifecycle.Config{StartTimeout: 10 * time.Millisecond}, func(*lifecycle.Group) lifecycle.Part {
			// Its time is up when it returns, so it is the server whose start is too late, or this one's.
			return lifecycle.Part{Name: "db", Start: func(ctx context.Context) error { <-ctx.Done(); return nil }}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := local(t)
			g := newGroup(t, tc.cfg)
			require.NoError(t, g.Add(tc.before(g), g.HTTPServer("api", &http.Server{ReadHeaderTimeout: time.Minute}, l)))
			_ = g.Run(t.Context())
			requireClosed(t, l)
		})
	}

	l := local(t)
	g := newGroup(t, lifecycle.Config{})
	part := g.HTTPServer("api", &http.Server{ReadHeaderTimeout: time.Minute}, l)
	require.NoError(t, part.Start(t.Context()))
	require.NoError(t, part.Stop(t.Context()), "as after a start that is done too late")
	requireClosed(t, l)
}

func requireClosed(t *testing.T, l net.Listener) {
	t.Helper()
	_ = l.(*net.TCPListener).SetDeadline(time.Unix(1, 0)) // it must not wait
	_, err := l.Accept()
	require.ErrorIs(t, err, net.ErrClosed)
}

// Without an address, TLS means the port of HTTPS. Listening there fails, because it is taken or not allowed.
func TestDefaultAddress(t *testing.T) {
	t.Parallel()
	server, _ := certificates(t)
	for port, srv := range map[string]*http.Server{":80": {}, ":443": {TLSConfig: server}} {
		if l, err := net.Listen("tcp", port); err == nil {
			t.Cleanup(func() { _ = l.Close() })
		}
		part := newGroup(t, lifecycle.Config{}).HTTPServer("api", srv, nil)
		require.ErrorContains(t, part.Start(t.Context()), port+":")
	}
}
