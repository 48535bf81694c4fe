package pgtest_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/internal/pgtest"
)

// parentEnv makes this test binary start servers, print what must be gone after its end, and wait to be killed.
const parentEnv = "PGTEST_BE_PARENT"

func beParent() {
	ctx := context.Background()
	primary, err := pgtest.Start(ctx, pgtest.Config{})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	standby, err := primary.Standby(ctx, pgtest.StandbyConfig{Name: "s1"})
	if err == nil {
		_, err = pgtest.StartBouncer(ctx, pgtest.BouncerConfig{Server: primary})
	}
	if err == nil {
		err = primary.Restart(ctx) // it has another process id now
	}
	if err == nil {
		err = standby.Hang() // a stopped process does not notice that its parent died
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	for _, s := range []*pgtest.Server{primary, standby} {
		fmt.Println("dir", filepath.Dir(s.DataDir()))
		fmt.Println("pid", s.PID())
	}
	fmt.Println("ready")
	select {}
}

// The guard does not keep the number of a process that has ended: it would kill whoever has it next.
func TestGuardForgetsWhatHasEnded(t *testing.T) {
	t.Parallel()
	server := pgtest.New(t, pgtest.Config{})
	watched := func() []string {
		files, err := filepath.Glob(filepath.Join(filepath.Dir(server.DataDir()), "*.pid"))
		require.NoError(t, err)
		return files
	}
	for _, end := range []func() error{
		func() error { return server.Stop(t.Context()) }, func() error { return server.Crash(t.Context()) }, server.Kill,
	} {
		require.Len(t, watched(), 1)
		require.NoError(t, end())
		require.Empty(t, watched())
		require.NoError(t, server.Start(t.Context()))
	}
}

// kill -9 of the process that started servers leaves no process, no directory and no shared memory behind.
func TestEverythingDiesWithTheParent(t *testing.T) {
	t.Parallel()
	if _, err := pgtest.Find(); err != nil {
		pgtest.New(t, pgtest.Config{}) // skips or fails
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), parentEnv+"=1")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	others := ownedBy(t, nil)
	require.NoError(t, cmd.Start())
	var dirs []string
	var pids []int
	lines := bufio.NewScanner(out)
	for lines.Scan() && lines.Text() != "ready" {
		kind, value, _ := strings.Cut(lines.Text(), " ")
		switch kind {
		case "dir":
			dirs = append(dirs, value)
		case "pid":
			pid, err := strconv.Atoi(value)
			require.NoError(t, err)
			pids = append(pids, pid)
		default:
			require.FailNow(t, lines.Text())
		}
	}
	require.Len(t, dirs, 2)
	owned := slices.DeleteFunc(ownedBy(t, pids), func(id string) bool { return slices.Contains(others, id) })
	require.NotEmpty(t, owned)
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
	eventually(t, "processes gone", func() bool {
		for _, pid := range pids {
			if !dead(pid) {
				return false
			}
		}
		return true
	})
	for _, dir := range dirs {
		eventually(t, dir+" gone", func() bool { _, err := os.Stat(dir); return os.IsNotExist(err) })
	}
	eventually(t, "shared memory gone", func() bool {
		return !slices.ContainsFunc(ownedBy(t, pids), func(id string) bool { return slices.Contains(owned, id) })
	})
}

func dead(pid int) bool {
	state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return syscall.Kill(pid, 0) != nil
	}
	return strings.Contains(string(state), ") Z ")
}

// ownedBy lists the System V segments that were made by the given processes, or by any when none is given. A number
// alone tells little: those of segments and of processes are used again.
func ownedBy(t *testing.T, pids []int) []string {
	t.Helper()
	text, err := os.ReadFile("/proc/sysvipc/shm")
	if err != nil {
		t.Skip("no /proc/sysvipc/shm here")
	}
	var ids []string
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n")[1:] {
		fields := strings.Fields(line)
		if pid, err := strconv.Atoi(fields[4]); err == nil && (pids == nil || slices.Contains(pids, pid)) { // cpid
			ids = append(ids, fields[1]+" of "+fields[4])
		}
	}
	return ids
}
