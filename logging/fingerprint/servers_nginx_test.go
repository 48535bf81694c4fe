package fingerprint_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/internal/freeport"
)

const nginxConfig = `
daemon off; pid nginx.pid; worker_processes 1; error_log error.log info; %s
events { worker_connections 64; }
http {
	access_log off; keepalive_timeout 0; lingering_close off; send_timeout 300ms; client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
	limit_req_zone $server_name zone=slow:1m rate=1r/m; limit_req_zone $server_name zone=delay:1m rate=20r/s; limit_conn_zone $server_name zone=one:1m; client_max_body_size 1k; large_client_header_buffers 2 1k;
	client_header_timeout 300ms; client_body_timeout 300ms; proxy_read_timeout 200ms; proxy_connect_timeout 200ms; client_body_buffer_size 16;
	server {
		listen %s; server_name shop.example; root html;
		location /list/ { }
		location /private/ { deny all; }
		location /login/ { auth_basic "staff"; auth_basic_user_file users; }
		location /nousers/ { auth_basic "staff"; auth_basic_user_file nousers; }
		location /slow/ { limit_req zone=slow; }
		location /delay/ { limit_req zone=delay burst=3; }
		location /dead/ { proxy_pass http://127.0.0.1:1; }
		location /silent/ { proxy_pass http://%s; }
		location /unknown/ { resolver 127.0.0.1:1; resolver_timeout 100ms; set $h nowhere.example; proxy_pass http://$h; }
		location /loop/ { rewrite ^ /loop/again last; }
		location /log/ { rewrite_log on; rewrite ^/log/(.*)$ /list/$1 break; }
		location /badrange/ { }
		location /fast/ { fastcgi_pass 127.0.0.1:1; }
		location /cycle/ { error_page 404 /cycle/x; }
	}
}
`

// nginxLines makes nginx log errors. The label of a line is the format in nginx' source that it has, and what the server was
// doing, which is a constant of the source as well. Whom it worked for, ", client: ...", is no part of it. Lines of access
// are not messages and not measured.
func nginxLines(t *testing.T) []line {
	t.Helper()
	bin := program(t, "nginx")
	dir := t.TempDir()
	n := &nginx{T: t, bin: bin, dir: dir, log: filepath.Join(dir, "error.log")}
	n.run()
	list, prefix := formats(nginxFormats...), regexp.MustCompile(`^\d{4}/\d\d/\d\d [\d:]+ \[\w+\] \d+#\d+: `)
	request := regexp.MustCompile(`^\*\d+ (?s:(.*?))(, client: .*)?$`)
	var lines []line
	for _, text := range read(t, n.log) {
		at := prefix.FindStringIndex(text)
		if at == nil {
			t.Logf("no line of nginx: %q", text)
			continue
		}
		text = text[at[1]:]
		message := text
		if m := request.FindStringSubmatch(text); m != nil {
			message = m[1]
		}
		message, action, _ := strings.Cut(message, " while ")
		name, ok := label(list, message)
		if !ok {
			t.Logf("no format of nginx known for %q", message)
			continue
		}
		lines = append(lines, line{name + ", " + action, text})
	}
	return lines
}

type nginx struct {
	*testing.T
	bin, dir, log string
	addr          string
}

// run starts it, sends what it complains about, reloads it and ends it, three times.
func (n *nginx) run() {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(n, err)
	n.Cleanup(func() { _ = silent.Close() })
	go n.upstream(silent)
	port, err := freeport.Take()
	require.NoError(n, err)
	n.Cleanup(port.Release)
	n.addr = port.Addr()
	user := ""
	if os.Getuid() == 0 {
		user = "user root;"
	}
	for name, content := range map[string]string{
		"nginx.conf": fmt.Sprintf(nginxConfig, user, n.addr, silent.Addr()), "users": "ann:{PLAIN}secret\nbob:{PLAIN}x\n", "html/index.html": "hello", "html/list/x": "x",
		"html/secret/x": "x", "html/cycle/y": "",
	} {
		require.NoError(n, os.MkdirAll(filepath.Dir(filepath.Join(n.dir, name)), 0o755))
		require.NoError(n, os.WriteFile(filepath.Join(n.dir, name), []byte(content), 0o600))
	}
	for i := range 3 {
		p := start(n.T, filepath.Join(n.dir, "stderr"), n.bin, "-p", n.dir, "-e", "error.log", "-c", "nginx.conf")
		require.Eventually(n, func() bool { return n.raw("", "") == nil }, 20*time.Second, 20*time.Millisecond)
		for j := range 3 {
			n.requests(i*3 + j)
		}
		require.NoError(n, p.cmd.Process.Signal(syscall.SIGHUP))
		wait(n.T, n.log, "signal 1 (SIGHUP) received from", i+1)
		require.NoError(n, p.cmd.Process.Signal(syscall.SIGUSR1))
		wait(n.T, n.log, "reopening logs", i+1)
		p.stop([]os.Signal{syscall.SIGTERM, syscall.SIGQUIT, syscall.SIGINT}[i])
		other := start(n.T, filepath.Join(n.dir, "stderr"), n.bin, "-p", n.dir, "-e", "error.log", "-c", "nginx.conf", "-g", fmt.Sprintf("nope%d on;", i))
		_ = other.cmd.Wait()
	}
}

