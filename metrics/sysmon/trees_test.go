package sysmon_test

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics"
	"github.com/prodwright/prodwright/metrics/sysmon"
)

const (
	mib = 1 << 20
	gib = 1 << 30
)

// figures are those of a first sample that depend on control groups; nil is "absent".
type figures struct {
	cpu            bool
	cpuGroup       string
	cores          *float64
	periods        *float64
	throttled      *float64
	throttledFor   *float64
	memory         bool
	memoryGroup    string
	limit          *float64
	workingSet     *float64
	usage          *float64
	kills          *float64
	pressureGroup  string
	pressureOfCPUs *float64
}

func TestLimits(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the machine's figures are not read from /proc here")
	}
	const pod = "/kubepods.slice/kubepods-pod1.slice"
	const container = pod + "/cri-containerd-abc.scope"
	unlimited := figures{ // the machine's four CPUs and 16 GiB, half of which are used
		cores: new(4.0), limit: new(16.0 * gib), workingSet: new(8.0 * gib), usage: new(0.5), kills: new(3.0), pressureOfCPUs: new(0.1),
	}
	of := func(change func(*figures)) figures {
		f := unlimited
		change(&f)
		return f
	}
	for tree, want := range map[string]figures{
		"machine": unlimited,
		"v2-nested": {
			// The container may use half a CPU, the pod two. Of memory the pod has less than the container might.
			cpu: true, cpuGroup: container, cores: new(0.5), periods: new(300.0), throttled: new(50.0), throttledFor: new(2.5),
			memory: true, memoryGroup: pod, limit: new(512.0 * mib), workingSet: new(384.0 * mib), usage: new(0.75), kills: new(2.0),
			pressureGroup: container, pressureOfCPUs: new(0.5),
		},
		"v2-max":   of(func(f *figures) { f.kills = new(1.0) }),
		"v2-above": of(func(f *figures) { f.kills = new(1.0) }),
		"v2-high-cpuset": {
			cpu: true, cpuGroup: "/app", cores: new(2.0),
			memory: true, memoryGroup: "/app", limit: new(256.0 * mib), workingSet: new(192.0 * mib), usage: new(0.75), kills: new(0.0),
			pressureOfCPUs: new(0.1),
		},
		"v2-missing": of(func(f *figures) {
			f.memory, f.memoryGroup, f.limit, f.workingSet, f.usage = true, "/user.slice", new(128.0*mib), new(64.0*mib), new(0.5)
		}),
		"v2-namespace": {
			cpu: true, cpuGroup: "/", cores: new(0.5), periods: new(100.0), throttled: new(40.0), throttledFor: new(2.0),
			memory: true, memoryGroup: "/", limit: new(256.0 * mib), workingSet: new(128.0 * mib), usage: new(0.5), kills: new(5.0),
			pressureOfCPUs: new(0.1),
		},
		"v1-docker": {
			cpu: true, cpuGroup: "/docker/0123abcd", cores: new(1.5), periods: new(50.0), throttled: new(5.0), throttledFor: new(1.5),
			memory: true, memoryGroup: "/docker/0123abcd", limit: new(256.0 * mib), workingSet: new(128.0 * mib), usage: new(0.5), kills: new(4.0),
			pressureOfCPUs: new(0.1),
		},
		"hybrid": { // the slice around the service is fuller than the service
			cpu: true, cpuGroup: "/system.slice/my app.service", cores: new(2.0), periods: new(8.0), throttled: new(2.0), throttledFor: new(0.5),
			memory: true, memoryGroup: "/system.slice", limit: new(1024.0 * mib), workingSet: new(768.0 * mib), usage: new(0.75), kills: new(1.0),
			pressureGroup: "/system.slice/my app.service", pressureOfCPUs: new(0.08),
		},
		"v1-none": unlimited,
	} {
		t.Run(tree, func(t *testing.T) {
			t.Parallel()
			root := machine(t, strings.Fields(strings.ReplaceAll(tree, "machine", ""))...)
			s, err := newSampler(t, metrics.Discard{}, sysmon.Config{Root: root}).Sample(t.Context())
			require.NoError(t, err)
			require.Empty(t, s.Unread)
			require.Equal(t, want, figures{
				s.CPU.Limited, s.CPU.Group, s.CPU.Limit, s.CPU.Periods, s.CPU.ThrottledPeriods, s.CPU.ThrottledSeconds,
				s.Memory.Limited, s.Memory.Group, s.Memory.Limit, s.Memory.WorkingSet, s.Memory.Usage, s.Memory.OOMKills,
				s.Pressure.Group, s.Pressure.CPU.Some,
			})
			require.Equal(t, want.cpu || want.memory, s.Limited)
			require.True(t, slices.IsSorted(s.Sources))
			require.InDelta(t, *want.limit-*want.workingSet, *s.Memory.Available, 0)
			// Rates take two samples.
			require.Nil(t, s.Window)
			require.Nil(t, s.CPU.Usage)
			require.Nil(t, s.CPU.Used)
			require.Nil(t, s.CPU.Throttled)
			require.Nil(t, s.Host.CPUUsage)
			require.Nil(t, s.Runtime.GCCPU)
			// The machine's are its own, whatever the limits.
			require.InDelta(t, 4, *s.Host.CPUs, 0)
			require.InDelta(t, 16.0*gib, *s.Host.Memory, 0)
			require.InDelta(t, 8.0*gib, *s.Host.MemoryAvailable, 0)
			require.InDelta(t, 0.5, *s.Host.MemoryUsage, 0)
			require.InDelta(t, 0.1, *s.Host.Pressure.CPU.Some, 0)
			require.InDelta(t, 1000, *s.Network.SentBytes, 0, "eth0 and eth1, not lo")
			require.InDelta(t, 6000, *s.Network.ReceivedBytes, 0)
			for _, source := range s.Sources {
				require.FileExists(t, filepath.Join(root, source))
			}
		})
	}
}

