package sysmon_test

import (
	"math"
	"runtime"
	"runtime/debug"
	rt "runtime/metrics"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics/sysmon"
)

// It is not parallel: the limit is the process's.
func TestRuntime(t *testing.T) {
	const limit = int64(1) << 40
	before := debug.SetMemoryLimit(limit)
	t.Cleanup(func() { debug.SetMemoryLimit(before) })
	c := newRecorder()
	s := newSampler(t, c, sysmon.Config{Root: machine(t)})
	snapshot, err := s.Sample(t.Context())
	require.NoError(t, err)
	require.InDelta(t, float64(limit), *snapshot.Runtime.MemoryLimit, 0)
	require.Less(t, *snapshot.Runtime.Headroom, *snapshot.Runtime.MemoryLimit-*snapshot.Runtime.Heap)
	require.Positive(t, *snapshot.Runtime.Headroom)
	require.InDelta(t, float64(runtime.GOMAXPROCS(0)), *snapshot.Runtime.MaxProcs, 0)
	require.Nil(t, snapshot.Runtime.GCCPU)
	require.Nil(t, snapshot.Runtime.SchedLatency)

	runtime.GC()
	var group sync.WaitGroup
	for range 1000 {
		group.Go(func() {})
	}
	group.Wait()
	snapshot, err = s.Sample(t.Context())
	require.NoError(t, err)
	require.Positive(t, *snapshot.Runtime.GCCPU)
	require.Less(t, *snapshot.Runtime.GCCPU, 1.0)
	require.Positive(t, *snapshot.Runtime.SchedLatency)
	require.InDelta(t, *snapshot.Runtime.SchedLatency, c.has(t, "runtime_sched_latency_p99_seconds"), 0)
	require.InDelta(t, float64(limit), c.has(t, "runtime_memory_limit_bytes"), 0)

	// What was given back to the system does not count against the limit.
	runtime.KeepAlive(make([]byte, 64<<20))
	debug.FreeOSMemory()
	snapshot, err = s.Sample(t.Context())
	require.NoError(t, err)
	all := []rt.Sample{{Name: "/memory/classes/total:bytes"}}
	rt.Read(all)
	require.Less(t, *snapshot.Runtime.MemoryLimit-*snapshot.Runtime.Headroom, float64(all[0].Value.Uint64()-64<<20))

	debug.SetMemoryLimit(math.MaxInt64)
	snapshot, err = s.Sample(t.Context())
	require.NoError(t, err)
	require.Nil(t, snapshot.Runtime.MemoryLimit)
	require.Nil(t, snapshot.Runtime.Headroom)
}

func TestQuantile(t *testing.T) {
	t.Parallel()
	bounds := []float64{math.Inf(-1), 1, 2, 4, math.Inf(1)}
	of := func(counts ...uint64) *rt.Float64Histogram {
		return &rt.Float64Histogram{Counts: counts, Buckets: bounds}
	}
	none := of(0, 0, 0, 0)
	for name, tc := range map[string]struct {
		now, earlier *rt.Float64Histogram
		want         *float64
	}{
		"nothing came":            {of(5, 5, 5, 5), of(5, 5, 5, 5), nil},
		"all in one bucket":       {of(0, 9, 0, 0), none, new(2.0)},
		"99 of 100":               {of(0, 99, 1, 0), none, new(2.0)},
		"98 of 100":               {of(0, 98, 2, 0), none, new(4.0)},
		"only what came counts":   {of(900, 99, 2, 0), of(900, 1, 0, 0), new(4.0)},
		"the last has no bound":   {of(0, 0, 0, 3), none, new(4.0)},
		"another version's":       {of(1, 2, 3, 4), &rt.Float64Histogram{}, nil},
		"the first has one bound": {of(4, 0, 0, 0), none, new(1.0)},
	} {
		require.Equal(t, tc.want, sysmon.Quantile(0.99, tc.now, tc.earlier), name)
	}
}
