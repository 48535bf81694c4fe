package sysmon_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics"
	"github.com/prodwright/prodwright/metrics/sysmon"
)

const (
	podDir       = "sys/fs/cgroup/kubepods.slice/kubepods-pod1.slice"
	containerDir = podDir + "/cri-containerd-abc.scope"
)

func cpuStat(t *testing.T, root, dir string, usage time.Duration, periods, throttled int, waited time.Duration) {
	t.Helper()
	write(t, root, dir+"/cpu.stat", fmt.Sprintf("usage_usec %d\nnr_periods %d\nnr_throttled %d\nthrottled_usec %d\n",
		usage.Microseconds(), periods, throttled, waited.Microseconds()))
}

// The time between the samples is exact in a bubble, so the rates are.
func TestRates(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the machine's figures are not read from /proc here")
	}
	synctest.Test(t, func(t *testing.T) {
		root, c := machine(t, "v2-nested"), newRecorder()
		s := newSampler(t, c, sysmon.Config{Root: root})
		_, err := s.Sample(t.Context())
		require.NoError(t, err)
		require.NotContains(t, c.all(), "system_cpu_usage_ratio")
		require.NotContains(t, c.all(), "system_cpu_throttled_ratio")
		require.InDelta(t, 0, c.has(t, "system_oom_kills_total"), 0, "what happened before is not counted")

		time.Sleep(10 * time.Second)
		cpuStat(t, root, podDir, 26*time.Second, 300, 20, 600*time.Millisecond)        // 6 s in 10 s of 2 CPUs
		cpuStat(t, root, containerDir, 14*time.Second, 200, 90, 4500*time.Millisecond) // 4 s in 10 s of half a CPU
		write(t, root, containerDir+"/memory.events", "oom 4\noom_kill 4\n")
		write(t, root, "proc/stat", "cpu  1\n"+strings.Repeat("cpu0 1200 0 600 8600 600 0 0 0 0 0\n", 4)) // 300 of 1000 ticks each
		snapshot, err := s.Sample(t.Context())
		require.NoError(t, err)
		require.InDelta(t, 10, *snapshot.Window, 0)
		require.InDelta(t, 0.4, *snapshot.CPU.Used, 1e-9)
		require.InDelta(t, 0.8, *snapshot.CPU.Usage, 1e-9, "of half a CPU")
		require.InDelta(t, 0.5, *snapshot.CPU.Throttled, 1e-9, "50 of 100 periods; the pod has 10 of 100")
		require.InDelta(t, 0.3, *snapshot.Host.CPUUsage, 1e-9)
		require.InDelta(t, 0.8, c.has(t, "system_cpu_usage_ratio"), 1e-9)
		require.InDelta(t, 0.5, c.has(t, "system_cpu_throttled_ratio"), 1e-9)
		require.InDelta(t, 0.3, c.has(t, "system_host_cpu_usage_ratio"), 1e-9)
		require.InDelta(t, 200, c.has(t, "system_cpu_periods_total"), 0)
		require.InDelta(t, 60, c.has(t, "system_cpu_throttled_periods_total"), 0)
		require.InDelta(t, 2.6, c.has(t, "system_cpu_throttled_seconds_total"), 1e-9)
		require.InDelta(t, 2, c.has(t, "system_oom_kills_total"), 0)

		// The pod's other containers use up its two CPUs: that is what stops this one now.
		time.Sleep(10 * time.Second)
		cpuStat(t, root, podDir, 45*time.Second, 400, 120, time.Second)
		cpuStat(t, root, containerDir, 15*time.Second, 300, 90, 4500*time.Millisecond)
		snapshot, err = s.Sample(t.Context())
		require.NoError(t, err)
		require.Equal(t, "/"+strings.TrimPrefix(podDir, "sys/fs/cgroup/"), snapshot.CPU.Group)
		require.InDelta(t, 0.95, *snapshot.CPU.Usage, 1e-9)
		require.InDelta(t, 2, *snapshot.CPU.Limit, 0)
		require.InDelta(t, 1, *snapshot.CPU.Throttled, 1e-9)

		// A burst is 1 at most; a group made anew, whose sums fell, has no rate, and its counters do not fall.
		time.Sleep(10 * time.Second)
		cpuStat(t, root, podDir, 46*time.Second, 500, 120, time.Second)
		cpuStat(t, root, containerDir, 21*time.Second, 300, 90, 4500*time.Millisecond)
		snapshot, err = s.Sample(t.Context())
		require.NoError(t, err)
		require.InDelta(t, 1, *snapshot.CPU.Usage, 0)
		require.InDelta(t, 0.6, *snapshot.CPU.Used, 1e-9)
		require.InDelta(t, 0, *snapshot.CPU.Throttled, 0)
		before := c.has(t, "system_cpu_throttled_periods_total")
		time.Sleep(10 * time.Second)
		cpuStat(t, root, containerDir, time.Second, 3, 1, 0)
		snapshot, err = s.Sample(t.Context())
		require.NoError(t, err)
		require.Nil(t, snapshot.CPU.Usage)
		require.InDelta(t, 0.5, *snapshot.CPU.Limit, 0, "the tightest, as long as there is no rate")
		require.InDelta(t, before, c.has(t, "system_cpu_throttled_periods_total"), 0)
	})
}

