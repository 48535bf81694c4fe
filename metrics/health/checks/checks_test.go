package checks_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/prodwright/prodwright/internal/freeport"
	"github.com/prodwright/prodwright/metrics/health"
	"github.com/prodwright/prodwright/metrics/health/checks"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// run looks once, with a handler as a service would have it.
func run(t *testing.T, c health.Check) health.Result {
	t.Helper()
	h := &health.Handler{Logger: slog.New(slog.DiscardHandler)}
	require.NoError(t, h.Add(c))
	return h.Report(t.Context(), health.Readiness).Results[0]
}

func TestDependenciesAreRefusedInLiveness(t *testing.T) {
	t.Parallel()
	for _, c := range []health.Check{
		checks.Postgres(nil), checks.Redis(""), checks.TCP("a", ""), checks.HTTP("b", "", nil), checks.Certificate("c", "", nil),
	} {
		c.Probes = health.Liveness
		require.ErrorIs(t, new(health.Handler).Add(c), health.ErrDependencyInLiveness, c.Name)
	}
}

// startRedis starts a real Redis with a password and returns its address.
func startRedis(t *testing.T, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		if os.Getenv("CI") != "" {
			require.NoError(t, err)
		}
		t.Skip("redis-server is not installed; make test installs it")
	}
	port, err := freeport.Take()
	require.NoError(t, err)
	t.Cleanup(port.Release)
	addr := port.Addr()
	_, number, _ := net.SplitHostPort(addr)
	cmd := exec.CommandContext(t.Context(), "redis-server", append([]string{
		"--port", number, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", t.TempDir(),
	}, args...)...)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			require.NoError(t, conn.Close())
			return addr
		}
		require.NoError(t, t.Context().Err())
		time.Sleep(5 * time.Millisecond)
	}
}

func TestRedis(t *testing.T) {
	t.Parallel()
	open, locked := startRedis(t), startRedis(t, "--requirepass", "pass:w@rd")
	require.NoError(t, run(t, checks.Redis("redis://"+open)).Err)
	require.NoError(t, run(t, checks.Redis("redis://:pass%3Aw%40rd@"+locked+"/3")).Err)
	require.NoError(t, run(t, checks.Redis("redis://default:pass%3Aw%40rd@"+locked)).Err)
	require.ErrorContains(t, run(t, checks.Redis("redis://"+locked)).Err, "NOAUTH")
	err := run(t, checks.Redis("redis://:wrong-one@"+locked)).Err
	require.ErrorContains(t, err, "WRONGPASS")
	require.NotContains(t, err.Error(), "wrong-one")
	require.ErrorContains(t, run(t, checks.Redis("http://"+open)).Err, "scheme")
	require.Error(t, run(t, checks.Redis("rediss://"+open)).Err, "no TLS there")
	require.Error(t, run(t, checks.Redis("unix:///absent")).Err)
}

// Redis repeats the arguments of a command that it does not know, and AUTH can be renamed.
func TestRedisThatRepeatsThePassword(t *testing.T) {
	t.Parallel()
	addr := startRedis(t, "--rename-command", "AUTH", "")
	for _, user := range []string{":hunter2", "somebody:hunter2"} {
		err := run(t, checks.Redis("redis://"+user+"@"+addr)).Err
		require.EqualError(t, err, `redis: AUTH was answered with "-ERR"`)
	}
}

func TestRedisURLsThatCannotBeMeant(t *testing.T) {
	t.Parallel()
	for u, want := range map[string]string{
		"redis://:hunter2@%zz":      "percent-encoded",
		"redis://:1/hunter2@host":   "percent-encoded",
		"redis://:1?hunter2@host":   "percent-encoded",
		"redis:app:hunter2@host":    "no host",
		"redis:/:hunter2@host":      "percent-encoded",
		"redis://app:hunter2@":      "no host",
		"redis://app:hunter2@:6379": "no host",
		"hunter2:app@host":          "scheme",
		"hunter2":                   "scheme",
		"unix:hunter2":              "no path",
	} {
		err := run(t, checks.Redis(u)).Err
		require.ErrorContains(t, err, want, u)
		require.NotContains(t, err.Error(), "hunter2", u)
	}
}

func TestRedisThatIsSomethingElse(t *testing.T) {
	t.Parallel()
	for reply, want := range map[string][2]string{ // without and with a password
		"HTTP/1.1 400 Bad Request\r\n":   {`PING was answered with "HTTP/1.1 400 Bad Request"`, "something else"},
		string(make([]byte, 100_000)):    {"no whole line", "no whole line"},
		"+PONG":                          {"no whole line", "no whole line"},
		"+PONG\n":                        {`"+PONG\n"`, "something else"},
		"-MISCONF of app, hunter2\r\n":   {"MISCONF of app", "something else"},
		"-hunter2 is wrong\r\n":          {"hunter2", "something else"},
		"+hunter2 is app's\r\n":          {"hunter2", "something else"},
		"+OK\r\n+OK hunter2 and app\r\n": {"+OK", "PING was answered with something else"},
	} {
		for i, user := range []string{"", "app:hunter2@"} {
			err := run(t, checks.Redis("redis://"+user+answering(t, reply))).Err
			require.ErrorContains(t, err, want[i])
			require.Less(t, len(err.Error()), 200)
			if user != "" {
				require.NotContains(t, err.Error(), "hunter2")
				require.NotContains(t, err.Error(), "app")
			}
		}
	}
}

