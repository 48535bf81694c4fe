package lifecycle_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics/lifecycle"
)

func local(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	return l
}

// client keeps its connections and closes them at the end of the test.
func client(t *testing.T) *http.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func waitReady(t *testing.T, g *lifecycle.Group) {
	t.Helper()
	for g.Ready(context.Background()) != nil {
		require.NoError(t, t.Context().Err())
		time.Sleep(time.Millisecond)
	}
}

func TestResponsesSayCloseWhileDraining(t *testing.T) {
	t.Parallel()
	for name, h2 := range map[string]bool{"HTTP/1": false, "HTTP/2": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := local(t)
			g := newGroup(t, lifecycle.Config{Drain: time.Millisecond})
			srv := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = fmt.Fprint(w, r.Proto)
			})}
			c := client(t)
			url := "http://" + l.Addr().String()
			if h2 {
				secure, trusting := certificates(t)
				secure.NextProtos = []string{"h2"}
				srv.TLSConfig = secure
				transport := c.Transport.(*http.Transport)
				transport.TLSClientConfig, transport.ForceAttemptHTTP2 = trusting, true
				url = "https://" + l.Addr().String()
			}
			get := func() (*http.Response, string) {
				resp, err := c.Get(url)
				require.NoError(t, err)
				body, err := io.ReadAll(resp.Body)
				require.NoError(t, err)
				require.NoError(t, resp.Body.Close())
				return resp, string(body)
			}
			// A background part stops after readiness failed and before the drain window: the moment to look.
			var during *http.Response
			require.NoError(t, g.Add(g.HTTPServer("api", srv, l), lifecycle.Part{
				Name: "looker", Phase: lifecycle.Background, Stop: func(context.Context) error { during, _ = get(); return nil },
			}))
			done := run(g, t.Context())
			waitReady(t, g)
			resp, proto := get()
			require.Equal(t, h2, proto == "HTTP/2.0", proto)
			require.False(t, resp.Close)
			g.Shutdown()
			require.NoError(t, <-done)
			if !h2 { // HTTP/2 has no such header: the connection gets GOAWAY
				require.True(t, during.Close)
			}
			_, err := c.Get(url)
			require.Error(t, err)
		})
	}
}

// A request that was in progress when the shutdown began is answered with the header too, however its handler writes.
func TestRequestsInProgressSayCloseToo(t *testing.T) {
	t.Parallel()
	for name, write := range map[string]func(http.ResponseWriter){
		"nothing":     func(http.ResponseWriter) {},
		"Write":       func(w http.ResponseWriter) { _, _ = w.Write([]byte("a")) },
		"WriteString": func(w http.ResponseWriter) { _, _ = io.WriteString(w, "a") },
		"WriteHeader": func(w http.ResponseWriter) { w.WriteHeader(http.StatusAccepted) },
		"hints first": func(w http.ResponseWriter) { w.WriteHeader(http.StatusEarlyHints); w.WriteHeader(http.StatusOK) },
		"ReadFrom":    func(w http.ResponseWriter) { _, _ = w.(io.ReaderFrom).ReadFrom(strings.NewReader("a")) },
		"Flush":       func(w http.ResponseWriter) { w.(http.Flusher).Flush() },
		"controller":  func(w http.ResponseWriter) { _ = http.NewResponseController(w).Flush() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := local(t)
			g := newGroup(t, lifecycle.Config{Drain: time.Millisecond})
			began, finish := make(chan struct{}), make(chan struct{})
			srv := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				close(began)
				<-finish
				write(w)
			})}
			answered := make(chan bool, 1)
			require.NoError(t, g.Add(g.HTTPServer("api", srv, l), lifecycle.Part{
				// Still before the server's own Shutdown, which would say close by itself.
				Name: "looker", Phase: lifecycle.Background, Stop: func(context.Context) error {
					close(finish)
					answered <- <-answered
					return nil
				},
			}))
			done := run(g, t.Context())
			waitReady(t, g)
			go func() {
				resp, err := client(t).Get("http://" + l.Addr().String())
				if err != nil {
					answered <- false
					return
				}
				_ = resp.Body.Close()
				answered <- resp.Close
			}()
			<-began
			g.Shutdown()
			require.NoError(t, <-done)
			require.True(t, <-answered)
		})
	}
}

func TestRequestsInProgressAreFinished(t *testing.T) {
	t.Parallel()
	l := local(t)
	g := newGroup(t, lifecycle.Config{Drain: -1})
	began, finish := make(chan struct{}), make(chan struct{})
	srv := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(began)
		<-finish
		_, _ = io.WriteString(w, "done")
	})}
	require.NoError(t, g.Add(g.HTTPServer("api", srv, l)))
	done := run(g, t.Context())
	waitReady(t, g)
	c := client(t)
	got := make(chan string, 1)
	go func() {
		resp, err := c.Get("http://" + l.Addr().String())
		if err != nil {
			got <- err.Error()
			return
		}
		body, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		got <- string(body)
	}()
	<-began
	g.Shutdown()
	<-g.Draining()
	close(finish)
	require.Equal(t, "done", <-got)
	require.NoError(t, <-done)
}

