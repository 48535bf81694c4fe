package fingerprint_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/internal/freeport"
)

// etcdLines makes a cluster of three etcd log. The label of a line is the place in the source that the line names; the text
// is the message and the fields behind it, as text handlers write them.
func etcdLines(t *testing.T) []line {
	e := &etcd{T: t, bin: program(t, "etcd"), dir: t.TempDir()}
	for i := range 3 {
		e.clients[i], e.peers[i] = port(t), port(t)
		e.cluster = append(e.cluster, fmt.Sprintf("m%d=http://%s", i, e.peers[i].Addr()))
	}
	e.run()
	var lines []line
	for i := range 3 {
		for _, text := range read(t, e.log(i)) {
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

// zapLine reads a line of zap's JSON. The names come in the order of the line.
func zapLine(text string) (line, bool) {
	var values map[string]any
	if json.Unmarshal([]byte(text), &values) != nil || values["caller"] == nil {
		return line{}, false
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	_, _ = d.Token()
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
		values[name.(string)] = value
		if !slices.Contains([]string{"level", "ts", "caller", "msg", "stacktrace"}, name.(string)) {
			names = append(names, name.(string))
		}
	}
	return line{values["caller"].(string), values["msg"].(string) + fields(names, values)}, true
}

type etcd struct {
	*testing.T
	bin, dir       string
	clients, peers [3]*freeport.Port
	cluster        []string
}

func (e *etcd) log(i int) string { return filepath.Join(e.dir, fmt.Sprintf("m%d.log", i)) }

func (e *etcd) start(i int) *process {
	peer, client := "http://"+e.peers[i].Addr(), "http://"+e.clients[i].Addr()
	return start(e.T, e.log(i), e.bin, "--name", fmt.Sprintf("m%d", i), "--data-dir", filepath.Join(e.dir, fmt.Sprintf("m%d", i)), "--logger", "zap", "--log-outputs", "stderr",
		"--listen-client-urls", client, "--advertise-client-urls", client, "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--log-level", "debug",
		"--initial-cluster", strings.Join(e.cluster, ","), "--heartbeat-interval", "20", "--election-timeout", "200", "--snapshot-count", "50",
		"--experimental-initial-corrupt-check", "--auto-compaction-retention", "1", "--unsafe-no-fsync=false")
}

// call sends a request of the gateway; its failure does not matter.
func (e *etcd) call(i int, path string, body map[string]any) {
	content, err := json.Marshal(body)
	require.NoError(e, err)
	client := http.Client{Timeout: 3 * time.Second}
	response, err := client.Post("http://"+e.clients[i].Addr()+path, "application/json", bytes.NewReader(content))
	if err == nil {
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
	}
}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func (e *etcd) run() {
	var members [3]*process
	for i := range members {
		members[i] = e.start(i)
	}
	for round := range 3 {
		for i := range members {
			members[i].logged(e.T, "ready to serve client requests", round+1)
		}
		for i := range 60 {
			e.call(i%3, "/v3/kv/put", map[string]any{"key": b64(fmt.Sprint("k", i)), "value": b64(strings.Repeat("v", i*40))})
		}
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
		for _, password := range []string{"x", "y", "z"} {
			e.call(2, "/v3/auth/authenticate", map[string]any{"name": "root", "password": password})
		}
		e.call(2, "/v3/auth/disable", map[string]any{})
		for i := range members {
			e.call(i, "/v3/maintenance/defragment", map[string]any{})
			e.call(i, "/v3/maintenance/snapshot", map[string]any{})
			e.call(i, "/v3/maintenance/alarm", map[string]any{"action": 1, "memberID": i + 1, "alarm": 1})
			e.call(i, "/v3/maintenance/alarm", map[string]any{"action": 2, "memberID": i + 1, "alarm": 1})
			e.call(i, "/v3/maintenance/hash", map[string]any{})
			e.call(i, "/v3/cluster/member/add", map[string]any{"peerURLs": []string{"nonsense"}})
			e.call(i, "/v3/cluster/member/remove", map[string]any{"ID": 12345 + i})
		}
		victim := round % 3
		if round == 1 {
			_ = members[victim].cmd.Process.Signal(syscall.SIGKILL)
			_ = members[victim].cmd.Wait()
		} else {
			members[victim].stop(os.Interrupt)
		}
		other := (victim + 1) % 3
		members[other].logged(e.T, "lost the TCP streaming connection", 1)
		for i := range 20 {
			e.call(other, "/v3/kv/put", map[string]any{"key": b64("x"), "value": b64(fmt.Sprint(i))})
		}
		members[victim] = e.start(victim)
	}
	for i := range members {
		members[i].logged(e.T, "ready to serve client requests", 2)
		members[i].stop(syscall.SIGTERM)
	}
}
