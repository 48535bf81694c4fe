package pgtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// removeSharedMemory removes the System V segment of a server that was killed. The next start would do so, if nobody replaced
// the file that names it; a machine has a few thousand of them, for everybody.
func (s *Server) removeSharedMemory() {
	const line = 6 // of the key and the number, after the address to listen on
	text, _ := os.ReadFile(filepath.Join(s.data, "postmaster.pid"))
	lines := strings.Split(string(text), "\n")
	if len(lines) <= line {
		return
	}
	if words := strings.Fields(lines[line]); len(words) == 2 {
		_ = exec.Command("ipcrm", "-m", words[1]).Run() //nolint:noctx // it is short
	}
}
