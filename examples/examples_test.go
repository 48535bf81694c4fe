// Package examples_test runs every example as a user would.
package examples_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// build builds every example into a temporary directory and returns it.
func build(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	out, err := exec.CommandContext(t.Context(), "go", "build", "-race", "-o", dir+"/", "./...").CombinedOutput()
	require.NoError(t, err, string(out))
	return dir
}

// run runs a program with -json and returns its verdict and exit code.
func run(t *testing.T, env []string, program string, args ...string) (verdict map[string]any, exit int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, append(args, "-json")...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.Output()
	if status, ok := errors.AsType[*exec.ExitError](err); ok {
		exit = status.ExitCode()
	} else {
		require.NoError(t, err)
	}
	require.NoError(t, json.Unmarshal(out, &verdict), "one JSON object on standard output: %s\n%s", out, stderr.String())
	if exit != 0 {
		t.Log(stderr.String())
	}
	return verdict, exit
}

func TestExamples(t *testing.T) {
	t.Parallel()
	flags := map[string][]string{"fullservice": {"-smoke"}}
	dir := build(t)
	programs, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.NotEmpty(t, programs)
	for _, p := range programs {
		t.Run(p.Name(), func(t *testing.T) {
			t.Parallel()
			verdict, exit := run(t, []string{"DATABASE_URL=", "STANDBY_URL=", "REDIS_URL="}, filepath.Join(dir, p.Name()), flags[p.Name()]...)
			require.Zero(t, exit, "%v", verdict)
			require.Equal(t, true, verdict["ok"], "%v", verdict)
			require.NotEmpty(t, verdict["claims"])
		})
	}
	t.Run("config's documentation", func(t *testing.T) {
		t.Parallel()
		verdict, exit := run(t, nil, filepath.Join(dir, "config"), "-check", "-docs", "config")
		require.Zero(t, exit, "%v", verdict)
	})
	for _, name := range []string{"quickstart", "fullservice", "metrics"} {
		t.Run(name+" without its database", func(t *testing.T) {
			t.Parallel()
			// Nothing listens on port 1, and the password must not be repeated.
			env := []string{"DATABASE_URL=postgres://app:hunter2@127.0.0.1:1/app?sslmode=disable"}
			verdict, exit := run(t, env, filepath.Join(dir, name), flags[name]...)
			require.Equal(t, 1, exit)
			require.Equal(t, false, verdict["ok"])
			text, err := json.Marshal(verdict)
			require.NoError(t, err)
			require.Contains(t, string(text), "refused")
			require.NotContains(t, string(text), "hunter2")
		})
	}
}
