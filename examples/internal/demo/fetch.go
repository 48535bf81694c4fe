package demo

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Visit asks for each path below base until it is answered with 200, claims that, and notes the answers.
func (v *Verdict) Visit(ctx context.Context, base string, paths ...string) error {
	for _, path := range paths {
		body, err := fetch(ctx, base+path)
		v.Claimf(err == nil, "GET %s is answered", path)
		if err != nil {
			return err
		}
		v.Figure(path, body)
	}
	return nil
}

func fetch(ctx context.Context, url string) (string, error) {
	for {
		status, body, err := get(ctx, url)
		if err == nil && status == http.StatusOK {
			return body, nil
		}
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("%s: last answer %d: %w", url, status, context.Cause(ctx))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func get(ctx context.Context, url string) (status int, body string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, "", err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return res.StatusCode, string(text), err
}
