package fingerprint_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/internal/freeport"
)

// etcdLines makes a cluster of three etcd log. The label of a line is the place in the source that the line names, and its
// message, which is a constant but for what the package raft writes; the text is the message with the members behind
// it, as text handlers write them.
//
// Not measured is what a bridge hands on, which all comes from one place, and that something took too long: how often
// depends on the machine, and so would the accuracy, because some of these lines have an error= and others do not, which makes
// two groups. No learner joins for the same reason: raft names learners= only when there are some, and whether one is let in
// is chance.
func etcdLines(t *testing.T) []line {
	t.Helper()
	e := &etcd{T: t, Client: http.Client{Timeout: 3 * time.Second}, bin: program(t, "etcd"), dir: t.TempDir()}
	for i := range 3 {
		e.clients[i], e.peers[i] = port(t), port(t)
		e.cluster = append(e.cluster, fmt.Sprintf("m%d=http://%s", i, e.peers[i].Addr()))
	}
	e.run()
	var lines []line
	files, err := filepath.Glob(filepath.Join(e.dir, "*.log"))
	require.NoError(t, err)
	for _, file := range files {
		for _, text := range read(t, file) {
			if l, ok := zapLine(text); ok {
				lines = append(lines, l)
			}
		}
	}
	return lines
}

func port(t *testing.T) *freeport.Port {
	t.Helper()
	p, err := freeport.Take()
	require.NoError(t, err)
	t.Cleanup(p.Release)
	return p
}

// traceID is the one thing in a message of etcd outside raft that is no constant.
var traceID = regexp.MustCompile(`\[\d+\]`)

// zapLine reads a line of zap's JSON. The names come in the order of the line.
func zapLine(text string) (line, bool) {
	values := map[string]any{}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return line{}, false
	}
	var names []string
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return line{}, false
		}
		var value any
		if d.Decode(&value) != nil {
			return line{}, false
		}
		key, _ := name.(string)
		values[key] = value
		if !slices.Contains([]string{"level", "ts", "caller", "msg", "stacktrace"}, key) {
			names = append(names, key)
		}
	}
	place, _ := values["caller"].(string)
	msg, _ := values["msg"].(string)
	for _, bridge := range []string{"grpclog/", "zapgrpc/", "zap_grpc.go", "zap_raft.go"} {
		if strings.Contains(place, bridge) {
			return line{}, false
		}
	}
	if place == "" || strings.Contains(msg, "took too long") {
		return line{}, false
	}
	if !strings.HasPrefix(place, "raft/") && !strings.Contains(place, "/raft.go:") {
		place += ", " + traceID.ReplaceAllString(msg, "")
	}
	return line{place, msg + fields(names, values)}, true
}

type etcd struct {
	*testing.T
	http.Client
	bin, dir       string
	clients, peers [3]*freeport.Port
	cluster        []string
}

func (e *etcd) start(i int, args ...string) *process {
	peer, client := "http://"+e.peers[i].Addr(), "http://"+e.clients[i].Addr()
	return start(e.T, filepath.Join(e.dir, fmt.Sprintf("m%d.log", i)), e.bin, append([]string{"--name", fmt.Sprintf("m%d", i), "--data-dir", filepath.Join(e.dir, fmt.Sprintf("m%d", i)),
		"--logger", "zap", "--log-outputs", "stderr", "--listen-client-urls", client, "--advertise-client-urls", client, "--listen-peer-urls", peer,
		"--initial-advertise-peer-urls", peer, "--log-level", "info", "--initial-cluster", strings.Join(e.cluster, ","),
		"--heartbeat-interval", "50", "--election-timeout", "500", "--snapshot-count", "50", "--quota-backend-bytes", "3000000"}, args...)...)
}

// broken starts one that should end by itself.
func (e *etcd) broken(args ...string) {
	p := start(e.T, filepath.Join(e.dir, "broken.log"), e.bin, append([]string{"--logger", "zap", "--log-outputs", "stderr", "--log-level", "info"}, args...)...)
	p.ended(3 * time.Second)
}