// upstream hangs, hangs up or answers rubbish.
func (n *nginx) upstream(l net.Listener) {
	for i := 0; ; i++ {
		c, err := l.Accept()
		if err != nil {
			return
		}
		switch i % 4 {
		case 0:
			n.Cleanup(func() { _ = c.Close() })
		case 1:
			_, _ = c.Read(make([]byte, 10000))
			_ = c.Close()
		case 2:
			_, _ = c.Read(make([]byte, 10000))
			_, _ = c.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"))
			_ = c.Close()
		default:
			_, _ = c.Read(make([]byte, 10000))
			_, _ = c.Write([]byte("HTTP/1.1 200 OK\r\nrubbish\r\n\r\n"))
			_ = c.Close()
		}
	}
}

// raw sends bytes and reads until the server closes, or hangs up itself.
func (n *nginx) raw(request, mode string) error {
	c, err := net.Dial("tcp", n.addr)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	if _, err = io.WriteString(c, request); err != nil || request == "" || mode == "hang up" {
		return err
	}
	_ = c.SetReadDeadline(time.Now().Add(time.Second))
	_, _ = io.Copy(io.Discard, c)
	return nil
}

func (n *nginx) requests(i int) {
	get := func(method, path, user string) {
		request, err := http.NewRequestWithContext(n.Context(), method, "http://"+n.addr+path, strings.NewReader(strings.Repeat("x", i%2*40)))
		require.NoError(n, err)
		if user != "" {
			request.SetBasicAuth(user, "secret")
		}
		if i%3 == 0 {
			request.Header.Set("Referer", fmt.Sprintf("http://shop.example/page%d", i))
		}
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			_, _ = io.Copy(io.Discard, response.Body)
			_ = response.Body.Close()
		}
	}
	methods := []string{"GET", "HEAD", "POST"}
	for _, path := range []string{"/missing", "/a/b/c.html", "/list/", "/private/x", "/login/x", "/nousers/x", "/slow/x", "/delay/x", "/dead/x", "/silent/x", "/unknown/x", "/loop/x", "/log/x", "/fast/x.php", "/list/x/y", "/cycle/z"} {
		get(methods[i%3], fmt.Sprintf("%s?id=%d", path, i), "")
	}
	for range 4 {
		get("GET", fmt.Sprintf("/delay/%d", i), "")
	}
	get("GET", "/silent/y", "")
	get("GET", "/silent/z", "")
	get("GET", "/silent/a", "")
	for _, user := range []string{"ann", "bob", "nobody", fmt.Sprint("user", i)} {
		get("GET", fmt.Sprintf("/login/%d", i), user)
	}
	host := "\r\nHost: shop.example\r\n"
	for _, request := range []string{
		fmt.Sprintf("GET /%d HTTP/1.1\r\n\r\n", i), "GET /../../etc/passwd HTTP/1.1" + host + "\r\n", fmt.Sprintf("\x16\x03\x01%d\r\n\r\n", i), "GET / HTTP/9.9" + host + "\r\n",
		"GET / HTTP/1.1" + host + "X: " + strings.Repeat("y", 3000+i) + "\r\n\r\n", "GET /" + strings.Repeat("z", 3000+i) + " HTTP/1.1" + host + "\r\n",
		fmt.Sprintf("POST /x HTTP/1.1%sContent-Length: %d\r\n\r\n", host, 5000+i), "POST /x HTTP/1.1" + host + "Content-Length: abc\r\n\r\n",
		fmt.Sprintf("GET / HTTP/1.1%sHost: again%d\r\n\r\n", host, i), "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "GET / HTTP/1.1" + host + "Transfer-Encoding: wat\r\n\r\n",
		"POST /dead/ HTTP/1.1" + host + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", "BREW / HTTP/1.1" + host + "\r\n", "TRACE / HTTP/1.1" + host + "Connection: close\r\n\r\n",
		"GET / HTTP/1.1" + host + fmt.Sprintf("bad header %d\r\n\r\n", i), "get / HTTP/1.1\r\n\r\n",
	} {
		require.NoError(n, n.raw(request, ""))
	}
	require.NoError(n, n.raw(fmt.Sprintf("GET /silent/%d HTTP/1.1%s\r\n", i, host), "hang up"))
	require.NoError(n, n.raw(fmt.Sprintf("POST /dead/%d HTTP/1.1%sContent-Length: 100\r\n\r\nx", i, host), "hang up"))
	if i%3 == 0 {
		require.NoError(n, n.raw(fmt.Sprintf("GET /%d HTTP/1.1\r\nHo", i), ""))
		require.NoError(n, n.raw(fmt.Sprintf("POST /dead/%d HTTP/1.1%sContent-Length: 100\r\n\r\nx", i, host), ""))
	}
}
