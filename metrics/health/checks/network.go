package checks

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/prodwright/prodwright/metrics/health"
)

// TCP checks that somebody accepts connections at addr ("host:port"). The check has the given name and is critical.
func TCP(name, addr string) health.Check {
	return health.Check{Name: name, Dependency: true, Func: func(ctx context.Context) error {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
		if err != nil {
			return err
		}
		return conn.Close()
	}}
}

// HTTP checks that a GET of url is answered with a status of 2xx, through client, or http.DefaultClient when that is
// nil. Redirects are followed as the client does. It observes "status". The check has the given name and is critical.
func HTTP(name, url string, client *http.Client) health.Check {
	if client == nil {
		client = http.DefaultClient
	}
	return health.Check{Name: name, Dependency: true, Func: func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		defer func() { _ = resp.Body.Close() }()
		_, _ = io.CopyN(io.Discard, resp.Body, 64<<10) // so that the connection is used again
		health.Observe(ctx, "status", resp.StatusCode)
		if resp.StatusCode < 200 || resp.StatusCode > 299 {
			return fmt.Errorf("GET answered %s", resp.Status)
		}
		return nil
	}}
}
