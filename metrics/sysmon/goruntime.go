package sysmon

import (
	"math"
	"runtime/metrics"
)

// Names of what the Go runtime measures.
const (
	goroutines  = "/sched/goroutines:goroutines"
	maxProcs    = "/sched/gomaxprocs:threads"
	gcSeconds   = "/cpu/classes/gc/total:cpu-seconds"
	allSeconds  = "/cpu/classes/total:cpu-seconds"
	heapBytes   = "/memory/classes/heap/objects:bytes"
	allBytes    = "/memory/classes/total:bytes"
	releaseByte = "/memory/classes/heap/released:bytes"
	limitBytes  = "/gc/gomemlimit:bytes"
	latencies   = "/sched/latencies:seconds"
)

// runtimeReading is what the Go runtime says at one moment. A name that this version of it does not know is absent.
type runtimeReading struct {
	values    map[string]float64
	latencies *metrics.Float64Histogram
}

// readRuntime asks the Go runtime.
func readRuntime() runtimeReading {
	names := []string{goroutines, maxProcs, gcSeconds, allSeconds, heapBytes, allBytes, releaseByte, limitBytes, latencies}
	samples := make([]metrics.Sample, len(names))
	for i, name := range names {
		samples[i].Name = name
	}
	metrics.Read(samples)
	r := runtimeReading{values: make(map[string]float64)}
	for _, s := range samples {
		switch s.Value.Kind() {
		case metrics.KindUint64:
			r.values[s.Name] = float64(s.Value.Uint64())
		case metrics.KindFloat64:
			r.values[s.Name] = s.Value.Float64()
		case metrics.KindFloat64Histogram:
			r.latencies = s.Value.Float64Histogram()
		case metrics.KindBad:
		}
	}
	return r
}

func (r runtimeReading) get(name string) *float64 {
	if v, ok := r.values[name]; ok {
		return &v
	}
	return nil
}

// figures returns what is known now, and since an earlier reading when there is one.
func (r runtimeReading) figures(earlier *runtimeReading) Runtime {
	f := Runtime{Goroutines: r.get(goroutines), MaxProcs: r.get(maxProcs), Heap: r.get(heapBytes)}
	if limit, ok := r.values[limitBytes]; ok && limit < math.MaxInt64 {
		f.MemoryLimit = &limit
		all, okAll := r.values[allBytes]
		released, okReleased := r.values[releaseByte]
		if okAll && okReleased {
			f.Headroom = new(limit - (all - released))
		}
	}
	if earlier == nil {
		return f
	}
	gc, okGC := r.since(*earlier, gcSeconds)
	all, okAll := r.since(*earlier, allSeconds)
	switch {
	case !okGC || !okAll:
	case all > 0:
		f.GCCPU = new(ratio(gc, all))
	default: // both are summed up when a collection ends
		f.GCCPU = new(0.0)
	}
	if r.latencies != nil && earlier.latencies != nil {
		f.SchedLatency = quantile(0.99, r.latencies, earlier.latencies)
	}
	return f
}

// since returns how much a sum has grown.
func (r runtimeReading) since(earlier runtimeReading, name string) (float64, bool) {
	now, ok := r.values[name]
	then, had := earlier.values[name]
	return now - then, ok && had
}

// quantile returns the upper bound of the bucket that has the quantile of what came after the earlier histogram, the
// lower one when that is infinite. It is nil when nothing came.
func quantile(q float64, now, earlier *metrics.Float64Histogram) *float64 {
	if len(now.Counts) != len(earlier.Counts) {
		return nil
	}
	var total, seen float64
	for i, n := range now.Counts {
		total += float64(n - earlier.Counts[i])
	}
	for i, n := range now.Counts {
		seen += float64(n - earlier.Counts[i])
		if seen > 0 && seen >= q*total {
			if upper := now.Buckets[i+1]; !math.IsInf(upper, 1) {
				return &upper
			}
			return new(now.Buckets[i])
		}
	}
	return nil
}
