package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/prodwright/prodwright/examples/fullservice/problem"
	"github.com/prodwright/prodwright/examples/fullservice/users"
)

// step is one round of one client: create, get, list, and now and then something wrong.
func (c *crowd) step(ctx context.Context, n, i int) {
	if c.requests.Load() >= c.target {
		c.service.group.Shutdown()
	}
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
		c.expectf(len(page.Users) <= 20 && page.Limit == 20 && page.Offset == 1 && inOrder(page.Users), "a list of %d users, limit %d, offset %d", len(page.Users), page.Limit, page.Offset)
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
		c.expectf(p.Type == "about:blank" && p.Title == http.StatusText(bad.status) && p.Status == bad.status && p.Detail != "" &&
			header.Get("Content-Type") == "application/problem+json", "%s %s answered with %+v", bad.method, bad.path, p)
		c.rejected.Add(1)
	}
}

// paging looks at the first users in two ways, while nobody else adds one: all in a row and from an offset on. The
// standby may be behind, so it looks until both agree.
func (c *crowd) paging(ctx context.Context) {
	for i := range 3 {
		body, _ := json.Marshal(map[string]string{"name": "page", "email": fmt.Sprintf("%s-page-%d@example.com", c.token, i)})
		if c.do(ctx, http.MethodPost, "/users", body, http.StatusCreated, new(users.User)) == nil {
			return
		}
		c.created.Add(1)
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for ctx.Err() == nil && !c.paged {
		var all, rest users.Page
		if c.do(ctx, http.MethodGet, "/users?limit=3", nil, http.StatusOK, &all) == nil ||
			c.do(ctx, http.MethodGet, "/users?limit=2&offset=1", nil, http.StatusOK, &rest) == nil {
			return
		}
		c.paged = len(all.Users) == 3 && inOrder(all.Users) && slices.Equal(all.Users[1:], rest.Users)
		time.Sleep(10 * time.Millisecond)
	}
}

func inOrder(us []users.User) bool {
	return slices.IsSortedFunc(us, func(a, b users.User) int { return cmp.Compare(a.ID, b.ID) })
}

// do sends a request and decodes the answer, which must have the status. It returns the answer's header, or nil when there
// is no answer to look at. While the service is shutting down the answer must close the connection, or the next request
// would meet a socket that is about to close.
func (c *crowd) do(ctx context.Context, method, path string, body []byte, status int, into any) http.Header {
	c.requests.Add(1)
	draining := false
	select {
	case <-c.service.group.Draining():
		draining = true
	default:
	}
	got, err := c.send(ctx, method, c.api+path, body)
	switch {
	case err != nil:
		c.expectf(false, "%w", err)
		return nil
	case got.status != status:
		c.expectf(false, "%s %s answered with %d instead of %d: %s", method, path, got.status, status, got.body)
		return nil
	}
	if draining {
		c.during.Add(1)
		c.expectf(got.closes, "%s %s was answered without Connection: close while the service was shutting down", method, path)
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
	closes bool // the connection
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
	return answer{res.StatusCode, res.Header, bytes.TrimSpace(text), res.Close}, err
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
