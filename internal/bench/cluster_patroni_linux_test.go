package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/internal/freeport"
	"github.com/prodwright/prodwright/internal/pgtest"
)

// profile is how fast Patroni is, in seconds.
type profile struct {
	name                string
	ttl, loop, retry    int
	primaryStartTimeout int // 0 = a server that died is replaced and not restarted
}

// profiles are Patroni's defaults; the fastest that its documentation permits (a ttl of 20 s at least, loop_wait 1, retry_timeout 3); and
// what this version does not refuse.
var (
	patroniDefaults = profile{"defaults", 30, 10, 10, 300}
	patroniFast     = profile{"fast", 20, 1, 3, 300}
	patroniFastest  = profile{"ttl below the documented minimum", 8, 1, 3, 0}
)

// patroni is three servers that Patroni manages, synchronous_mode on.
type patroni struct {
	*testing.T

	api  [3]string
	url  []string
	data [3]string
	pid  [3]int // of Patroni itself
}

// etcd starts a server and returns its address.
func etcd(t *testing.T) string {
	t.Helper()
	path := program(t, "etcd")
	clients, peers := port(t), port(t)
	start(t, nil, t.TempDir(), path, "--data-dir", t.TempDir(), "--listen-client-urls", "http://"+clients, "--advertise-client-urls", "http://"+clients,
		"--listen-peer-urls", "http://"+peers, "--initial-advertise-peer-urls", "http://"+peers, "--initial-cluster", "default=http://"+peers, "--log-level", "error", "--unsafe-no-fsync")
	require.Eventually(t, func() bool {
		response, err := http.Get("http://" + clients + "/health")
		if err != nil {
			return false
		}
		_ = response.Body.Close()
		return response.StatusCode == http.StatusOK
	}, 30*time.Second, 50*time.Millisecond)
	return clients
}

func port(t *testing.T) string {
	t.Helper()
	p, err := freeport.Take()
	require.NoError(t, err)
	t.Cleanup(p.Release)
	return p.Addr()
}

type object = map[string]any

// newPatroni starts one and waits until all of it is well.
func newPatroni(t *testing.T, store string, speed profile) *patroni {
	t.Helper()
	path := program(t, "patroni")
	bin, err := pgtest.Find()
	require.NoError(t, err)
	as := account(t)
	parameters := object{"fsync": "off", "full_page_writes": "off", "shared_buffers": "16MB", "max_connections": 100, "wal_log_hints": "on"}
	for k, v := range replication {
		parameters[k] = v
	}
	x := &patroni{T: t}
	scope := fmt.Sprint("bench", time.Now().UnixNano())
	for i := range 3 {
		dir := directory(t, as)
		x.data[i], x.api[i] = filepath.Join(dir, "data"), port(t)
		server := port(t)
		x.url = append(x.url, "postgres://postgres@"+server+"/postgres?sslmode=disable")
		own := object{"unix_socket_directories": dir}
		maps.Copy(own, object{"dynamic_shared_memory_type": "mmap"})
		text, err := json.Marshal(object{ // which is YAML, too
			"scope": scope, "namespace": "/bench/", "name": fmt.Sprint("n", i),
			"restapi": object{"listen": x.api[i], "connect_address": x.api[i]},
			"etcd3":   object{"host": store},
			"bootstrap": object{
				"dcs": object{
					"ttl": speed.ttl, "loop_wait": speed.loop, "retry_timeout": speed.retry, "primary_start_timeout": speed.primaryStartTimeout, "synchronous_mode": true,
					"postgresql": object{"use_pg_rewind": true, "use_slots": true, "parameters": parameters},
				},
				"initdb": []any{object{"auth": "trust"}, object{"encoding": "UTF8"}, object{"username": "postgres"}, "no-sync"},
			},
			"postgresql": object{
				"listen": server, "connect_address": server, "data_dir": x.data[i], "bin_dir": bin.Dir, "pgpass": filepath.Join(dir, "pgpass"), "parameters": own,
				"authentication": object{"superuser": object{"username": "postgres"}, "replication": object{"username": "postgres"}},
				"pg_hba":         []string{"local all all trust", "host all all 127.0.0.1/32 trust", "host replication all 127.0.0.1/32 trust"},
			},
			"watchdog": object{"mode": "off"},
		})
		require.NoError(t, err)
		config := filepath.Join(dir, "patroni.yml")
		require.NoError(t, os.WriteFile(config, text, 0o644)) // its reader is another user
		x.pid[i] = start(t, as, dir, path, config).Process.Pid
		t.Cleanup(func() { signalAll(syscall.SIGKILL, x.roots(i)...) })
		if i == 0 {
			x.until("begin", func() bool { return x.leader() == 0 })
		}
		t.Cleanup(func() {
			if t.Failed() {
				log, _ := os.ReadFile(filepath.Join(dir, "log"))
				t.Logf("n%d:\n%s", i, log[max(len(log)-3000, 0):])
			}
		})
	}
	x.until("replicate", func() bool {
		return ask(t, x.url[0], "select count(*) filter (where state = 'streaming') = 2 and count(*) filter (where sync_state = 'sync') = 1 from pg_stat_replication") == "true" &&
			len(x.members("sync_standby")) == 1
	})
	return x
}

func (x *patroni) until(what string, f func() bool) {
	x.Helper()
	require.Eventually(x, f, 2*time.Minute, 100*time.Millisecond, "Patroni does not come to %s", what)
}

// members returns which nodes have a role, as any Patroni that answers sees it.
func (x *patroni) members(role string) (nodes []int) {
	for i := range x.api {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		nodes, err := membersAt(ctx, x.api[i], role)
		cancel()
		if err == nil {
			return nodes
		}
	}
	return nil
}

func membersAt(ctx context.Context, api, role string) (nodes []int, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+api+"/cluster", nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	var answer struct {
		Members []struct{ Name, Role, State string }
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return nil, err
	}
	for _, m := range answer.Members {
		if m.Role == role && (m.State == "running" || m.State == "streaming") {
			n, err := strconv.Atoi(strings.TrimPrefix(m.Name, "n"))
			if err != nil {
				return nil, err
			}
			nodes = append(nodes, n)
		}
	}
	return nodes, nil
}

// leader returns which node is the leader, or -1.
func (x *patroni) leader() int {
	if nodes := x.members("leader"); len(nodes) == 1 {
		return nodes[0]
	}
	return -1
}

// roots returns the processes of a node that everything else of it descends from.
func (x *patroni) roots(i int) (pids []int) {
	if words, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(x.pid[i]), "cmdline")); err == nil && strings.Contains(string(words), filepath.Dir(x.data[i])) { // it lives
		pids = append(pids, x.pid[i])
	}
	if pid := x.postmaster(i); pid != 0 {
		pids = append(pids, pid)
	}
	return pids
}

// postmaster returns the server's process, or 0.
func (x *patroni) postmaster(i int) int {
	text, err := os.ReadFile(filepath.Join(x.data[i], "postmaster.pid"))
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, _ := strconv.Atoi(strings.TrimSpace(first))
	exe, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(max(pid, 1)), "exe"))
	if err != nil || filepath.Base(exe) != "postgres" {
		return 0
	}
	cwd, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(pid), "cwd"))
	if err != nil || cwd != x.data[i] {
		return 0
	}
	return pid
}