func TestRequestsThatDoNotEndAreCutOff(t *testing.T) {
	t.Parallel()
	l := local(t)
	g := newGroup(t, lifecycle.Config{Drain: -1})
	srv := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})}
	part := g.HTTPServer("api", srv, l)
	require.NoError(t, g.Add(part))
	done := run(g, t.Context())
	waitReady(t, g)
	var answers []*http.Response
	for range 2 {
		resp, err := client(t).Get("http://" + l.Addr().String())
		require.NoError(t, err)
		answers = append(answers, resp)
	}
	over, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	require.ErrorContains(t, part.Stop(over), "2 requests were cut off: context deadline exceeded")
	g.Shutdown()
	require.NoError(t, <-done)
	for _, resp := range answers {
		_, err := io.ReadAll(resp.Body)
		require.Error(t, err)
		require.NoError(t, resp.Body.Close())
	}
}

// A connection whose request has not come yet is cut off, too, and not called a request.
func TestConnectionsWithoutARequestAreCutOff(t *testing.T) {
	t.Parallel()
	l := local(t)
	g := newGroup(t, lifecycle.Config{Drain: -1})
	states := make(chan http.ConnState, 9)
	srv := &http.Server{ReadHeaderTimeout: time.Minute, ConnState: func(_ net.Conn, s http.ConnState) { states <- s }}
	part := g.HTTPServer("api", srv, l)
	require.NoError(t, g.Add(part))
	done := run(g, t.Context())
	waitReady(t, g)
	conn, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.Equal(t, http.StateNew, <-states)
	over, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	require.ErrorContains(t, part.Stop(over), "connections that were not idle were cut off")
	g.Shutdown()
	require.NoError(t, <-done)
}

// hijacking serves one connection that it has taken over until bye ends.
func hijacking(g *lifecycle.Group, polite bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_, _ = io.WriteString(conn, "hello\n")
		if polite {
			<-g.Draining()
			_, _ = io.WriteString(conn, "bye\n")
			_ = conn.Close()
		}
	})
}

func TestHijackedConnections(t *testing.T) {
	t.Parallel()
	for name, polite := range map[string]bool{"end by themselves": true, "are cut off": false} {
		for _, scheme := range []string{"plain", "TLS", "TLS of the listener"} {
			t.Run(name+" "+scheme, func(t *testing.T) {
				t.Parallel()
				l := local(t)
				listener := l
				g := newGroup(t, lifecycle.Config{Drain: -1, Budget: time.Minute})
				srv := &http.Server{ReadHeaderTimeout: time.Minute, Handler: hijacking(g, polite)}
				dial := func() (net.Conn, error) { return net.Dial("tcp", l.Addr().String()) }
				if scheme != "plain" {
					secure, trusting := certificates(t)
					dial = func() (net.Conn, error) { return tls.Dial("tcp", l.Addr().String(), trusting) }
					if scheme == "TLS" {
						srv.TLSConfig, srv.TLSNextProto = secure, map[string]func(*http.Server, *tls.Conn, http.Handler){}
					} else {
						listener = tls.NewListener(l, secure)
					}
				}
				part := g.HTTPServer("ws", srv, listener)
				require.NoError(t, g.Add(part))
				done := run(g, t.Context())
				waitReady(t, g)
				conn, err := dial()
				require.NoError(t, err)
				t.Cleanup(func() { _ = conn.Close() })
				_, err = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
				require.NoError(t, err)
				reader := bufio.NewReader(conn)
				line, err := reader.ReadString('\n')
				require.NoError(t, err)
				require.Equal(t, "hello\n", line)
				if !polite {
					over, cancel := context.WithTimeout(t.Context(), time.Millisecond)
					defer cancel()
					require.ErrorContains(t, part.Stop(over), "1 hijacked connections were cut off")
				}
				g.Shutdown()
				rest, _ := io.ReadAll(reader)
				require.NoError(t, <-done)
				if polite {
					require.Equal(t, "bye\n", string(rest))
				}
			})
		}
	}
}

func TestServerThatCannotListenDoesNotStart(t *testing.T) {
	t.Parallel()
	l := local(t)
	t.Cleanup(func() { _ = l.Close() })
	g := newGroup(t, lifecycle.Config{})
	require.NoError(t, g.Add(g.HTTPServer("api", &http.Server{Addr: l.Addr().String(), ReadHeaderTimeout: time.Minute}, nil)))
	err := g.Run(t.Context())
	require.ErrorContains(t, err, "lifecycle: start api: ")
	require.ErrorContains(t, err, "address already in use")
}

func TestServerThatFailsStopsTheGroup(t *testing.T) {
	t.Parallel()
	l := local(t)
	g := newGroup(t, lifecycle.Config{Drain: -1})
	require.NoError(t, g.Add(g.HTTPServer("api", &http.Server{ReadHeaderTimeout: time.Minute}, l)))
	done := run(g, t.Context())
	waitReady(t, g)
	require.NoError(t, l.Close())
	require.ErrorContains(t, <-done, "lifecycle: run api: ")
}

// Files still pass the wrapped connection without being copied through user space, and come out whole.
func TestLargeResponse(t *testing.T) {
	t.Parallel()
	l := local(t)
	g := newGroup(t, lifecycle.Config{Drain: -1})
	big := strings.Repeat("0123456789", 1<<18)
	srv := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.(io.ReaderFrom).ReadFrom(strings.NewReader(big))
	})}
	require.NoError(t, g.Add(g.HTTPServer("api", srv, l)))
	done := run(g, t.Context())
	waitReady(t, g)
	resp, err := client(t).Get("http://" + l.Addr().String())
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Len(t, body, len(big))
	g.Shutdown()
	require.NoError(t, <-done)
}
