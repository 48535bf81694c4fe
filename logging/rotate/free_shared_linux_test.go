package rotate_test

import (
	"bufio"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Of several processes on a full disk, each may delete the oldest file while others write: what is left is the end of the log.
func TestFreeOnFullShared(t *testing.T) {
	t.Parallel()
	const processes, lines = 4, 8000
	dir := smallDisk(t, 4<<20)
	path := filepath.Join(dir, "application.log")
	var cmds []*exec.Cmd
	var starts []io.Closer
	var says []*bufio.Scanner
	for p := range processes {
		cmd := child(t, "full", fmt.Sprintf("p%d", p), path, lines)
		start, err := cmd.StdinPipe()
		require.NoError(t, err)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		s := bufio.NewScanner(out)
		require.True(t, s.Scan())
		cmds, starts, says = append(cmds, cmd), append(starts, start), append(says, s)
	}
	for _, start := range starts {
		require.NoError(t, start.Close())
	}
	var acknowledged []string
	for i, s := range says {
		for s.Scan() {
			acknowledged = append(acknowledged, s.Text())
		}
		require.NoError(t, cmds[i].Wait())
	}
	slices.Sort(acknowledged)
	slices.Reverse(acknowledged)

	ids, _ := readBack(t, path)
	twice := 0
	for id, times := range ids {
		require.LessOrEqual(t, times, 2, id)
		twice += times - 1
	}
	require.LessOrEqual(t, twice, 5, "only what lacked no more than its newline, one of 400 unfinished lines")
	missing := slices.IndexFunc(acknowledged, func(note string) bool {
		_, id, _ := strings.Cut(note, " ")
		return ids[id] == 0
	})
	require.Greater(t, len(ids), 4000)
	require.Greater(t, missing, len(ids)/2, "files are deleted whole, so the oldest of those that are left begin at different times")
	t.Logf("%d acknowledged, %d left, the latest %d without a gap", len(acknowledged), len(ids), missing)
}
