package fingerprint_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/internal/freeport"
)

// redisLines makes a Redis and its replica log. The label of a line is the format in Redis' source that it has.
func redisLines(t *testing.T) []line {
	t.Helper()
	bin := program(t, "redis-server")
	dir := t.TempDir()
	log := filepath.Join(dir, "redis.log")
	port, err := freeport.Take()
	require.NoError(t, err)
	t.Cleanup(port.Release)
	second, err := freeport.Take()
	require.NoError(t, err)
	t.Cleanup(second.Release)
	r := &redis{T: t, bin: bin, log: log, dir: dir, port: port, second: second}
	for i := range 4 {
		r.round(i)
	}
	list, prefix := formats(redisFormats...), regexp.MustCompile(`^\d+:[A-Z] \d+ \w+ \d{4} [\d:.]+ [-.*#] `)
	var lines []line
	for _, text := range read(t, log) {
		if at := prefix.FindStringIndex(text); at != nil { // not the logo
			text = strings.TrimRight(text[at[1]:], " ")
			name, ok := label(list, text)
			if !ok {
				t.Logf("no format of Redis known for %q", text)
				continue
			}
			lines = append(lines, line{name, text})
		}
	}
	return lines
}

type redis struct {
	*testing.T
	bin, log, dir string
	port, second  *freeport.Port
}

// start starts a server; all write one log.
func (r *redis) start(port *freeport.Port, name string, args ...string) *process {
	p := start(r.T, filepath.Join(r.dir, "stderr"), r.bin, append([]string{"--port", strconv.Itoa(port.Number()), "--bind", "127.0.0.1", "--logfile", r.log,
		"--loglevel", "verbose", "--dir", r.dir, "--dbfilename", name + ".rdb", "--appenddirname", name, "--save", "1 1", "--repl-diskless-sync-delay", "0", "--enable-debug-command", "yes"}, args...)...)
	p.log = r.log
	require.Eventually(r, func() bool {
		c, err := net.Dial("tcp", port.Addr())
		if err != nil {
			return false
		}
		defer func() { _ = c.Close() }()
		_ = c.SetDeadline(time.Now().Add(time.Second))
		_, _ = io.WriteString(c, "PING\r\n")
		answer, _ := bufio.NewReader(c).ReadString('\n')
		return strings.HasPrefix(answer, "+PONG") // it is not loading, nor waiting for its primary
	}, 20*time.Second, 10*time.Millisecond)
	return p
}

// send sends commands, each in a line, and reads as many answers.
func (r *redis) send(port *freeport.Port, commands ...string) {
	c, err := net.Dial("tcp", port.Addr())
	require.NoError(r, err)
	defer func() { _ = c.Close() }()
	answers := bufio.NewReader(c)
	for _, command := range commands {
		if _, err = fmt.Fprintf(c, "%s\r\n", command); err != nil {
			return
		}
		_ = c.SetReadDeadline(time.Now().Add(3 * time.Second))
		_, _ = answers.ReadString('\n')
	}
}

// round is a life of both servers.
func (r *redis) round(i int) {
	primary := r.start(r.port, "primary", "--appendonly", []string{"no", "yes"}[i%2], "--slowlog-log-slower-than", "0")
	r.send(r.port, "debug jmap", fmt.Sprintf("debug populate %d key %d", 10000+i*3000, 20+i), fmt.Sprintf("setex gone%d 1 x", i), "save", "select 1", "set a 1", "bgsave")
	primary.logged(r.T, "Background saving terminated with success", i+1)
	r.send(r.port, "bgrewriteaof", "config set maxmemory 100mb", fmt.Sprintf("config set maxmemory %d", 1000*(i+1)), "config set maxmemory 0", "config set appendonly yes", "config rewrite")
	primary.logged(r.T, "Background AOF rewrite finished successfully", i+1)
	r.send(r.port, "POST / HTTP/1.1")
	r.send(r.port, fmt.Sprintf("*1\r\n$%d", 1<<40))
	r.send(r.port, "*99999999999")
	r.send(r.port, "client kill type normal skipme no")
	r.send(r.port, "flushall", "script flush", "acl load", "debug sleep 0.01", "config resetstat", "failover abort", "acl setuser bob on >x")
	replica := r.start(r.second, "replica", "--replicaof", "127.0.0.1 "+strconv.Itoa(r.port.Number()), "--repl-diskless-load", []string{"disabled", "swapdb"}[i%2])
	replica.logged(r.T, "MASTER <-> REPLICA sync: Finished with success", i+1)
	primary.logged(r.T, "succeeded", 2*i+1)
	r.send(r.port, "client kill type replica")
	replica.logged(r.T, "Connection with master lost", 2*i+1)
	replica.logged(r.T, "Partial Resynchronization", i+1)
	_ = primary.cmd.Process.Signal(syscall.SIGTERM)
	_ = primary.cmd.Wait()
	replica.logged(r.T, "Error condition on socket for SYNC", i+1)
	r.send(r.second, fmt.Sprintf("replicaof 127.0.0.1 %d", i+1), "replicaof no one", "debug change-repl-id", "save")
	replica.stop(os.Interrupt)
}
