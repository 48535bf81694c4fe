package checks

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"

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

// HTTP checks that a GET of rawURL is answered with a status of 2xx, through client, or http.DefaultClient when that is
// nil. Redirects are followed as the client does. The body is not read, so an endless one is no matter. It observes
// "status". Errors do not show the URL, which may hold a password or a token. The check has the given name and is critical.
func HTTP(name, rawURL string, client *http.Client) health.Check {
	if client == nil {
		client = http.DefaultClient
	}
	return health.Check{Name: name, Dependency: true, Func: func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, rawURL, nil)
		if err != nil {
			return errors.New("the URL cannot be read")
		}
		resp, err := client.Do(req)
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err // without the URL
		}
		if err != nil {
			return fmt.Errorf("GET: %w", err)
		}
		_ = resp.Body.Close()
		health.Observe(ctx, "status", resp.StatusCode)
		if resp.StatusCode < 200 || resp.StatusCode > 299 {
			return fmt.Errorf("GET answered %s", resp.Status)
		}
		return nil
	}}
}
