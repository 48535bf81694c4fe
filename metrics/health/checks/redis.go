package checks

import (
	"bufio"
	"cmp"
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
// unix:///path, with user and password where the server asks for them; "" means [DefaultRedisURL]. Neither appears in an
// error: after they were sent, only the code of a refusal is shown, because a server may repeat in its text what it was
// sent. The check is named "redis" and critical.
func Redis(rawURL string) health.Check {
	if rawURL == "" {
		rawURL = DefaultRedisURL
	}
	return health.Check{Name: "redis", Dependency: true, Func: func(ctx context.Context) error {
		if err := pingRedis(ctx, rawURL); err != nil {
			return fmt.Errorf("redis: %w", err)
		}
		return nil
	}}
}

func pingRedis(ctx context.Context, rawURL string) error {
	u, err := parseRedis(rawURL)
	if err != nil {
		return err
	}
	conn, err := dialRedis(ctx, u)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline)
	}
	reader := bufio.NewReader(conn)
	show := whole
	if password, ok := u.User.Password(); ok {
		auth := []string{"AUTH", password}
		if user := u.User.Username(); user != "" {
			auth = []string{"AUTH", user, password}
		}
		show = code
		if err := command(conn, reader, "+OK", show, auth...); err != nil {
			return err
		}
	}
	return command(conn, reader, "+PONG", show, "PING")
}

// parseRedis reads the URL. Its errors do not quote it, because what is wrong may be the password.
func parseRedis(rawURL string) (*url.URL, error) {
	u, err := url.Parse(rawURL)
	if err != nil || u.Scheme != "unix" && strings.Contains(u.EscapedPath()+u.RawQuery+u.Fragment, "@") {
		// An @ behind the host ends a password that is not escaped.
		return nil, errors.New("the URL cannot be read: user and password must be percent-encoded")
	}
	switch u.Scheme {
	case "redis", "rediss":
		if u.Hostname() == "" {
			return nil, errors.New("the URL has no host: it must begin with redis:// or rediss:// and user, password and host")
		}
	case "unix":
		if u.Path == "" {
			return nil, errors.New("the URL has no path: it must be unix:///path")
		}
	default:
		return nil, errors.New("the URL's scheme is not redis, rediss or unix")
	}
	return u, nil
}

func dialRedis(ctx context.Context, u *url.URL) (net.Conn, error) {
	var dialer net.Dialer
	if u.Scheme == "unix" {
		return dialer.DialContext(ctx, "unix", u.Path)
	}
	addr := net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), "6379"))
	if u.Scheme == "rediss" {
		secure := tls.Dialer{NetDialer: &dialer, Config: &tls.Config{ServerName: u.Hostname(), MinVersion: tls.VersionTLS12}}
		return secure.DialContext(ctx, "tcp", addr)
	}
	return dialer.DialContext(ctx, "tcp", addr)
}

// command sends a command and compares the first line of the reply with what is wanted (Redis serialization protocol,
// RESP2). show says what the error may tell of another reply.
func command(conn net.Conn, reader *bufio.Reader, want string, show func(reply string) string, words ...string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(words))
	for _, w := range words {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(w), w)
	}
	if _, err := conn.Write([]byte(b.String())); err != nil {
		return fmt.Errorf("%s: %w", words[0], err)
	}
	line, err := reader.ReadSlice('\n')
	if err != nil {
		return fmt.Errorf("%s: no whole line came back: %w", words[0], err)
	}
	if reply := string(line); reply != want+"\r\n" {
		return fmt.Errorf("%s was answered with %s", words[0], show(strings.TrimSuffix(reply, "\r\n")))
	}
	return nil
}

// whole quotes a reply, up to a length.
func whole(reply string) string { return fmt.Sprintf("%.100q", reply) }

// code quotes the first word of an error, which says its kind. Only words that Redis has are shown.
func code(reply string) string {
	word, _, _ := strings.Cut(reply, " ")
	switch word {
	case "-ERR", "-WRONGPASS", "-NOAUTH", "-NOPERM", "-LOADING", "-MASTERDOWN", "-BUSY", "-OOM", "-READONLY", "-DENIED":
		return fmt.Sprintf("%q", word)
	}
	return "something else than Redis says"
}
