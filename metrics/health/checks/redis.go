package checks

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/prodwright/prodwright/metrics/health"
)

// DefaultRedisURL is where [Redis] looks when it is given nothing.
const DefaultRedisURL = "redis://localhost:6379"

// Redis checks that a Redis server answers PING, on a connection of its own. The URL is redis://, rediss:// (TLS) or
// unix:///path, with user and password where the server asks for them; "" means [DefaultRedisURL]. The password never
// appears in an error. The check is named "redis" and critical.
func Redis(rawURL string) health.Check {
	if rawURL == "" {
		rawURL = DefaultRedisURL
	}
	return health.Check{Name: "redis", Dependency: true, Func: func(ctx context.Context) error { return pingRedis(ctx, rawURL) }}
}

func pingRedis(ctx context.Context, rawURL string) error {
	u, err := url.Parse(rawURL)
	if err != nil || u.Scheme != "unix" && strings.Contains(u.EscapedPath()+u.RawQuery+u.Fragment, "@") {
		// The error of Parse quotes the URL; an @ behind the host ends a password that is not escaped.
		return errors.New("redis: the URL cannot be read: user and password must be percent-encoded")
	}
	conn, err := dialRedis(ctx, u)
	if err != nil {
		return fmt.Errorf("redis: %w", err)
	}
	defer func() { _ = conn.Close() }()
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline)
	}
	reader := bufio.NewReader(conn)
	if password, ok := u.User.Password(); ok {
		auth := []string{"AUTH", password}
		if user := u.User.Username(); user != "" {
			auth = []string{"AUTH", user, password}
		}
		if _, err := command(conn, reader, auth...); err != nil {
			return fmt.Errorf("redis: AUTH: %w", err)
		}
	}
	reply, err := command(conn, reader, "PING")
	if err != nil {
		return fmt.Errorf("redis: PING: %w", err)
	}
	if reply != "+PONG" {
		return fmt.Errorf("redis: PING was answered with %.40q", reply)
	}
	return nil
}

func dialRedis(ctx context.Context, u *url.URL) (net.Conn, error) {
	addr := u.Host
	if u.Port() == "" {
		addr = net.JoinHostPort(u.Hostname(), "6379")
	}
	var dialer net.Dialer
	switch u.Scheme {
	case "redis":
		return dialer.DialContext(ctx, "tcp", addr)
	case "rediss":
		secure := tls.Dialer{NetDialer: &dialer, Config: &tls.Config{ServerName: u.Hostname(), MinVersion: tls.VersionTLS12}}
		return secure.DialContext(ctx, "tcp", addr)
	case "unix":
		return dialer.DialContext(ctx, "unix", u.Path)
	}
	return nil, fmt.Errorf("scheme %q is not redis, rediss or unix", u.Scheme)
}

// command sends a command and returns the first line of the reply (Redis serialization protocol, RESP2).
func command(conn net.Conn, reader *bufio.Reader, words ...string) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(words))
	for _, w := range words {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(w), w)
	}
	if _, err := conn.Write([]byte(b.String())); err != nil {
		return "", err
	}
	line, prefix, err := reader.ReadLine()
	if err != nil {
		return "", err
	}
	if prefix {
		return "", errors.New("the reply is too long for Redis")
	}
	if text, ok := strings.CutPrefix(string(line), "-"); ok {
		return "", errors.New(text)
	}
	return string(line), nil
}