// answering accepts one connection, reads what comes first and answers with reply. It returns its address.
func answering(t *testing.T, reply string) string {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		_, _ = c.Read(make([]byte, 100))
		_, _ = c.Write([]byte(reply))
		_ = c.(*net.TCPConn).CloseWrite()
		_, _ = io.Copy(io.Discard, c) // unread bytes would reset the connection before the reply is read
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return l.Addr().String()
}

func TestDisk(t *testing.T) {
	t.Parallel()
	r := run(t, checks.Disk(t.TempDir()))
	require.Contains(t, r.Observed, "free_percent")
	require.Contains(t, r.Observed, "free_gb")
	require.ErrorContains(t, run(t, checks.Disk("/absent/path")).Err, "/absent/path")
}

func TestMemoryOfTheMachine(t *testing.T) {
	t.Parallel()
	r := run(t, checks.Memory())
	require.Contains(t, r.Observed, "used_percent")
	require.Contains(t, r.Observed, "available_gb")
}

// The limits are the container's, of either version of control groups, its ancestors' included.
func TestMemoryOfTheContainer(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("control groups are Linux's")
	}
	const meminfo = "MemTotal: 16000000 kB\nMemFree: 8000000 kB\nMemAvailable: 8000000 kB\n"
	for name, tc := range map[string]struct {
		files  map[string]string
		used   float64
		limit  string
		status health.Status
	}{
		"machine": {map[string]string{"proc/self/cgroup": "0::/\n"}, 50, "machine", health.Pass},
		"v2, the cache does not count": {map[string]string{
			"proc/self/cgroup":             "0::/\n",
			"sys/fs/cgroup/memory.max":     "1000000000\n",
			"sys/fs/cgroup/memory.current": "950000000\n",
			"sys/fs/cgroup/memory.stat":    "anon 1\nfile 2\ninactive_file 200000000\n",
		}, 75, "container", health.Pass},
		"v2, almost full": {map[string]string{
			"proc/self/cgroup":               "0::/a\n",
			"sys/fs/cgroup/a/memory.max":     "1000000000\n",
			"sys/fs/cgroup/a/memory.current": "850000000\n",
		}, 85, "container", health.Warning},
		"v2, an ancestor is full": {map[string]string{
			"proc/self/cgroup":                 "0::/a/b\n",
			"sys/fs/cgroup/a/b/memory.max":     "max\n",
			"sys/fs/cgroup/a/b/memory.current": "1\n",
			"sys/fs/cgroup/a/memory.max":       "1000000000\n",
			"sys/fs/cgroup/a/memory.current":   "950000000\n",
		}, 95, "container", health.Fail},
		"v1": {map[string]string{
			"proc/self/cgroup":                           "5:cpu:/x\n4:memory:/docker/abc\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "1000000000\n",
			"sys/fs/cgroup/memory/memory.usage_in_bytes": "950000000\n",
			"sys/fs/cgroup/memory/memory.stat":           "total_inactive_file 0\n",
		}, 95, "container", health.Fail},
		"v1 without a limit": {map[string]string{
			"proc/self/cgroup":                           "4:memory:/\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
			"sys/fs/cgroup/memory/memory.usage_in_bytes": "950000000\n",
		}, 50, "machine", health.Pass},
		"nonsense": {map[string]string{
			"proc/self/cgroup":             "what\n0::/\n",
			"sys/fs/cgroup/memory.max":     "a lot\n",
			"sys/fs/cgroup/memory.current": "",
		}, 50, "machine", health.Pass},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			tc.files["proc/meminfo"] = meminfo
			for file, text := range tc.files {
				file = filepath.Join(root, file)
				require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o700))
				require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
			}
			r := run(t, checks.MemoryBelow(root))
			require.InDelta(t, tc.used, r.Observed["used_percent"], 0.01)
			require.Equal(t, tc.limit, r.Observed["limit"])
			require.Equal(t, tc.status, r.Status)

			// A monitor is in a group too, which says nothing about the machine that it looks at.
			r = run(t, checks.MemoryIn(root))
			require.InDelta(t, 50, r.Observed["used_percent"], 0.01)
			require.Equal(t, "machine", r.Observed["limit"])
		})
	}
}

func TestMemoryThatCannotBeRead(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("/proc is Linux's")
	}
	root := t.TempDir()
	require.ErrorContains(t, run(t, checks.MemoryIn(root)).Err, "meminfo")
	require.NoError(t, os.Mkdir(filepath.Join(root, "proc"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(root, "proc/meminfo"), nil, 0o600))
	r := run(t, checks.MemoryIn(root))
	require.ErrorContains(t, r.Err, "cannot be read")
	require.Empty(t, r.Observed)
}

func TestChecksEndWithTheirContext(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp4", "127.0.0.1:0") // accepts by the kernel, never answers
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	addr := l.Addr().String()
	for _, c := range []health.Check{
		checks.Redis("redis://" + addr), checks.HTTP("http", "http://"+addr, nil), checks.Certificate("cert", addr, nil),
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		err := c.Func(ctx)
		cancel()
		var timeout net.Error
		require.True(t, errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout(), "%s: %v", c.Name, err)
	}
}
