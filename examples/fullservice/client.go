package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/prodwright/prodwright/examples/fullservice/problem"
	"github.com/prodwright/prodwright/examples/fullservice/users"
)

// step is one round of one client: create, get, list, and now and then something wrong.
func (c *crowd) step(ctx context.Context, n, i int) {
	name, email := fmt.Sprintf("Client %d ✓", n), fmt.Sprintf("%s-%d-%d@example.com", c.token, n, i)
	body, _ := json.Marshal(map[string]string{"name": name, "email": email})
	var made, got users.User
	header := c.do(ctx, http.MethodPost, "/users", body, http.StatusCreated, &made)
	if header == nil {
		return
	}
	c.created.Add(1)
	c.expectf(made.ID > 0 && made.Name == name && made.Email == email, "POST answered with %+v", made)

	if header := c.do(ctx, http.MethodGet, header.Get("Location"), nil, http.StatusOK, &got); header != nil {
		c.expectf(got == made, "GET answered with %+v instead of %+v", got, made)
		c.read(header)
	}
	var page users.Page
	if header := c.do(ctx, http.MethodGet, "/users?limit=20&offset=1", nil, http.StatusOK, &page); header != nil {
		c.expectf(len(page.Users) <= 20 && page.Limit == 20 && page.Offset == 1, "a list of %d users, limit %d, offset %d", len(page.Users), page.Limit, page.Offset)
		c.read(header)
	}
	bad := []struct {
		method, path, body string
		status             int
	}{
		{http.MethodPost, "/users", `{"name": ""}`, http.StatusUnprocessableEntity},
		{http.MethodPost, "/users", `{"name": `, http.StatusBadRequest},
		{http.MethodPost, "/users", string(body), http.StatusConflict},
		{http.MethodGet, "/users/x", "", http.StatusBadRequest},
		{http.MethodGet, "/users/9223372036854775807", "", http.StatusNotFound},
		{http.MethodDelete, "/users", "", http.StatusMethodNotAllowed},
	}[i%6]
	var p problem.Problem
	if header := c.do(ctx, bad.method, bad.path, []byte(bad.body), bad.status, &p); header != nil {
		c.expectf(p.Status == bad.status && header.Get("Content-Type") == "application/problem+json", "%s %s answered with %+v", bad.method, bad.path, p)
		c.rejected.Add(1)
	}
}

// do sends a request and decodes the answer, which must have the status. It returns the answer's header, or
// nil when there is no answer to look at.
func (c *crowd) do(ctx context.Context, method, path string, body []byte, status int, into any) http.Header {
	if c.requests.Add(1) == c.target {
		c.service.group.Shutdown()
	}
	select {
	case <-c.service.group.Draining():
		c.during.Add(1)
	default:
	}
	got, err := c.send(ctx, method, c.api+path, body)
	var op *net.OpError
	switch {
	case errors.As(err, &op) && op.Op == "dial" && c.service.group.Ready(ctx) != nil:
		c.refused.Add(1) // nothing was sent: a load balancer takes the next instance
		return nil
	case err != nil:
		c.expectf(false, "%w", err)
		return nil
	case got.status != status:
		c.expectf(false, "%s %s answered with %d instead of %d: %s", method, path, got.status, status, got.body)
		return nil
	}
	if err := json.Unmarshal(got.body, into); err != nil {
		c.expectf(false, "%s %s: %w", method, path, err)
		return nil
	}
	return got.header
}

// answer is what the service said.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (c *crowd) send(ctx context.Context, method, url string, body []byte) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := c.http.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, bytes.TrimSpace(text)}, err
}

// read notes which server answered.
func (c *crowd) read(header http.Header) {
	n := c.reads[users.Source(header.Get(users.ReadFrom))]
	if n == nil {
		c.expectf(false, "a read from %q", header.Get(users.ReadFrom))
		return
	}
	n.Add(1)
}

// expectf notes an error unless ok.
func (c *crowd) expectf(ok bool, format string, args ...any) {
	if ok {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.errors = append(c.errors, fmt.Errorf(format, args...))
}
