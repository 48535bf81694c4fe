//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package rotate_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/logging/rotate"
)

// acknowledge writes lines, now and then one of many pages, and notes in another file which were acknowledged, until it is
// killed or its input ends: name, path, file of notes.
func acknowledge(args []string) error {
	name, path := args[0], args[1]
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0) // the test is gone
	}()
	notes, err := os.OpenFile(args[2], os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	f, err := rotate.Open(path, killConfig)
	if err != nil {
		return err
	}
	for i := 0; ; i++ {
		id := fmt.Sprintf("%s-%06d", name, i)
		filling := 20 + i%150
		if i%25 == 0 {
			filling = 30_000
		}
		if _, err := f.Write(line(id, filling)); err != nil {
			return err
		}
		if _, err := notes.WriteString(id + "\n"); err != nil {
			return err
		}
	}
}

var killConfig = rotate.Config{MaxBytes: 128 << 10, Backups: -1, CloseWait: -1}

func TestKill(t *testing.T) {
	t.Parallel()
	killWriters(t, 12)
}

func TestCampaignKill(t *testing.T) {
	campaign(t)
	killWriters(t, 200)
}

func killWriters(t *testing.T, kills int) {
	t.Helper()
	const atOnce = 3
	random := rand.New(rand.NewPCG(7, uint64(kills)))
	path := logPath(t)
	dir := filepath.Dir(path)
	var running []*exec.Cmd
	started := 0
	start := func() {
		notes := filepath.Join(dir, fmt.Sprintf("notes%d", started))
		cmd := child(t, "acknowledge", fmt.Sprintf("k%d", started), path, notes)
		started++
		_, err := cmd.StdinPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		running = append(running, cmd)
		require.Eventually(t, func() bool {
			info, err := os.Stat(notes)
			return err == nil && info.Size() > 0
		}, time.Minute, time.Millisecond)
	}
	kill := func(i int) {
		require.NoError(t, running[i].Process.Kill())
		require.ErrorContains(t, running[i].Wait(), "killed")
		running = append(running[:i], running[i+1:]...)
	}
	for range atOnce {
		start()
	}
	for range kills - atOnce {
		time.Sleep(time.Duration(random.IntN(30_000)) * time.Microsecond)
		kill(random.IntN(len(running)))
		start()
	}
	for len(running) > 0 { // the last one leaves a file that nobody has open
		kill(random.IntN(len(running)))
	}

	f := open(t, path, killConfig)
	_, err := f.Write(line("last-0", 10))
	require.NoError(t, err)
	require.NoError(t, f.Close())
	ids, torn := readBack(t, path)
	require.Equal(t, 1, ids["last-0"])
	acknowledged := 0
	for i := range started {
		notes, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("notes%d", i)))
		require.NoError(t, err)
		for id := range strings.Lines(string(notes)) {
			if id, whole := strings.CutSuffix(id, "\n"); whole {
				require.Equal(t, 1, ids[id], "%s was acknowledged", id)
				acknowledged++
			}
		}
	}
	for id, times := range ids {
		require.Equal(t, 1, times, id)
	}
	require.LessOrEqual(t, torn, started, "a process that is killed leaves one torn line at most")
	files, err := filepath.Glob(path + ".*.tmp")
	require.NoError(t, err)
	require.Empty(t, files, "what the killed left is cleaned up")
	t.Logf("%d kills, %d lines acknowledged, %d torn", started, acknowledged, torn)
}