func TestRatesOfTheMachine(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the machine's figures are not read from /proc here")
	}
	synctest.Test(t, func(t *testing.T) {
		root, c := machine(t), newRecorder()
		s := newSampler(t, c, sysmon.Config{Root: root})
		_, err := s.CPU(t.Context())
		require.EqualError(t, err, "sysmon: the use of the CPU is not known: it takes two samples")
		require.ErrorIs(t, err, sysmon.ErrUnknown)
		memory, err := s.Memory(t.Context())
		require.NoError(t, err)
		require.InDelta(t, 0.5, memory, 0)
		time.Sleep(time.Minute)
		write(t, root, "proc/stat", "cpu  1\n"+strings.Repeat("cpu0 1250 0 500 8500 750 0 0 0 0 0\n", 4)) // 250 of 1000 ticks
		write(t, root, "proc/net/dev", "\n\n eth0: 9000 0 0 0 0 0 0 0 800 0 0 0 0 0 0 0\n new: 1 0 0 0 0 0 0 0 1 0 0 0 0 0 0 0\n")
		_, err = s.CPU(t.Context())
		require.ErrorIs(t, err, sysmon.ErrUnknown, "the sample is not older than the interval")
		time.Sleep(time.Millisecond)
		usage, err := s.CPU(t.Context())
		require.NoError(t, err)
		require.InDelta(t, 0.25, usage, 1e-9)
		snapshot, ok := s.Status()
		require.True(t, ok)
		require.InDelta(t, 1, *snapshot.CPU.Used, 1e-9)
		require.Nil(t, snapshot.CPU.Throttled, "there is no quota")
		require.InDelta(t, 100, c.has(t, "system_network_sent_bytes_total"), 0, "eth1 is gone, new has just come")
		require.InDelta(t, 4000, c.has(t, "system_network_received_bytes_total"), 0)
		require.InDelta(t, 0, c.has(t, `system_limited{resource="cpu"}`), 0)

		time.Sleep(time.Minute)
		write(t, root, "proc/net/dev", "\n\n eth0: 9000 0 0 0 0 0 0 0 850 0 0 0 0 0 0 0\n eth1: 5000 0 0 0 0 0 0 0 5000 0 0 0 0 0 0 0\n")
		_, err = s.Sample(t.Context())
		require.NoError(t, err)
		require.InDelta(t, 150, c.has(t, "system_network_sent_bytes_total"), 0, "eth1 is another one of that name")
	})
}

// Whoever asks in between does not make the rates those of an instant.
func TestWindow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSampler(t, metrics.Discard{}, sysmon.Config{Root: machine(t), Interfaces: []string{}})
		var windows []string
		for _, pause := range []int{0, 0, 300, 300, 300, 300, 10000, 1, 999, 1000, 5000} {
			time.Sleep(time.Duration(pause) * time.Millisecond)
			snapshot, err := s.Sample(t.Context())
			require.NoError(t, err)
			if snapshot.Window == nil {
				windows = append(windows, "none")
			} else {
				windows = append(windows, fmt.Sprint(*snapshot.Window))
			}
		}
		require.Equal(t, "none none 0.3 0.6 0.9 1.2 10 10.001 1 1 5", strings.Join(windows, " "))
	})
}

func TestRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		root, log, c := machine(t), &records{Handler: slog.DiscardHandler}, newRecorder()
		s := newSampler(t, c, sysmon.Config{Root: root, Logger: slog.New(enabled{log}), Interval: 30 * time.Second, Interfaces: []string{}})
		_, ok := s.Status()
		require.False(t, ok)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()
		start := time.Now()
		at := func(d time.Duration) time.Duration {
			time.Sleep(time.Until(start.Add(d)))
			synctest.Wait()
			snapshot, ok := s.Status()
			require.True(t, ok)
			return snapshot.At.Sub(start)
		}
		require.Equal(t, time.Duration(0), at(0))
		require.Equal(t, time.Second, at(time.Second))
		require.Equal(t, time.Second, at(30*time.Second))
		require.Equal(t, 31*time.Second, at(31*time.Second))
		require.ErrorIs(t, s.Run(ctx), sysmon.ErrRunning)
		require.Empty(t, log.all())

		write(t, root, "proc/self/cgroup", "soup\n")
		require.Equal(t, 91*time.Second, at(100*time.Second))
		require.NoError(t, os.Remove(filepath.Join(root, "proc/self/cgroup")))
		require.Equal(t, 121*time.Second, at(121*time.Second))
		require.Equal(t, []string{
			`WARN sysmon: some figures cannot be read error=sysmon: /proc/self/cgroup: "soup\n" is no group`,
			"INFO sysmon: all figures can be read again",
		}, log.all(), "once each")
		cancel()
		require.NoError(t, <-done)
		require.ErrorIs(t, s.Run(t.Context()), sysmon.ErrRunning)
	})
}

// enabled is a handler that takes every level.
type enabled struct{ *records }

func (enabled) Enabled(context.Context, slog.Level) bool { return true }

func TestCanceled(t *testing.T) {
	t.Parallel()
	c := newRecorder()
	s := newSampler(t, c, sysmon.Config{Root: machine(t)})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Sample(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, c.all())
	_, ok := s.Status()
	require.False(t, ok)
	_, err = s.Memory(ctx)
	require.ErrorIs(t, err, context.Canceled)
	_, err = s.Sample(t.Context())
	require.NoError(t, err)
	_, err = s.CPU(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, s.Run(ctx))
}

// Samples of many goroutines leave counters that grew by exactly what the kernel's did.
func TestConcurrentSamples(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the machine's figures are not read from /proc here")
	}
	root, c := machine(t), newRecorder()
	s := newSampler(t, c, sysmon.Config{Root: root})
	_, err := s.Sample(t.Context())
	require.NoError(t, err)
	file := filepath.Join(root, "proc/vmstat")
	for i := range 20 {
		require.NoError(t, os.WriteFile(file+".new", fmt.Appendf(nil, "oom_kill %d\n", 3+i), 0o600))
		require.NoError(t, os.Rename(file+".new", file))
		var group sync.WaitGroup
		for range 10 {
			group.Go(func() {
				_, err := s.Sample(t.Context())
				_, err2 := s.Memory(t.Context())
				_, ok := s.Status()
				if err != nil || err2 != nil || !ok {
					t.Error(err, err2, ok)
				}
			})
		}
		group.Wait()
	}
	require.InDelta(t, 19, c.has(t, "system_oom_kills_total"), 0)
}

// The JSON has exactly what is known.
func TestJSON(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(sysmon.Snapshot{})
	require.NoError(t, err)
	require.JSONEq(t, `{
		"at": "0001-01-01T00:00:00Z", "limited": false, "cpu": {"limited": false}, "memory": {"limited": false},
		"pressure": {"cpu": {}, "memory": {}, "io": {}}, "network": {},
		"host": {"pressure": {"cpu": {}, "memory": {}, "io": {}}}, "runtime": {}
	}`, string(text))
	s, err := sample(t, "v2-nested")
	require.NoError(t, err)
	text, err = json.Marshal(s)
	require.NoError(t, err)
	var back sysmon.Snapshot
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, s.Memory, back.Memory)
	require.Equal(t, s.Sources, back.Sources)
	require.Contains(t, s.Sources, "/"+containerDir+"/cpu.max")
	require.Contains(t, s.Sources, "/sys/fs/cgroup/kubepods.slice/memory.max")
	require.NotContains(t, s.Sources, "/sys/fs/cgroup/memory.max", "the root has none")
}
