package sysmon

import (
	"math"
	"path"
	"time"
)

// cpuLevel is a limit on the CPU time of this process: its own group's or an ancestor's.
type cpuLevel struct {
	path  string
	limit float64 // in CPUs
	used  float64 // in seconds, by the whole group
	known bool    // used was read
	cpuThrottling
}

// cpuThrottling is how often a group had to wait for its next period.
type cpuThrottling struct {
	counted                    bool
	periods, throttled, waited float64 // waited in seconds, all threads together
}

// cpuReading is what the groups say at one moment.
type cpuReading struct {
	at     time.Time // of the CPU times
	known  bool      // all limits are
	levels []cpuLevel
}

// cpu reads the limits that are below the number of CPUs that the machine has.
func (f *files) cpu(c cgroups, known bool, machine float64) cpuReading {
	r := cpuReading{known: known}
	set, setOK := f.cpuset(c.cpuset)
	start := time.Now()
	for i, g := range c.cpu.groups {
		limit, ok := f.bandwidth(c.cpu.v2, g.dir)
		r.known = r.known && ok
		hasQuota := !math.IsInf(limit, 1)
		if i == 0 && setOK && set > 0 {
			limit = min(limit, set)
		}
		if math.IsInf(limit, 1) || machine > 0 && limit >= machine {
			continue
		}
		level := cpuLevel{path: g.path, limit: limit}
		stat, ok := get(f, path.Join(g.dir, "cpu.stat"), flat)
		if ok && hasQuota {
			level.cpuThrottling = throttling(c.cpu.v2, stat)
		}
		if c.cpu.v2 {
			level.used, level.known = stat["usage_usec"]/1e6, ok
		} else {
			level.used, level.known = f.cpuacct(c.cpuacct, g.path)
		}
		if !level.known {
			f.failedf("the CPU time of group %s, which is limited, cannot be read", g.path)
		}
		r.levels = append(r.levels, level)
	}
	// The process may have been throttled while it read: the middle is the best guess.
	r.at = start.Add(time.Since(start) / 2)
	return r
}

// bandwidth reads how many CPUs a group may use, infinity when there is no quota. It is false when that cannot be read.
func (f *files) bandwidth(v2 bool, dir string) (float64, bool) {
	before := len(f.unread)
	if v2 {
		if limit, ok := get(f, path.Join(dir, "cpu.max"), bandwidth); ok {
			return limit, true
		}
		return math.Inf(1), len(f.unread) == before
	}
	q, ok := get(f, path.Join(dir, "cpu.cfs_quota_us"), quota)
	if !ok || math.IsInf(q, 1) {
		return math.Inf(1), len(f.unread) == before
	}
	period, ok := must(f, path.Join(dir, "cpu.cfs_period_us"), number)
	if !ok {
		return math.Inf(1), false
	}
	limit, err := cpus(q, period)
	if err != nil {
		f.failedf("%s: %w", dir, err)
		return math.Inf(1), false
	}
	return limit, true
}

// throttling picks the counts out of a cpu.stat.
func throttling(v2 bool, stat map[string]float64) cpuThrottling {
	periods, counted := stat["nr_periods"]
	t := cpuThrottling{counted: counted, periods: periods, throttled: stat["nr_throttled"]}
	if v2 {
		t.waited = stat["throttled_usec"] / 1e6
	} else {
		t.waited = stat["throttled_time"] / 1e9
	}
	return t
}

// cpuacct reads the CPU time of a group of version 1, where it is counted in a hierarchy that may be another one.
func (f *files) cpuacct(l lineage, name string) (float64, bool) {
	for _, g := range l.groups {
		if g.path == name {
			ns, ok := get(f, path.Join(g.dir, "cpuacct.usage"), number)
			return ns / 1e9, ok
		}
	}
	return 0, false
}

// cpuset reads how many CPUs the process may run on. Of version 2 the nearest group with the controller tells it.
func (f *files) cpuset(l lineage) (float64, bool) {
	name := "cpuset.effective_cpus"
	if l.v2 {
		name = "cpuset.cpus.effective"
	}
	for _, g := range l.groups {
		if n, ok := get(f, path.Join(g.dir, name), listed); ok {
			return n, true
		}
	}
	return 0, false
}
