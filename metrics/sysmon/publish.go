package sysmon

import (
	"maps"

	"github.com/prodwright/prodwright/metrics"
)

// total is a sum of the kernel's that becomes a counter, or one of several parts of it.
type total struct {
	name           string
	resource, kind string // labels
	part           string // a group, an interface
}

// totals returns all that are known.
func (r *reading) totals() map[total]float64 {
	found := make(map[total]float64)
	for _, level := range r.cpu.levels {
		if level.counted {
			found[total{name: "system_cpu_periods_total", part: level.path}] = level.periods
			found[total{name: "system_cpu_throttled_periods_total", part: level.path}] = level.throttled
			found[total{name: "system_cpu_throttled_seconds_total", part: level.path}] = level.waited
		}
	}
	add := func(t total, v *float64) {
		if v != nil {
			found[t] = *v
		}
	}
	add(total{name: "system_oom_kills_total", part: r.memory.counter}, r.memory.kills)
	for resource, s := range r.own.stalls() {
		add(total{name: "system_pressure_seconds_total", resource: resource, kind: "some", part: r.own.Group}, s.SomeSeconds)
		add(total{name: "system_pressure_seconds_total", resource: resource, kind: "full", part: r.own.Group}, s.FullSeconds)
	}
	for name, t := range r.host.traffic {
		found[total{name: "system_network_sent_bytes_total", part: name}] = t.sent
		found[total{name: "system_network_received_bytes_total", part: name}] = t.received
	}
	return found
}

func (p *Pressure) stalls() map[string]Stall {
	return map[string]Stall{"cpu": p.CPU, "memory": p.Memory, "io": p.IO}
}

// count returns by how much totals have grown since they were last seen: not at all the first time, nor when they fell,
// because what they count has been replaced. Groups and interfaces that are gone are forgotten.
func (s *Sampler) count(totals map[total]float64) map[total]float64 {
	growth := make(map[total]float64, len(totals))
	for t, now := range totals {
		then, ok := s.counted[t]
		if growth[t] = 0; ok && now > then {
			growth[t] = now - then
		}
	}
	maps.DeleteFunc(s.counted, func(t total, _ float64) bool { return t.part != "" })
	maps.Copy(s.counted, totals)
	return growth
}

// publish gives a snapshot to a collector. What is not known is not given.
func publish(c metrics.Collector, s Snapshot, growth map[total]float64) {
	set := func(v *float64, name string, labels ...metrics.Label) {
		if v != nil {
			c.Gauge(name, labels...).Set(*v)
		}
	}
	set(new(float64(s.At.UnixMilli())/1000), "system_sample_timestamp_seconds")
	set(new(float64(len(s.Unread))), "system_sample_problems")
	limited := func(resource string, yes bool, limit *float64) {
		label := metrics.Label{Name: "resource", Value: resource}
		switch {
		case yes:
			set(new(1.0), "system_limited", label)
		case limit != nil:
			set(new(0.0), "system_limited", label)
		}
	}
	limited("cpu", s.CPU.Limited, s.CPU.Limit)
	limited("memory", s.Memory.Limited, s.Memory.Limit)
	set(s.CPU.Usage, "system_cpu_usage_ratio")
	set(s.CPU.Limit, "system_cpu_limit_cores")
	set(s.CPU.Throttled, "system_cpu_throttled_ratio")
	set(s.Memory.Usage, "system_memory_usage_ratio")
	set(s.Memory.Available, "system_memory_available_bytes")
	set(s.Memory.WorkingSet, "system_memory_working_set_bytes")
	set(s.Memory.Limit, "system_memory_limit_bytes")
	pressure := func(name string, p *Pressure) {
		for resource, stall := range p.stalls() {
			label := metrics.Label{Name: "resource", Value: resource}
			set(stall.Some, name, label, metrics.Label{Name: "kind", Value: "some"})
			set(stall.Full, name, label, metrics.Label{Name: "kind", Value: "full"})
		}
	}
	pressure("system_pressure_ratio", &s.Pressure)
	pressure("system_host_pressure_ratio", &s.Host.Pressure)
	for _, d := range s.Disks {
		label := metrics.Label{Name: "path", Value: d.Path}
		set(d.Usage, "system_disk_usage_ratio", label)
		set(d.Size, "system_disk_size_bytes", label)
		set(d.Free, "system_disk_free_bytes", label)
		set(d.InodesUsage, "system_disk_inodes_usage_ratio", label)
		set(d.InodesFree, "system_disk_inodes_free", label)
	}
	set(s.Host.CPUs, "system_host_cpus")
	set(s.Host.CPUUsage, "system_host_cpu_usage_ratio")
	set(s.Host.Memory, "system_host_memory_bytes")
	set(s.Host.MemoryAvailable, "system_host_memory_available_bytes")
	set(s.Host.MemoryUsage, "system_host_memory_usage_ratio")
	set(s.Runtime.Goroutines, "runtime_goroutines")
	set(s.Runtime.MaxProcs, "runtime_max_procs")
	set(s.Runtime.GCCPU, "runtime_gc_cpu_ratio")
	set(s.Runtime.Heap, "runtime_heap_bytes")
	set(s.Runtime.MemoryLimit, "runtime_memory_limit_bytes")
	set(s.Runtime.Headroom, "runtime_memory_headroom_bytes")
	set(s.Runtime.SchedLatency, "runtime_sched_latency_p99_seconds")
	for t, by := range growth {
		var labels []metrics.Label
		if t.resource != "" {
			labels = []metrics.Label{{Name: "resource", Value: t.resource}, {Name: "kind", Value: t.kind}}
		}
		c.Counter(t.name, labels...).Add(by)
	}
}
