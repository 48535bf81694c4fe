package sysmon_test

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics/sysmon"
)

// everything is a collector that was given two samples of a container whose files have every figure.
func everything(t *testing.T) *recorder {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("the machine's figures are not read from /proc here")
	}
	c := newRecorder()
	synctest.Test(t, func(t *testing.T) {
		root := machine(t, "v2-nested")
		s := newSampler(t, c, sysmon.Config{Root: root})
		for i := range 2 {
			write(t, root, "proc/stat", fmt.Sprintf("cpu  1\ncpu0 1%d00 0 500 8000 500 0 0 0 0 0\n", i))
			_, err := s.Sample(t.Context())
			require.NoError(t, err)
			time.Sleep(time.Second)
		}
	})
	return c
}

// The table in the documentation is complete and names nothing else.
func TestTableOfFigures(t *testing.T) {
	t.Parallel()
	c := everything(t)
	text, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	_, table, _ := strings.Cut(string(text), "# Figures")
	table, _, _ = strings.Cut(table, "# Concurrency")
	documented := regexp.MustCompile(`\b(system|runtime)_\w+`).FindAllString(table, -1)
	optional := []string{"runtime_memory_limit_bytes", "runtime_memory_headroom_bytes", "runtime_sched_latency_p99_seconds"}
	given := slices.DeleteFunc(slices.Sorted(maps.Keys(c.kinds)), func(name string) bool { return slices.Contains(optional, name) })
	documented = slices.DeleteFunc(documented, func(name string) bool { return slices.Contains(optional, name) })
	require.ElementsMatch(t, documented, given)
	for name, kind := range c.kinds {
		require.Equal(t, strings.HasSuffix(name, "_total"), kind == "counter", name)
	}
	for id, value := range c.all() {
		if strings.Contains(id, "_ratio") {
			require.GreaterOrEqual(t, value, 0.0, id)
			require.LessOrEqual(t, value, 1.0, id)
		}
	}
}

func TestPromtool(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("promtool"); err != nil {
		t.Skip("promtool is not installed; Debian has it in the package prometheus")
	}
	c := everything(t)
	var text strings.Builder
	last := ""
	for _, id := range slices.Sorted(maps.Keys(c.values)) {
		name, _, _ := strings.Cut(id, "{")
		if name != last {
			fmt.Fprintf(&text, "# HELP %s Help.\n# TYPE %[1]s %s\n", name, c.kinds[name])
		}
		last = name
		fmt.Fprintf(&text, "%s %v\n", id, c.values[id])
	}
	cmd := exec.CommandContext(t.Context(), "promtool", "check", "metrics")
	cmd.Stdin = strings.NewReader(text.String())
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Empty(t, string(out))
}