// What should be there and cannot be read is absent and named, and never the machine's instead.
func TestLimitsThatAreNotVisible(t *testing.T) {
	t.Parallel()
	for tree, wrong := range map[string][]string{
		"v2-outside":   {"the group / of version 2 is not visible where its hierarchy is mounted"},
		"v2-unmounted": {"the groups of version 2 are not mounted"},
	} {
		t.Run(tree, func(t *testing.T) {
			t.Parallel()
			s, err := sample(t, tree)
			require.EqualError(t, err, "sysmon: "+strings.Join(wrong, "\n"))
			require.Equal(t, wrong, s.Unread)
			require.Equal(t, sysmon.CPU{}, s.CPU)
			require.Equal(t, sysmon.Memory{}, s.Memory)
			require.False(t, s.Limited)
			require.NotNil(t, s.Host.Memory)
			require.NotNil(t, s.Network.SentBytes)
		})
	}
	t.Run("no mountinfo", func(t *testing.T) {
		t.Parallel()
		root := machine(t, "v2-nested")
		require.NoError(t, os.Remove(filepath.Join(root, "proc/self/mountinfo")))
		s, err := newSampler(t, newRecorder(), sysmon.Config{Root: root}).Sample(t.Context())
		require.EqualError(t, err, "sysmon: /proc/self/mountinfo does not exist")
		require.Equal(t, sysmon.CPU{}, s.CPU)
	})
	t.Run("no group of that name", func(t *testing.T) {
		t.Parallel()
		root := machine(t, "v1-docker")
		write(t, root, "proc/self/cgroup", "4:memory:/docker/0123abcd/gone\n")
		s, err := newSampler(t, newRecorder(), sysmon.Config{Root: root}).Sample(t.Context())
		require.EqualError(t, err, "sysmon: the group /docker/0123abcd/gone of memory is not visible where its hierarchy is mounted")
		require.Equal(t, sysmon.Memory{}, s.Memory)
		require.NotNil(t, s.CPU.Limit, "there is no controller that could limit it")
	})
}

