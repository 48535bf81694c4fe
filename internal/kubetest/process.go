package kubetest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// process is one of a server's two programs, running or ended.
type process struct {
	name  string
	log   string
	cmd   *exec.Cmd
	ended chan struct{} // closed when it has ended
}

// launch starts a program whose output goes to the end of a log in the guarded directory.
func launch(g *guard, name, program string, args ...string) (*process, error) {
	p := &process{name: name, log: filepath.Join(g.dir, name+".log"), ended: make(chan struct{})}
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("kubetest: %w", err)
	}
	defer func() { _ = log.Close() }()
	p.cmd = exec.Command(program, args...) //nolint:noctx // it ends by our signals
	p.cmd.Dir = g.dir
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.Env = append(os.Environ(), "ETCD_UNSUPPORTED_ARCH=arm64") // of which etcd 3.4 wants to be told
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}         // Ctrl-C is the test's
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("kubetest: start %s: %w", name, err)
	}
	if err := g.watch(name, p.cmd.Process.Pid); err != nil {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
		return nil, fmt.Errorf("kubetest: %w", err)
	}
	go func() {
		_ = p.cmd.Wait() // how it ended is in the log
		g.forget(name)   // the kernel may give the number to another process now
		close(p.ended)
	}()
	return p, nil
}

// running says whether it has not ended. A nil process has.
func (p *process) running() bool {
	if p == nil {
		return false
	}
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// signal sends a signal to a running process.
func (p *process) signal(s syscall.Signal) error {
	if !p.running() {
		return fmt.Errorf("kubetest: there is no process to send %q to", s)
	}
	if err := p.cmd.Process.Signal(s); err != nil {
		return fmt.Errorf("kubetest: send %q to %s: %w", s, p.name, err)
	}
	return nil
}

// stopped says whether all its threads have stopped, which takes a moment after the signal. Where there is no /proc nobody knows; it is
// given that moment.
func (p *process) stopped() bool {
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", p.cmd.Process.Pid))
	if len(threads) == 0 {
		time.Sleep(200 * time.Millisecond)
		return true
	}
	for _, thread := range threads {
		// proc(5): the state is the field behind the name, which is in parentheses.
		text, _ := os.ReadFile(thread)
		if i := bytes.LastIndexByte(text, ')'); i < 0 || !bytes.HasPrefix(text[i:], []byte(") T")) {
			return false
		}
	}
	return true
}

// kill ends it at once, stopped or not, and waits for its end. One that has ended is left alone.
func (p *process) kill() {
	if p.running() {
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
}

// tail returns the last n lines of its log.
func (p *process) tail(n int) string {
	if p == nil {
		return ""
	}
	text, _ := os.ReadFile(p.log)
	lines := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
