package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
)

// HTTPServer returns a part of phase [Server] that serves srv, with [Group.Middleware] around its handler. It listens on
// listener, or on srv.Addr when that is nil, and by TLS when srv.TLSConfig has a certificate. A listener that speaks TLS
// itself, of tls.NewListener or autocert, is served as it is; srv.TLSConfig must be without a certificate then.
//
// Stopping closes the listener, waits for requests in progress and for hijacked connections, and closes by force what
// remains at the deadline, which is an error that says how many of each. The listener is also closed when the part's turn
// to start never comes. A hijacked connection is wrapped to see its end: its NetConn method returns the server's own.
//
// srv must not be used elsewhere.
func (g *Group) HTTPServer(name string, srv *http.Server, listener net.Listener) Part {
	s := &server{srv: srv, listener: listener, tracked: newTracked()}
	handler := srv.Handler
	if handler == nil {
		handler = http.DefaultServeMux
	}
	srv.Handler = g.middleware(handler, s.tracked)
	return Part{Name: name, Phase: Server, Start: s.start, Run: s.run, Stop: s.stop, abandon: s.closeListener}
}

type server struct {
	srv      *http.Server
	listener net.Listener
	tracked  *tracked
}

func (s *server) start(ctx context.Context) error {
	if s.listener != nil {
		return nil
	}
	addr := s.srv.Addr
	switch {
	case addr == "" && s.secure():
		addr = ":https"
	case addr == "":
		addr = ":http"
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	s.listener = l
	return nil
}

// secure says whether the server has what it needs for TLS.
func (s *server) secure() bool {
	c := s.srv.TLSConfig
	return c != nil && (len(c.Certificates) > 0 || c.GetCertificate != nil || c.GetConfigForClient != nil)
}

func (s *server) run(context.Context) error {
	var err error
	if s.secure() {
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
	err := s.srv.Shutdown(ctx)
	s.closeListener() // which the server does not know when it has not served yet
	if err != nil {
		what := "connections that were not idle"
		if n := s.tracked.requests.Load(); n > 0 {
			what = fmt.Sprintf("%d requests", n)
		}
		errs = append(errs, fmt.Errorf("%s were cut off: %w", what, err), s.srv.Close())
	}
	if n := s.tracked.wait(ctx); n > 0 {
		errs = append(errs, fmt.Errorf("%d hijacked connections were cut off: %w", n, context.Cause(ctx)))
	}
	return errors.Join(errs...)
}

func (s *server) closeListener() {
	if s.listener != nil {
		_ = s.listener.Close() // it may be closed already
	}
}
