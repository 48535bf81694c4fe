package sysmon_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// limited makes real control groups: an outer one, which may use a fifth of a CPU and 64 MiB, and an inner one without a
// limit. The outer one's weight lets it have its fifth however busy the machine is. It returns the path of the outer one and the files through which a process gets into the inner one.
func limited(t *testing.T) (outer string, procs []string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("making control groups takes root")
	}
	name := fmt.Sprintf("sysmon-test-%d", os.Getpid())
	if _, err := os.Stat("/sys/fs/cgroup/cgroup.controllers"); err == nil {
		text, err := os.ReadFile("/sys/fs/cgroup/cgroup.subtree_control")
		require.NoError(t, err)
		given := strings.Fields(string(text))
		for _, c := range []string{"cpu", "memory"} {
			if !strings.Contains(" "+strings.Join(given, " ")+" ", " "+c+" ") {
				t.Skipf("the root group of version 2 gives no group the controller %s", c)
			}
		}
		dir := filepath.Join("/sys/fs/cgroup", name)
		makeGroup(t, dir, "cpu.max=20000 100000", "cpu.weight=10000", "memory.max=67108864", "memory.swap.max?=0", "cgroup.subtree_control=+cpu +memory")
		makeGroup(t, filepath.Join(dir, "inner"))
		return "/" + name, []string{filepath.Join(dir, "inner/cgroup.procs")}
	}
	for controller, settings := range map[string][]string{
		"cpu":     {"cpu.cfs_period_us=100000", "cpu.cfs_quota_us=20000", "cpu.shares=262144"},
		"cpuacct": nil,
		"memory":  {"memory.limit_in_bytes=67108864", "memory.memsw.limit_in_bytes?=67108864"},
	} {
		dir, err := filepath.EvalSymlinks(filepath.Join("/sys/fs/cgroup", controller))
		if err != nil {
			t.Skipf("there is no control group of %s: %v", controller, err)
		}
		dir = filepath.Join(dir, name)
		if _, err := os.Stat(dir); err != nil { // cpu and cpuacct may be one
			makeGroup(t, dir)
			makeGroup(t, filepath.Join(dir, "inner"))
		}
		for _, s := range settings {
			set(t, dir, s)
		}
		procs = append(procs, filepath.Join(dir, "inner/cgroup.procs"))
	}
	// Beside version 1, version 2 may be there for the pressure only.
	if _, err := os.Stat("/sys/fs/cgroup/unified/cgroup.procs"); err == nil {
		dir := filepath.Join("/sys/fs/cgroup/unified", name)
		makeGroup(t, dir)
		makeGroup(t, filepath.Join(dir, "inner"))
		procs = append(procs, filepath.Join(dir, "inner/cgroup.procs"))
	}
	return "/" + name, procs
}

// makeGroup makes a group for the time of the test.
func makeGroup(t *testing.T, dir string, settings ...string) {
	t.Helper()
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Skipf("control groups cannot be made: %v", err)
	}
	t.Cleanup(func() { require.NoError(t, os.Remove(dir)) })
	for _, s := range settings {
		set(t, dir, s)
	}
}

// set writes "file=value". With "?=" the file need not exist.
func set(t *testing.T, dir, setting string) {
	t.Helper()
	name, value, _ := strings.Cut(setting, "=")
	name, optional := strings.CutSuffix(name, "?")
	if _, err := os.Stat(filepath.Join(dir, name)); err != nil && optional {
		return
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(value), 0))
}

// A process in real control groups sees what it may use, and that it is at the limit, whatever the machine does.
func TestRealControlGroup(t *testing.T) {
	t.Parallel()
	outer, procs := limited(t)
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "SYSMON_CHILD="+strings.Join(procs, string(filepath.ListSeparator)))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	defer stdin.Close()
	out, err := cmd.Output()
	require.NoError(t, err, "%s", stderr.String())
	var m measured
	require.NoError(t, json.Unmarshal(out, &m))

	c := m.Busy.CPU
	t.Logf("busy: %.3f of %.1f CPUs (%.3f cores), %.2f of the periods throttled; the machine: %.2f of %.0f CPUs",
		*c.Usage, *c.Limit, *c.Used, *c.Throttled, *m.Busy.Host.CPUUsage, *m.Busy.Host.CPUs)
	require.True(t, m.Busy.Limited)
	require.True(t, c.Limited)
	require.Equal(t, outer, c.Group)
	require.InDelta(t, 0.2, *c.Limit, 1e-9)
	require.GreaterOrEqual(t, *c.Usage, 0.9)
	require.LessOrEqual(t, *c.Usage, 1.0)
	require.Less(t, *c.Used / *m.Busy.Host.CPUs, *c.Usage/2, "of the machine it is far less")
	require.Positive(t, *c.Throttled)
	require.Positive(t, *c.ThrottledPeriods)
	require.Positive(t, *c.ThrottledSeconds)

	if p := m.Busy.Pressure; p.CPU.SomeSeconds == nil {
		t.Log("the kernel does not measure pressure")
	} else if p.Group != "" {
		t.Logf("pressure: some tasks waited %.3f s for a CPU; the machine: %.3f s", *p.CPU.SomeSeconds, *m.Busy.Host.Pressure.CPU.SomeSeconds)
		require.Equal(t, outer+"/inner", p.Group)
		require.Positive(t, *p.CPU.SomeSeconds, "they were throttled")
	}

	before, filled := m.Before.Memory, m.Filled.Memory
	t.Logf("memory: %.0f bytes, then %.0f of %.0f (%.2f); the machine has %.0f", *before.WorkingSet, *filled.WorkingSet,
		*filled.Limit, *filled.Usage, *m.Filled.Host.Memory)
	require.True(t, filled.Limited)
	require.Equal(t, outer, filled.Group)
	require.InDelta(t, 64*mib, *filled.Limit, 0)
	require.Greater(t, *filled.WorkingSet, *before.WorkingSet+filledBytes*2/3)
	require.Greater(t, *filled.Usage, 0.25)
	require.LessOrEqual(t, *filled.Usage, 1.0)
	require.Greater(t, *m.Filled.Host.Memory, *filled.Limit)

	t.Logf("out of memory: %.0f, then %.0f", *filled.OOMKills, *m.After.Memory.OOMKills)
	require.True(t, m.Killed)
	require.InDelta(t, 0, *filled.OOMKills, 0)
	require.InDelta(t, 1, *m.After.Memory.OOMKills, 0)
	require.Contains(t, strings.Join(m.After.Sources, "\n"), outer+"/inner/memory.")
}