// get asks for a path; the answer does not matter.
func (e *etcd) get(url string) {
	if response, err := e.Get(url); err == nil {
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
	}
}

// ready waits until a member has a leader and answers, even if there is an alarm or it wants a password.
func (e *etcd) ready(i int) {
	require.Eventually(e, func() bool {
		answer := e.call(i, "/v3/kv/range", map[string]any{"key": b64("x")})
		return answer["header"] != nil || strings.Contains(fmt.Sprint(answer["error"]), "user name is empty")
	}, 40*time.Second, 50*time.Millisecond, "member %d", i)
}

// call sends a request to the gateway and returns its answer, or nil: its failure does not matter.
func (e *etcd) call(i int, path string, body map[string]any) map[string]any {
	content, err := json.Marshal(body)
	require.NoError(e, err)
	response, err := e.Post("http://"+e.clients[i].Addr()+path, "application/json", bytes.NewReader(content))
	if err != nil {
		return nil
	}
	defer func() { _ = response.Body.Close() }()
	var answer map[string]any
	_ = json.NewDecoder(response.Body).Decode(&answer)
	return answer
}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func (e *etcd) run() {
	var members [3]*process
	for i := range members {
		members[i] = e.start(i)
	}
	for round := range 3 {
		for i := range members {
			e.ready(i)
		}
		e.requests(round)
		e.membership(round)
		e.strangers(round)
		victim := round % 3
		other := (victim + 1) % 3
		switch round {
		case 0:
			members[victim].stop(os.Interrupt)
		case 1:
			members[victim].stop(syscall.SIGKILL)
		default: // one that hangs
			require.NoError(e, members[victim].cmd.Process.Signal(syscall.SIGSTOP))
		}
		for i := range 60 { // more than it may miss without a snapshot
			e.call(other, "/v3/kv/put", map[string]any{"key": b64("x"), "value": b64(fmt.Sprint(i))})
		}
		members[other].logged(e.T, `"msg":"lost `, 1)
		if round == 2 {
			require.NoError(e, members[victim].cmd.Process.Signal(syscall.SIGCONT))
			continue
		}
		members[victim] = e.start(victim)
	}
	for i := range members {
		e.ready(i)
	}
	for i := range members {
		members[i].stop(syscall.SIGTERM)
	}
	e.failures()
}

