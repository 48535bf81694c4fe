package sysmon

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// reading is everything that one sample has read. Rates come from two of them.
type reading struct {
	at      time.Time
	host    hostReading
	cpu     cpuReading
	memory  memoryReading
	own     Pressure
	machine Pressure
	runtime runtimeReading
	sources []string
	unread  []error
}

// read takes a reading. The disks come last: a network file system may hang.
func read(ctx context.Context, cfg Config) (*reading, error) {
	f := &files{root: cfg.Root}
	r := &reading{at: time.Now(), runtime: readRuntime()}
	r.host = f.machine(ctx)
	groups, cpuKnown, memoryKnown := f.cgroups()
	r.cpu = f.cpu(groups, cpuKnown, r.host.cpus)
	r.memory = f.memory(groups.memory, memoryKnown, r.host.memory)
	r.own, r.machine = f.pressure(groups.pressure)
	r.host.traffic = f.network(ctx, cfg.Interfaces)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r.host.disks = f.disks(ctx, cfg.Paths)
	slices.Sort(f.read)
	r.sources, r.unread = slices.Compact(f.read), f.unread
	return r, ctx.Err()
}

// snapshot makes figures of a reading and, for rates, an earlier one, which may be nil.
func (r *reading) snapshot(earlier *reading) Snapshot {
	s := Snapshot{
		At: r.at, Pressure: r.own, Disks: r.host.disks, Sources: r.sources,
		Host: Host{Pressure: r.machine},
	}
	for _, err := range r.unread {
		s.Unread = append(s.Unread, err.Error())
	}
	var before *runtimeReading
	if earlier != nil {
		before, s.Window = &earlier.runtime, new(r.at.Sub(earlier.at).Seconds())
	}
	s.Runtime = r.runtime.figures(before)
	r.fillHost(&s.Host, earlier)
	r.fillCPU(&s.CPU, s.Host, earlier)
	r.fillMemory(&s.Memory, s.Host)
	s.Limited = s.CPU.Limited || s.Memory.Limited
	if len(r.host.traffic) > 0 {
		var sum traffic
		for _, t := range r.host.traffic {
			sum.sent, sum.received = sum.sent+t.sent, sum.received+t.received
		}
		s.Network = Network{SentBytes: &sum.sent, ReceivedBytes: &sum.received}
	}
	return s
}

func (r *reading) fillHost(h *Host, earlier *reading) {
	if r.host.cpus > 0 {
		h.CPUs = &r.host.cpus
		if earlier != nil && earlier.host.cpus == r.host.cpus && r.host.time > earlier.host.time {
			h.CPUUsage = new(ratio(r.host.busy-earlier.host.busy, r.host.time-earlier.host.time))
		}
	}
	if r.host.memory > 0 {
		h.Memory, h.MemoryAvailable = &r.host.memory, &r.host.available
		h.MemoryUsage = new(1 - ratio(r.host.available, r.host.memory))
	}
}

// fillMemory takes the fullest of the groups; when one is not known, only the tightest limit.
func (r *reading) fillMemory(m *Memory, host Host) {
	m.OOMKills = r.memory.kills
	if !r.memory.known {
		return
	}
	if len(r.memory.levels) == 0 {
		m.Limit, m.Available, m.Usage = host.Memory, host.MemoryAvailable, host.MemoryUsage
		if m.Limit != nil {
			m.WorkingSet = new(*m.Limit - *m.Available)
		}
		return
	}
	m.Limited = true
	levels := slices.SortedStableFunc(slices.Values(r.memory.levels), func(a, b memoryLevel) int { return cmp.Compare(a.limit, b.limit) })
	fullest := &levels[0]
	m.Group, m.Limit = fullest.path, &fullest.limit
	for i, level := range levels {
		if !level.known { // this one may be the fullest
			return
		}
		if level.used/level.limit > fullest.used/fullest.limit {
			fullest = &levels[i]
		}
	}
	m.Group, m.Limit, m.WorkingSet = fullest.path, &fullest.limit, &fullest.used
	m.Available, m.Usage = new(max(fullest.limit-fullest.used, 0)), new(ratio(fullest.used, fullest.limit))
}
