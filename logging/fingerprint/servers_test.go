package fingerprint_test

import (
	"fmt"
	"hash/fnv"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// served makes a real server log and returns the lines with their labels, which do not come from the scanner.
type served struct {
	name string
	run  func(t *testing.T) []line
}

// TestServers measures the accuracy on what real servers log. The label of a line is the format in the source that it has, or
// where in the source it comes from: see each server. Half of the labels, chosen by their hash, were not looked at while the
// rules were written; PRODWRIGHT_SHOW=seen shows what is wrong in the other half.
func TestServers(t *testing.T) { //nolint:tparallel // the group waits for its members, which are parallel
	t.Parallel()
	var mu sync.Mutex
	var all, allHeld []line
	t.Run("each", func(t *testing.T) {
		for _, s := range []served{ // those that take longest come first
			{"etcd", etcdLines}, {"Prometheus", prometheusLines}, {"nginx", nginxLines}, {"PostgreSQL", postgresLines}, {"Redis", redisLines},
		} {
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				lines := s.run(t)
				seen, held := split(lines)
				t.Logf("%-10s %5d lines, %3d events: accuracy %.3f (looked at %.3f, held out %.3f), raw messages %.3f", s.name, len(lines), events(lines),
					accuracy(lines, byTemplate), accuracy(seen, byTemplate), accuracy(held, byTemplate), accuracy(lines, raw))
				switch os.Getenv("PRODWRIGHT_SHOW") {
				case "seen":
					showWrong(t, seen)
				case "all":
					showWrong(t, lines)
				}
				mu.Lock()
				all, allHeld = append(all, s.prefixed(lines)...), append(allHeld, s.prefixed(held)...)
				mu.Unlock()
				require.Greater(t, events(lines), 40)
				require.GreaterOrEqual(t, accuracy(lines, byTemplate), 0.95)
				require.Less(t, accuracy(lines, raw), 0.7) // or there is nothing to do
			})
		}
	})
	if len(all) > 0 {
		t.Logf("all %d lines, %d events: accuracy %.3f (held out %.3f), raw messages %.3f", len(all), events(all), accuracy(all, byTemplate), accuracy(allHeld, byTemplate), accuracy(all, raw))
		require.GreaterOrEqual(t, accuracy(all, byTemplate), 0.95)
	}
}

// prefixed returns lines whose labels and texts have the server's name.
func (s served) prefixed(lines []line) []line {
	with := make([]line, 0, len(lines))
	for _, l := range lines {
		with = append(with, line{s.name + " " + l.label, s.name + " " + l.text})
	}
	return with
}

// split divides lines by their labels: one half may be looked at.
func split(lines []line) (seen, held []line) {
	for _, l := range lines {
		h := fnv.New32a()
		function, _, _ := strings.Cut(l.label, ",") // so that other versions of a server have the same halves
		_, _ = h.Write([]byte(function))
		if h.Sum32()%2 == 0 {
			seen = append(seen, l)
		} else {
			held = append(held, l)
		}
	}
	return seen, held
}

// events counts the labels.
func events(lines []line) int {
	labels := map[string]bool{}
	for _, l := range lines {
		labels[l.label] = true
	}
	return len(labels)
}

// program returns the path of a program, which is in PATH or where Debian keeps servers. Without it the test is skipped, in
// CI it fails.
func program(t *testing.T, name string) string {
	t.Helper()
	for _, path := range []string{name, "/usr/sbin/" + name} {
		if found, err := exec.LookPath(path); err == nil {
			return found
		}
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("%s is missing: scripts/setup.sh test installs it", name)
	}
	t.Skipf("%s is missing: scripts/setup.sh test installs it", name)
	return ""
}

// process is a server that writes its log into a file.
type process struct {
	cmd *exec.Cmd
	log string
}

// start starts a program whose output goes into a file.
func start(t *testing.T, log, name string, args ...string) *process {
	t.Helper()
	f, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Stdout, cmd.Stderr, cmd.Dir = f, f, t.TempDir()
	// Not a kill -9 at once, which would leave nginx' workers behind.
	cmd.Cancel, cmd.WaitDelay = func() error { return cmd.Process.Signal(syscall.SIGTERM) }, 10*time.Second
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Wait()
		if content, err := os.ReadFile(log); t.Failed() && err == nil {
			t.Logf("the end of what %s printed: %s", name, content[max(0, len(content)-3000):])
		}
	})
	return &process{cmd, log}
}

// stop ends it with a signal and waits.
func (p *process) stop(sig os.Signal) {
	_ = p.cmd.Process.Signal(sig)
	p.ended(30 * time.Second)
}

// ended waits until it has ended by itself, for a limited time.
func (p *process) ended(within time.Duration) {
	timer := time.AfterFunc(within, func() { _ = p.cmd.Process.Kill() })
	defer timer.Stop()
	_ = p.cmd.Wait()
}

// logged waits until the log has a text so many times.
func (p *process) logged(t *testing.T, text string, times int) {
	t.Helper()
	wait(t, p.log, text, times)
}

func wait(t *testing.T, log, text string, times int) {
	t.Helper()
	var content []byte
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		content, _ = os.ReadFile(log)
		if strings.Count(string(content), text) >= times {
			return
		}
	}
	t.Fatalf("%s does not have %q %d times: %s", log, text, times, content[max(0, len(content)-3000):])
}

// read returns the lines of a file.
func read(t *testing.T, file string) []string {
	t.Helper()
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	return strings.Split(strings.TrimRight(string(content), "\n"), "\n")
}

// fields writes the members of a structured line behind its message, as text handlers do.
func fields(names []string, values map[string]any) string {
	var b strings.Builder
	for _, name := range names {
		v := fmt.Sprint(values[name])
		if strings.ContainsAny(v, ` "=`) || v == "" {
			v = fmt.Sprintf("%q", v)
		}
		fmt.Fprintf(&b, " %s=%s", name, v)
	}
	return b.String()
}