// requests are those that change and ask for all kinds of things, some of them in vain.
func (e *etcd) requests(round int) {
	var wg sync.WaitGroup
	for i := range 3 {
		wg.Go(func() {
			for j := range 20 {
				e.call(i, "/v3/kv/put", map[string]any{"key": b64(fmt.Sprint("k", i, "-", j)), "value": b64(strings.Repeat("v", j*900))})
			}
			e.call(i, "/v3/kv/put", map[string]any{"key": b64("big"), "value": b64(strings.Repeat("v", 2_000_000+i))})
		})
	}
	wg.Wait()
	e.call(0, "/v3/kv/range", map[string]any{"key": b64("k"), "range_end": b64("l")})
	e.call(0, "/v3/kv/compaction", map[string]any{"revision": 10 + round*40, "physical": true})
	e.call(0, "/v3/kv/compaction", map[string]any{"revision": 1})
	e.call(0, "/v3/lease/grant", map[string]any{"TTL": 1, "ID": 100 + round})
	e.call(1, "/v3/lease/revoke", map[string]any{"ID": 77 + round})
	e.call(2, "/v3/auth/authenticate", map[string]any{"name": fmt.Sprint("user", round), "password": "x"})
	for _, name := range []string{"root", fmt.Sprint("ann", round)} {
		e.call(1, "/v3/auth/user/add", map[string]any{"name": name, "password": "x"})
		e.call(1, "/v3/auth/role/add", map[string]any{"name": name})
		e.call(1, "/v3/auth/role/grant", map[string]any{"name": name, "perm": map[string]any{"permType": 2, "key": b64("k"), "range_end": b64("z")}})
		e.call(1, "/v3/auth/user/grant", map[string]any{"user": name, "role": name})
		e.call(1, "/v3/auth/user/changepw", map[string]any{"name": name, "password": "y"})
	}
	e.call(1, "/v3/auth/enable", map[string]any{})
	root := ""
	for _, password := range []string{"x", "y", "z"} {
		if token, ok := e.call(2, "/v3/auth/authenticate", map[string]any{"name": "root", "password": password})["token"].(string); ok {
			root = token
		}
	}
	e.disableAuth(root)
	name := fmt.Sprint("ann", round)
	e.call(1, "/v3/auth/role/revoke", map[string]any{"role": name, "key": b64("k"), "range_end": b64("z")})
	e.call(1, "/v3/auth/user/revoke", map[string]any{"name": name, "role": name})
	e.call(1, "/v3/auth/user/delete", map[string]any{"name": name})
	e.call(1, "/v3/auth/role/delete", map[string]any{"role": name})
	for i := range 3 {
		e.call(i, "/v3/maintenance/defragment", map[string]any{})
		e.call(i, "/v3/maintenance/snapshot", map[string]any{})
		e.call(i, "/v3/maintenance/alarm", map[string]any{"action": 1, "memberID": i + 1, "alarm": 1})
		e.call(i, "/v3/maintenance/alarm", map[string]any{"action": 2, "memberID": i + 1, "alarm": 1})
		e.call(i, "/v3/maintenance/hash", map[string]any{})
	}
	for i := range 2 { // until there is no room: an alarm, which is then disarmed
		for j := range 3 {
			e.call(i, "/v3/kv/put", map[string]any{"key": b64(fmt.Sprint("room", j)), "value": b64(strings.Repeat("v", 1_000_000))})
		}
	}
	for _, key := range []string{"room", "k"} {
		e.call(0, "/v3/kv/deleterange", map[string]any{"key": b64(key), "range_end": b64(key + "z")})
	}
	revision, _ := e.call(0, "/v3/kv/range", map[string]any{"key": b64("x")})["header"].(map[string]any)
	e.call(0, "/v3/kv/compaction", map[string]any{"revision": revision["revision"], "physical": true})
	for i := range 3 {
		e.call(i, "/v3/maintenance/defragment", map[string]any{})
	}
	alarms, _ := e.call(0, "/v3/maintenance/alarm", map[string]any{"action": 0})["alarms"].([]any)
	for _, a := range alarms {
		if alarm, ok := a.(map[string]any); ok {
			e.call(0, "/v3/maintenance/alarm", map[string]any{"action": 2, "memberID": alarm["memberID"], "alarm": 1})
		}
	}
}

func (e *etcd) disableAuth(token string) {
	request, err := http.NewRequestWithContext(e.Context(), http.MethodPost, "http://"+e.clients[2].Addr()+"/v3/auth/disable", strings.NewReader("{}"))
	require.NoError(e, err)
	request.Header.Set("Authorization", token)
	if response, err := e.Do(request); err == nil {
		_ = response.Body.Close()
	}
}

// membership changes who belongs to the cluster, or tries to.
func (e *etcd) membership(round int) {
	for i := range 3 {
		e.call(i, "/v3/cluster/member/add", map[string]any{"peerURLs": []string{"nonsense"}})
		e.call(i, "/v3/cluster/member/add", map[string]any{"peerURLs": []string{"http://" + e.peers[i].Addr()}})
		e.call(i, "/v3/cluster/member/remove", map[string]any{"ID": 12345 + i})
		e.call(i, "/v3/cluster/member/promote", map[string]any{"ID": 12345 + i})
	}
	status, _ := e.call(round, "/v3/maintenance/status", map[string]any{})["header"].(map[string]any)
	e.call((round+1)%3, "/v3/maintenance/transfer-leadership", map[string]any{"targetID": status["member_id"]})
	e.call(round, "/v3/maintenance/transfer-leadership", map[string]any{"targetID": status["member_id"]})
}

