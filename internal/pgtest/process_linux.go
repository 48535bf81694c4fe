package pgtest

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// stat returns the state and the parent of a process (proc(5): the fields behind the name, which is in parentheses).
func stat(pid string) (state string, parent int, ok bool) {
	text, err := os.ReadFile(filepath.Join("/proc", pid, "stat"))
	if err != nil {
		return "", 0, false
	}
	_, rest, _ := strings.Cut(string(text[bytes.LastIndexByte(text, ')'):]), " ")
	fields := strings.Fields(rest)
	if len(fields) < 2 {
		return "", 0, false
	}
	parent, err = strconv.Atoi(fields[1])
	return fields[0], parent, err == nil
}

// children returns the processes whose parent is pid.
func children(pid int) []int {
	entries, _ := os.ReadDir("/proc")
	var pids []int
	for _, e := range entries {
		child, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if _, parent, ok := stat(e.Name()); ok && parent == pid {
			pids = append(pids, child)
		}
	}
	return pids
}

// gone reports whether a process has ended. One that nobody waits for stays as a zombie and counts as ended.
func gone(pid int) bool {
	state, _, ok := stat(strconv.Itoa(pid))
	return !ok || state == "Z" || state == "X"
}
