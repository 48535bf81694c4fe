package sysmon_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics"
	"github.com/prodwright/prodwright/metrics/sysmon"
)

// Trees that a change makes unusual: what is found and what is said about the rest.
func TestUnusualGroups(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the machine's figures are not read from /proc here")
	}
	const (
		cpu       = "sys/fs/cgroup/cpu,cpuacct/"
		memory    = "sys/fs/cgroup/memory/"
		namespace = "sys/fs/cgroup/"
		mounts    = "proc/self/mountinfo"
	)
	for name, tc := range map[string]struct {
		tree   string
		files  map[string]string // "" removes one
		errors []string
		check  func(t *testing.T, s sysmon.Snapshot)
	}{
		"the quota has no period": {"v1-docker", map[string]string{cpu + "cpu.cfs_period_us": ""}, []string{"cpu.cfs_period_us does not exist"}, cpuUnknown},
		"the period is 0":         {"v1-docker", map[string]string{cpu + "cpu.cfs_period_us": "0"}, []string{"/sys/fs/cgroup/cpu,cpuacct: the period is 0"}, cpuUnknown},
		"the quota is 0":          {"v2-namespace", map[string]string{namespace + "cpu.max": "0 100000"}, []string{"cpu.max: the quota is 0"}, cpuUnknown},
		"the CPU time is in another group": {
			"v1-docker",
			map[string]string{
				"proc/self/cgroup":                      "3:cpu:/docker/0123abcd\n2:cpuacct:/elsewhere\n",
				mounts:                                  "33 31 0:33 /docker/0123abcd /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu\n34 31 0:34 / /sys/fs/cgroup rw - cgroup cgroup rw,cpuacct\n",
				"sys/fs/cgroup/elsewhere/cpuacct.usage": "1",
			},
			[]string{"the CPU time of group /docker/0123abcd, which is limited, cannot be read"},
			func(t *testing.T, s sysmon.Snapshot) {
				t.Helper()
				require.InDelta(t, 1.5, *s.CPU.Limit, 0)
			},
		},
		"memory.stat is missing": {"v2-namespace", map[string]string{namespace + "memory.stat": ""}, []string{"memory.stat does not exist"}, memoryUnknown},
		"the tightest of two limits is known, its use is not": {
			"v2-nested", map[string]string{podDir + "/memory.current": ""}, []string{"memory.current does not exist"},
			func(t *testing.T, s sysmon.Snapshot) {
				t.Helper()
				memoryUnknown(t, s)
				require.InDelta(t, 512*mib, *s.Memory.Limit, 0)
			},
		},
		"memory.stat has no inactive files": {"v2-namespace", map[string]string{namespace + "memory.stat": "anon 1"}, []string{"memory.stat has no inactive_file"}, memoryUnknown},
		"more inactive files than memory": {
			"v2-namespace", map[string]string{namespace + "memory.stat": "inactive_file 999999999999"}, nil,
			func(t *testing.T, s sysmon.Snapshot) {
				t.Helper()
				require.InDelta(t, 0, *s.Memory.WorkingSet, 0)
				require.InDelta(t, 0, *s.Memory.Usage, 0)
			},
		},
		"more memory than the limit": {
			"v2-namespace", map[string]string{namespace + "memory.current": "999999999999"}, nil,
			func(t *testing.T, s sysmon.Snapshot) {
				t.Helper()
				require.InDelta(t, 1, *s.Memory.Usage, 0)
				require.InDelta(t, 0, *s.Memory.Available, 0)
			},
		},
		"an old kernel does not count kills": {
			"v1-docker", map[string]string{memory + "memory.oom_control": "oom_kill_disable 0\nunder_oom 0\n"}, nil,
			func(t *testing.T, s sysmon.Snapshot) {
				t.Helper()
				require.Nil(t, s.Memory.OOMKills, "the machine's are another figure")
			},
		},
		"nor does the machine": {
			"v2-missing", map[string]string{"proc/vmstat": "nr_free_pages 1"}, nil,
			func(t *testing.T, s sysmon.Snapshot) {
				t.Helper()
				require.Nil(t, s.Memory.OOMKills)
			},
		},
		"a kernel without pressure": {
			"v1-docker", map[string]string{"proc/pressure/cpu": "", "proc/pressure/memory": "", "proc/pressure/io": ""}, nil,
			func(t *testing.T, s sysmon.Snapshot) {
				t.Helper()
				require.Equal(t, sysmon.Pressure{}, s.Pressure)
				require.Equal(t, sysmon.Pressure{}, s.Host.Pressure)
			},
		},
		"two mounts, of which one shows the ancestors": {
			"v2-nested",
			map[string]string{
				mounts:                 "1 2 0:3 /kubepods.slice/kubepods-pod1.slice/cri-containerd-abc.scope /elsewhere rw - cgroup2 cgroup2 rw\n4 2 0:3 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
				"elsewhere/memory.max": "1",
			},
			nil,
			func(t *testing.T, s sysmon.Snapshot) {
				t.Helper()
				require.Equal(t, "/kubepods.slice/kubepods-pod1.slice", s.Memory.Group)
			},
		},
		"a mount that another one hides": {
			"v2-namespace", map[string]string{mounts: "1 2 0:3 / /gone rw - cgroup2 cgroup2 rw\n4 2 0:3 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"}, nil,
			func(t *testing.T, s sysmon.Snapshot) {
				t.Helper()
				require.InDelta(t, 256*mib, *s.Memory.Limit, 0)
			},
		},
		"version 1 without the memory controller, version 2 not mounted": {
			"v1-docker", map[string]string{"proc/self/cgroup": "10:cpu,cpuacct:/docker/0123abcd\n0::/docker/0123abcd\n"}, nil,
			func(t *testing.T, s sysmon.Snapshot) {
				t.Helper()
				require.InDelta(t, 1.5, *s.CPU.Limit, 0)
				require.False(t, s.Memory.Limited)
				require.InDelta(t, 16.0*gib, *s.Memory.Limit, 0)
			},
		},
		"a file that cannot be read": {
			"v2-namespace", map[string]string{namespace + "memory.max/x": "a directory", namespace + "memory.max": ""}, []string{"memory.max: is a directory"},
			memoryUnknown,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := machine(t, tc.tree)
			for file, text := range tc.files {
				if text == "" {
					require.NoError(t, os.Remove(filepath.Join(root, file)))
				}
			}
			for file, text := range tc.files {
				if text != "" {
					write(t, root, file, text)
				}
			}
			s, err := newSampler(t, metrics.Discard{}, sysmon.Config{Root: root}).Sample(t.Context())
			for _, want := range tc.errors {
				require.ErrorContains(t, err, want)
			}
			require.Len(t, s.Unread, len(tc.errors), "%v", err)
			tc.check(t, s)
		})
	}
}

// cpuUnknown checks that there is no figure of the CPU that could be taken for the group's.
func cpuUnknown(t *testing.T, s sysmon.Snapshot) {
	t.Helper()
	require.Nil(t, s.CPU.Limit)
	require.Nil(t, s.CPU.Usage)
	require.NotNil(t, s.Memory.Usage)
}

func memoryUnknown(t *testing.T, s sysmon.Snapshot) {
	t.Helper()
	require.Nil(t, s.Memory.WorkingSet)
	require.Nil(t, s.Memory.Usage)
	require.NotNil(t, s.CPU.Limit)
}