// strangers are no members and no clients.
func (e *etcd) strangers(round int) {
	for i := range 3 {
		for _, path := range []string{"/raft", fmt.Sprintf("/raft/stream/message/%d", round), "/raft/stream/msgapp/abc", "/raft/snapshot", "/members", "/version", "/members/promote/7"} {
			e.get("http://" + e.peers[i].Addr() + path)
			request, err := http.NewRequestWithContext(e.Context(), []string{"GET", "POST"}[i%2], "http://"+e.peers[i].Addr()+path, strings.NewReader("rubbish"))
			require.NoError(e, err)
			request.Header.Set("X-Etcd-Cluster-Id", fmt.Sprintf("%x", 4711*round+i))
			request.Header.Set("X-Server-From", fmt.Sprintf("%x", 815+i))
			request.Header.Set("X-Server-Version", []string{"3.4.0", "2.0.0", "9.1.0"}[i])
			request.Header.Set("X-Min-Cluster-Version", []string{"3.0.0", "2.0.0", "9.0.0"}[i])
			if response, err := e.Do(request); err == nil {
				_ = response.Body.Close()
			}
		}
		for _, path := range []string{"/metrics", "/health?serializable=true", "/v2/keys/x", "/debug/vars", "/nowhere"} {
			e.get("http://" + e.clients[i].Addr() + path)
		}
		for _, p := range []*freeport.Port{e.clients[i], e.peers[i]} {
			for _, rubbish := range []string{"\x16\x03\x01\x00\x05hello", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nrubbish", "GET", "GET / HTTP/1.1\r\nHost: \x00\r\n\r\n"} {
				c, err := net.Dial("tcp", p.Addr())
				require.NoError(e, err)
				_, _ = io.WriteString(c, rubbish)
				_ = c.Close()
			}
		}
	}
}

// failures are servers that cannot start.
func (e *etcd) failures() {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(e, err)
	defer func() { _ = taken.Close() }()
	file := filepath.Join(e.dir, "file")
	require.NoError(e, os.WriteFile(file, []byte("rubbish: ["), 0o600))
	for i := range 2 {
		data := filepath.Join(e.dir, fmt.Sprint("other", i))
		e.broken("--data-dir", data, "--listen-client-urls", "http://"+taken.Addr().String(), "--advertise-client-urls", "http://"+taken.Addr().String(), "--listen-peer-urls", "http://127.0.0.1:0")
		e.broken("--data-dir", data, "--listen-peer-urls", "http://"+taken.Addr().String())
		e.broken("--data-dir", data, "--heartbeat-interval", fmt.Sprint(2000+i))
		e.broken("--data-dir", data, "--listen-client-urls", fmt.Sprint("rubbish", i))
		e.broken("--data-dir", filepath.Join(file, fmt.Sprint("sub", i)), "--listen-peer-urls", "http://127.0.0.1:0", "--listen-client-urls", "http://127.0.0.1:0")
		e.broken("--config-file", file+fmt.Sprint(i))
		e.broken("--config-file", file)
		e.broken("--data-dir", data, "--name", fmt.Sprint("odd", i), "--initial-cluster", "m0=http://127.0.0.1:1", "--listen-peer-urls", "http://127.0.0.1:0", "--listen-client-urls", "http://127.0.0.1:0")
		e.broken("--data-dir", data, "--discovery", fmt.Sprintf("http://127.0.0.1:%d/x", i+1), "--listen-peer-urls", "http://127.0.0.1:0", "--listen-client-urls", "http://127.0.0.1:0")
		e.broken("--data-dir", data, "--cert-file", file, "--key-file", file, "--listen-client-urls", "https://127.0.0.1:0", "--advertise-client-urls", "https://127.0.0.1:1", "--listen-peer-urls", "http://127.0.0.1:0")
		wal, err := filepath.Glob(filepath.Join(e.dir, fmt.Sprintf("m%d", i), "member", "wal", "*.wal"))
		require.NoError(e, err)
		require.NotEmpty(e, wal)
		f, err := os.OpenFile(wal[0], os.O_WRONLY, 0)
		require.NoError(e, err)
		_, err = f.WriteAt([]byte("rubbish"), int64(100+i*40))
		require.NoError(e, err)
		require.NoError(e, f.Close())
		e.start(i).ended(3 * time.Second)
	}
}
