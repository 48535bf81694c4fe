//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package rotate_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/logging/rotate"
)

// writeLines opens the log, says so, waits for the end of its input, and writes: name, path, number of lines, MaxBytes.
func writeLines(args []string) error {
	name, path := args[0], args[1]
	n, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	maxBytes, err := strconv.ParseInt(args[3], 10, 64)
	if err != nil {
		return err
	}
	f, err := rotate.Open(path, rotate.Config{MaxBytes: maxBytes, Backups: -1, CloseWait: -1, OnError: func(err error) {
		fmt.Fprintln(os.Stderr, name, err)
	}})
	if err != nil {
		return err
	}
	fmt.Println("ready")
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	for i := range n {
		if _, err := f.Write(line(fmt.Sprintf("%s-%06d", name, i), 20+i%150)); err != nil {
			return err
		}
	}
	if s := f.Stats(); s.Lost != 0 || s.Lines != int64(n) {
		return fmt.Errorf("%s: %+v", name, s)
	}
	return f.Close()
}

// writeFull writes more lines than the disk has room for, and says when each was acknowledged: name, path, number of lines.
func writeFull(args []string) error {
	name, path := args[0], args[1]
	n, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	f, err := rotate.Open(path, rotate.Config{MaxBytes: 64 << 10, Backups: -1, FreeOnFull: true, Codec: rotate.None{}, CloseWait: -1})
	if err != nil {
		return err
	}
	fmt.Println("ready")
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	var notes strings.Builder
	for i := range n {
		id := fmt.Sprintf("%s-%06d", name, i)
		_, err := f.Write(line(id, 300+i%200))
		switch {
		case err == nil:
			fmt.Fprintf(&notes, "%020d %s\n", time.Now().UnixNano(), id)
		case !errors.Is(err, syscall.ENOSPC): // that is left when all that could be deleted is in use
			return err
		}
	}
	if err := f.Close(); err != nil {
		return err
	}
	fmt.Print(notes.String())
	return nil
}

func TestProcesses(t *testing.T) {
	t.Parallel()
	shareFile(t, 8, 1500, 64<<10)
}

func TestCampaignProcesses(t *testing.T) {
	campaign(t)
	shareFile(t, 8, 20_000, 1<<20)
}

func shareFile(t *testing.T, processes, lines int, maxBytes int64) {
	t.Helper()
	path := logPath(t)
	var cmds []*exec.Cmd
	var starts []io.Closer
	for p := range processes {
		cmd := child(t, "lines", fmt.Sprintf("p%d", p), path, lines, maxBytes)
		start, err := cmd.StdinPipe()
		require.NoError(t, err)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		said, err := bufio.NewReader(out).ReadString('\n')
		require.NoError(t, err)
		require.Equal(t, "ready\n", said)
		cmds, starts = append(cmds, cmd), append(starts, start)
	}
	for _, start := range starts {
		require.NoError(t, start.Close())
	}
	for _, cmd := range cmds {
		require.NoError(t, cmd.Wait())
	}
	require.NoError(t, open(t, path, rotate.Config{MaxBytes: maxBytes, Backups: -1, CloseWait: -1}).Close())

	ids, corrupt := readBack(t, path)
	require.Zero(t, corrupt)
	require.Equal(t, processes*lines, len(ids)) //nolint:testifylint // Len prints them all
	for id, times := range ids {
		require.Equal(t, 1, times, id)
	}
	backups, err := rotate.Backups(path)
	require.NoError(t, err)
	require.Greater(t, len(backups), 4)
	inFiles := 0
	for _, b := range backups {
		if !b.Live() {
			require.Equal(t, ".gz", b.Ext, "every backup is compressed when all are done")
		}
		last := map[string]string{}
		for _, id := range idsIn(t, b) {
			name, _, _ := strings.Cut(id, "-")
			require.Greater(t, id, last[name], "lines of a process are in order in %s", b.Path)
			last[name] = id
			inFiles++
		}
	}
	require.Equal(t, processes*lines, inFiles)
	t.Logf("%d lines in %d files", inFiles, len(backups))
}
