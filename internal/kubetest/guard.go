package kubetest

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
)

// guardScript waits for the end of its input, which the kernel makes when the process that started it ends, however it
// ends. It then kills the process named in each *.pid file of the directory $1, and removes the directory. Close
// lets it do so too.
const guardScript = `
trap '' INT TERM HUP
cat >/dev/null
for file in "$1"/*.pid; do
	[ -s "$file" ] && kill -KILL "$(cat "$file")"
done 2>/dev/null
rm -rf "$1" 2>/dev/null || { sleep 1; rm -rf "$1"; }
`

// guard removes a directory and the processes in it when this process ends.
type guard struct {
	dir   string
	cmd   *exec.Cmd
	alive io.WriteCloser // closed by the kernel when this process ends
}

func newGuard(dir string) (*guard, error) {
	cmd := exec.Command("sh", "-c", guardScript, "kubetest-guard", dir) //nolint:noctx // it must outlive every context
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	alive, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &guard{dir: dir, cmd: cmd, alive: alive}, nil
}

// watch makes the guard responsible for a process. There is one process per name.
func (g *guard) watch(name string, pid int) error {
	return os.WriteFile(g.file(name), []byte(strconv.Itoa(pid)+"\n"), 0o600)
}

// forget ends that.
func (g *guard) forget(name string) { _ = os.Remove(g.file(name)) }

func (g *guard) file(name string) string { return filepath.Join(g.dir, name+".pid") }

// close lets the guard put everything away and waits for its end.
func (g *guard) close() error {
	_ = g.alive.Close()
	_ = g.cmd.Wait() // it says nothing
	return os.RemoveAll(g.dir)
}
