package lifecycle

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
)

// HTTPServer returns a part of phase [Server] that serves srv, with [Group.Middleware] around its handler. It listens on
// listener, or on srv.Addr when that is nil, and by TLS when srv.TLSConfig has a certificate. Stopping closes the
// listener, waits for requests in progress and for hijacked connections, and closes by force what remains at the
// deadline, which is an error that says how many. srv must not be used elsewhere.
func (g *Group) HTTPServer(name string, srv *http.Server, listener net.Listener) Part {
	s := &server{srv: srv, listener: listener, tracked: tracked{hijacked: make(map[net.Conn]struct{}), gone: make(chan struct{}, 1)}}
	handler := srv.Handler
	if handler == nil {
		handler = http.DefaultServeMux
	}
	srv.Handler = g.Middleware(handler)
	connState := srv.ConnState
	srv.ConnState = func(c net.Conn, state http.ConnState) {
		if state == http.StateHijacked {
			s.hijack(c)
		}
		if connState != nil {
			connState(c, state)
		}
	}
	return Part{Name: name, Phase: Server, Start: s.start, Run: s.run, Stop: s.stop}
}

type server struct {
	srv      *http.Server
	listener net.Listener
	tracked
}

func (s *server) start(ctx context.Context) error {
	if s.listener == nil {
		addr := s.srv.Addr
		if addr == "" {
			addr = ":http"
		}
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
		if err != nil {
			return err
		}
		s.listener = l
	}
	s.listener = &trackingListener{Listener: s.listener, tracked: &s.tracked}
	return nil
}

func (s *server) run(context.Context) error {
	var err error
	if c := s.srv.TLSConfig; c != nil && (len(c.Certificates) > 0 || c.GetCertificate != nil || c.GetConfigForClient != nil) {
		err = s.srv.ServeTLS(s.listener, "", "")
	} else {
		err = s.srv.Serve(s.listener)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

func (s *server) stop(ctx context.Context) error {
	var errs []error
	if err := s.srv.Shutdown(ctx); err != nil {
		errs = append(errs, fmt.Errorf("requests were cut off: %w", err), s.srv.Close())
	}
	if n := s.wait(ctx); n > 0 {
		errs = append(errs, fmt.Errorf("%d hijacked connections were cut off: %w", n, context.Cause(ctx)))
	}
	return errors.Join(errs...)
}

// underTLS returns the connection that the listener accepted.
func underTLS(c net.Conn) net.Conn {
	if t, ok := c.(*tls.Conn); ok {
		return t.NetConn()
	}
	return c
}
