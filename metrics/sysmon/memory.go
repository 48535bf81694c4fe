package sysmon

import (
	"math"
	"path"
)

// memoryLevel is a limit on the memory of this process: its own group's or an ancestor's.
type memoryLevel struct {
	path  string
	limit float64 // in bytes
	used  float64 // in bytes, without the file cache that the kernel drops first
	known bool    // used was read
}

// memoryReading is what the groups say at one moment.
type memoryReading struct {
	known   bool // all limits are
	levels  []memoryLevel
	kills   *float64
	counter string // the group that counts kills, "" for the machine
}

// boundless: version 1 says "no limit" by a number close to 2⁶³.
const boundless = 1 << 60

// memory reads the limits that are below the memory that the machine has.
func (f *files) memory(l lineage, known bool, machine float64) memoryReading {
	r := memoryReading{known: known}
	if known {
		r.kills, r.counter = f.kills(l)
	}
	if machine == 0 {
		machine = boundless
	}
	tightest := machine
	for _, g := range l.groups {
		limit, ok := f.memoryLimit(l.v2, g.dir)
		r.known = r.known && ok
		if limit < machine {
			level := memoryLevel{path: g.path, limit: limit}
			level.used, level.known = f.workingSet(l.v2, g)
			r.levels = append(r.levels, level)
			tightest = min(tightest, limit)
		}
	}
	if l.v2 || len(l.groups) == 0 {
		return r
	}
	// Of version 1 a group knows of its ancestors' limits, also where they are not visible.
	own := l.groups[0]
	stat, ok := get(f, path.Join(own.dir, "memory.stat"), flat)
	if limit := stat["hierarchical_memory_limit"]; ok && limit > 0 && limit < tightest {
		level := memoryLevel{path: own.path, limit: limit}
		level.used, level.known = f.workingSet(false, own)
		r.levels = append(r.levels, level)
	}
	return r
}

// memoryLimit reads how much a group may use, infinity when there is no limit. Of version 2 that is memory.max or
// memory.high, above which the kernel slows the group down until it is below. It is false when that cannot be read.
func (f *files) memoryLimit(v2 bool, dir string) (float64, bool) {
	names := []string{"memory.limit_in_bytes"}
	if v2 {
		names = []string{"memory.max", "memory.high"}
	}
	before, limit := len(f.unread), math.Inf(1)
	for _, name := range names {
		if n, ok := get(f, path.Join(dir, name), number); ok && n > 0 {
			limit = min(limit, n)
		}
	}
	return limit, len(f.unread) == before
}

// workingSet reads how much a group uses, without the cache of files that nobody has used lately, descendants included:
// the figure by which the kubelet evicts.
func (f *files) workingSet(v2 bool, g group) (float64, bool) {
	used, inactive := "memory.usage_in_bytes", "total_inactive_file"
	if v2 {
		used, inactive = "memory.current", "inactive_file"
	}
	bytes, ok := must(f, path.Join(g.dir, used), number)
	if !ok {
		return 0, false
	}
	stat, ok := must(f, path.Join(g.dir, "memory.stat"), flat)
	cache, listed := stat[inactive]
	if ok && !listed {
		f.failedf("%s/memory.stat has no %s", g.dir, inactive)
	}
	return max(bytes-cache, 0), listed
}

// kills reads how many processes of this group the kernel has killed for want of memory, or of the machine when the group
// does not count them.
func (f *files) kills(l lineage) (n *float64, counter string) {
	if len(l.groups) > 0 {
		own, before := l.groups[0], len(f.unread)
		file := "memory.oom_control"
		if l.v2 {
			file = "memory.events"
		}
		stat, ok := get(f, path.Join(own.dir, file), flat)
		if n, counted := stat["oom_kill"]; counted {
			return &n, own.path
		}
		if ok || len(f.unread) > before {
			return nil, ""
		}
	}
	stat, _ := get(f, "/proc/vmstat", flat)
	if n, counted := stat["oom_kill"]; counted {
		return &n, ""
	}
	return nil, ""
}
