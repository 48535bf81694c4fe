package bench

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// program returns where a program is. Without it, the test is skipped; in CI it fails.
func program(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		const how = " is missing: scripts/setup.sh campaign installs it"
		if os.Getenv("CI") != "" {
			t.Fatal(name + how)
		}
		t.Skip(name + how)
	}
	return path
}

// account returns the user that servers run as: postgres when this one is root.
func account(t *testing.T) *syscall.Credential {
	t.Helper()
	if os.Getuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	require.NoError(t, err)
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	require.NoError(t, err)
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	require.NoError(t, err)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

// directory makes one that the account can enter, which is removed after the test.
func directory(t *testing.T, as *syscall.Credential) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "pwp") //nolint:usetesting // the account must reach it, and the path of a unix socket must be short
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if as != nil {
		require.NoError(t, os.Chown(dir, int(as.Uid), int(as.Gid)))
	}
	return dir
}

// start starts a program that ends with the test, or with this process. What it says is in the file log of dir.
func start(t *testing.T, as *syscall.Credential, dir string, args ...string) *exec.Cmd {
	t.Helper()
	log, err := os.OpenFile(filepath.Join(dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	defer func() { _ = log.Close() }()
	cmd := exec.Command(args[0], args[1:]...) // it ends by signals
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "PG") || strings.HasPrefix(v, "HOME=") })
	cmd.Env = append(cmd.Env, "HOME="+dir, "ETCD_UNSUPPORTED_ARCH=arm64")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: as, Pdeathsig: syscall.SIGTERM}
	require.NoError(t, cmd.Start())
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
	})
	return cmd
}

// family returns a process and all that it and its children have started and that live.
func family(pid int) (pids []int) {
	parents := map[int][]int{}
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		child, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		text, err := os.ReadFile(filepath.Join("/proc", e.Name(), "stat"))
		if err != nil {
			continue // it has ended
		}
		_, rest, _ := strings.Cut(string(text[bytes.LastIndexByte(text, ')'):]), " ")
		var state string
		var parent int
		if _, err := fmt.Sscan(rest, &state, &parent); err == nil && state != "Z" {
			parents[parent] = append(parents[parent], child)
		}
	}
	pids = []int{pid}
	for i := 0; i < len(pids); i++ {
		pids = append(pids, parents[pids[i]]...)
	}
	return pids
}

// signalAll sends a signal to whole families. Before SIGKILL it stops them, so that none of them does anything meanwhile.
func signalAll(sig syscall.Signal, roots ...int) {
	if sig == syscall.SIGKILL {
		signalAll(syscall.SIGSTOP, roots...)
	}
	var all []int
	for _, root := range roots {
		all = append(all, family(root)...)
	}
	for _, pid := range all {
		_ = syscall.Kill(pid, sig) // it may have ended
	}
	if sig == syscall.SIGKILL {
		for _, pid := range all {
			for range 1000 {
				if syscall.Kill(pid, 0) != nil || zombie(pid) {
					break
				}
				time.Sleep(time.Millisecond)
			}
		}
	}
}

func zombie(pid int) bool {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	return err != nil || strings.Contains(string(text), ") Z ")
}
