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
	res := c.do(ctx, http.MethodPost, "/users", body, http.StatusCreated, &made)
	if res == nil {
		return
	}
	c.created.Add(1)
	c.expect(made.ID > 0 && made.Name == name && made.Email == email, "POST answered with %+v", made)

	if res := c.do(ctx, http.MethodGet, res.Header.Get("Location"), nil, http.StatusOK, &got); res != nil {
		c.expect(got == made, "GET answered with %+v instead of %+v", got, made)
		c.read(res)
	}
	var page users.Page
	if res := c.do(ctx, http.MethodGet, "/users?limit=20&offset=1", nil, http.StatusOK, &page); res != nil {
		c.expect(len(page.Users) <= 20 && page.Limit == 20 && page.Offset == 1, "a list of %d users, limit %d, offset %d", len(page.Users), page.Limit, page.Offset)
		c.read(res)
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
	if res := c.do(ctx, bad.method, bad.path, []byte(bad.body), bad.status, &p); res != nil {
		c.expect(p.Status == bad.status && res.Header.Get("Content-Type") == "application/problem+json", "%s %s answered with %+v", bad.method, bad.path, p)
		c.rejected.Add(1)
	}
}

// do sends a request and decodes the answer, which must have the status. It returns nil when there is none to look at.
func (c *crowd) do(ctx context.Context, method, path string, body []byte, status int, into any) *http.Response {
	if c.requests.Add(1) == c.target {
		c.service.group.Shutdown()
	}
	select {
	case <-c.service.group.Draining():
		c.during.Add(1)
	default:
	}
	res, text, err := c.send(ctx, method, path, body)
	var op *net.OpError
	switch {
	case errors.As(err, &op) && op.Op == "dial" && c.service.group.Ready(ctx) != nil:
		c.refused.Add(1) // nothing was sent: a load balancer takes the next instance
		return nil
	case err != nil:
		c.expect(false, "%w", err)
		return nil
	case res.StatusCode != status:
		c.expect(false, "%s %s answered with %d instead of %d: %s", method, path, res.StatusCode, status, text)
		return nil
	}
	if err := json.Unmarshal(text, into); err != nil {
		c.expect(false, "%s %s: %w", method, path, err)
		return nil
	}
	return res
}

func (c *crowd) get(ctx context.Context, url string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	res, err := c.http.Do(req)
	if err == nil {
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
	}
	return res, err
}

func (c *crowd) send(ctx context.Context, method, path string, body []byte) (*http.Response, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.api+path, bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := c.http.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return res, bytes.TrimSpace(text), err
}

// read notes which server answered.
func (c *crowd) read(res *http.Response) {
	n := c.reads[users.Source(res.Header.Get(users.ReadFrom))]
	if n == nil {
		c.expect(false, "a read from %q", res.Header.Get(users.ReadFrom))
		return
	}
	n.Add(1)
}

// expect notes an error unless ok.
func (c *crowd) expect(ok bool, format string, args ...any) {
	if ok {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.errors = append(c.errors, fmt.Errorf(format, args...))
}
