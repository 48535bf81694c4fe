//go:build !linux

package pgtest

import (
	"context"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// children returns the processes whose parent is pid.
func children(pid int) []int {
	out, _ := exec.CommandContext(context.Background(), "ps", "-A", "-o", "pid=", "-o", "ppid=").Output()
	var pids []int
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		if len(fields) == 2 && fields[1] == strconv.Itoa(pid) {
			if child, err := strconv.Atoi(fields[0]); err == nil {
				pids = append(pids, child)
			}
		}
	}
	return pids
}

// gone reports whether a process has ended.
func gone(pid int) bool { return syscall.Kill(pid, 0) == syscall.ESRCH }
