package pgtest

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// guardScript waits for the end of its input, which the kernel makes when the process that started it ends, however it
// ends. It then kills the process named in each *.pid file of the directory $1 together with its children (PostgreSQL's
// processes are leaders of their own groups, so there is no group to kill), stopped ones too, removes their System V
// shared memory, and removes the directory. Close lets it do so too.
const guardScript = `
trap '' INT TERM HUP
cat >/dev/null
children() {
	if [ -r /proc/self/stat ]; then
		for s in /proc/[0-9]*/stat; do
			read -r line <"$s" || continue
			pid=${line%% *}
			set -- "$1" ${line##*) }
			[ "$3" = "$1" ] && echo "$pid"
		done
	else
		ps -A -o pid= -o ppid= | awk -v p="$1" '$2 == p { print $1 }'
	fi 2>/dev/null
}
for file in "$1"/*.pid; do
	[ -s "$file" ] || continue
	pid=$(head -n 1 "$file")
	kill -STOP "$pid" && kill -KILL $(children "$pid") "$pid"
done 2>/dev/null
shm=$(sed -n 's/^ *[0-9][0-9]*  *\([0-9][0-9]*\) *$/\1/p' "$1"/*/postmaster.pid "$1"/*/*/postmaster.pid 2>/dev/null)
[ -z "$shm" ] || ipcrm $(printf ' -m %s' $shm) 2>/dev/null
umount -l "$1/disk" 2>/dev/null
rm -rf "$1" 2>/dev/null || { sleep 1; rm -rf "$1"; }
`

// guard removes a directory and the processes in it when this process ends.
type guard struct {
	dir   string
	cmd   *exec.Cmd
	alive io.WriteCloser // closed by the kernel when this process ends
}

func newGuard(dir string) (*guard, error) {
	cmd := exec.Command("sh", "-c", guardScript, "pgtest-guard", dir) //nolint:noctx // it must outlive every context
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
	return os.WriteFile(filepath.Join(g.dir, name+".pid"), []byte(strconv.Itoa(pid)+"\n"), 0o600)
}

// forget ends that.
func (g *guard) forget(name string) { _ = os.Remove(filepath.Join(g.dir, name+".pid")) }

// close lets the guard put everything away and waits for its end.
func (g *guard) close() error {
	_ = g.alive.Close()
	_ = g.cmd.Wait() // it says nothing
	return os.RemoveAll(g.dir)
}

// tail returns the last n lines of s.
func tail(s string, n int) string {
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