// A limit of which the use is not known hides the use of the others: they are not what stops the process first.
func TestUseThatCannotBeRead(t *testing.T) {
	t.Parallel()
	c := newRecorder()
	root := machine(t, "v2-broken")
	s, err := newSampler(t, c, sysmon.Config{Root: root}).Sample(t.Context())
	require.ErrorContains(t, err, "the CPU time of group /app, which is limited, cannot be read")
	require.ErrorContains(t, err, `/sys/fs/cgroup/app/memory.current: "soup" is no number`)
	require.ErrorContains(t, err, `/sys/fs/cgroup/app/memory.pressure: no line is "some avg10=…"`)
	require.Len(t, s.Unread, 3)
	require.True(t, s.CPU.Limited)
	require.InDelta(t, 0.5, *s.CPU.Limit, 0)
	require.True(t, s.Memory.Limited)
	require.InDelta(t, 128*mib, *s.Memory.Limit, 0)
	require.Nil(t, s.Memory.WorkingSet)
	require.Nil(t, s.Memory.Usage)
	require.Nil(t, s.Memory.Available)
	values := c.all()
	require.NotContains(t, values, "system_memory_usage_ratio")
	require.NotContains(t, values, "system_cpu_usage_ratio")
	require.NotContains(t, values, `system_pressure_ratio{kind="some",resource="cpu"}`, "the machine's is another one's")
	require.InDelta(t, 3, values["system_sample_problems"], 0)
	require.InDelta(t, 1, values[`system_limited{resource="cpu"}`], 0)
}

// With nothing at all there is an error, no figure but the runtime's and the disk's, and no panic.
func TestEmptyMachine(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the machine's figures are not read from /proc here")
	}
	c := newRecorder()
	s, err := newSampler(t, c, sysmon.Config{Root: t.TempDir(), Paths: []string{"/", "absent"}}).Sample(t.Context())
	for _, what := range []string{"the machine's CPU times: no CPU is listed", "the machine's memory: ", "the traffic of the network interfaces: ", "disk absent: no such file"} {
		require.ErrorContains(t, err, what)
	}
	require.Len(t, s.Unread, 4)
	require.Equal(t, sysmon.CPU{}, s.CPU)
	require.Equal(t, sysmon.Memory{}, s.Memory)
	require.Equal(t, sysmon.Host{}, s.Host)
	require.Equal(t, sysmon.Network{}, s.Network)
	require.Len(t, s.Disks, 1)
	for name := range c.all() {
		require.Regexp(t, `^(runtime_|system_disk_|system_sample_)`, name)
	}
}

func TestInterfaces(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the machine's figures are not read from /proc here")
	}
	root := machine(t)
	s, err := newSampler(t, newRecorder(), sysmon.Config{Root: root, Interfaces: []string{"eth1", "wlan0"}}).Sample(t.Context())
	require.EqualError(t, err, "sysmon: there is no network interface wlan0")
	require.InDelta(t, 300, *s.Network.SentBytes, 0)
	s, err = newSampler(t, newRecorder(), sysmon.Config{Root: root, Interfaces: []string{}}).Sample(t.Context())
	require.NoError(t, err)
	require.Nil(t, s.Network.SentBytes, "nothing is counted, which is not 0")
	s, err = newSampler(t, newRecorder(), sysmon.Config{Root: root, Interfaces: []string{"lo"}}).Sample(t.Context())
	require.NoError(t, err)
	require.InDelta(t, 99999999, *s.Network.SentBytes, 0)
}

func TestDisks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := newSampler(t, newRecorder(), sysmon.Config{Paths: []string{dir, "/absent/path"}}).Sample(t.Context())
	require.ErrorContains(t, err, "disk /absent/path: ")
	require.Len(t, s.Disks, 1)
	d := s.Disks[0]
	require.Equal(t, dir, d.Path)
	require.Positive(t, *d.Size)
	require.LessOrEqual(t, *d.Free, *d.Size)
	require.GreaterOrEqual(t, *d.Usage, 0.0)
	require.LessOrEqual(t, *d.Usage, 1.0)
	if runtime.GOOS == "linux" {
		_, err = newSampler(t, newRecorder(), sysmon.Config{Paths: []string{"/proc"}}).Sample(t.Context())
		require.ErrorContains(t, err, "disk /proc has no size")
	}
}
