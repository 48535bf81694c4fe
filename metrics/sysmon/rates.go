package sysmon

import (
	"cmp"
	"slices"
)

// fillCPU takes the group that is nearest to its limit; before there is a rate, the one with the tightest limit.
func (r *reading) fillCPU(c *CPU, host Host, earlier *reading) {
	if !r.cpu.known {
		return
	}
	if len(r.cpu.levels) == 0 {
		c.Limit, c.Usage = host.CPUs, host.CPUUsage
		if c.Usage != nil {
			c.Used = new(*c.Usage * *c.Limit)
		}
		return
	}
	c.Limited = true
	r.fillThrottling(c, earlier)
	levels := slices.SortedStableFunc(slices.Values(r.cpu.levels), func(a, b cpuLevel) int { return cmp.Compare(a.limit, b.limit) })
	c.Group, c.Limit = levels[0].path, &levels[0].limit
	for i, level := range levels {
		used := r.used(level, earlier)
		if used == nil { // this one may be the nearest
			c.Group, c.Limit, c.Used, c.Usage = levels[0].path, &levels[0].limit, nil, nil
			return
		}
		if i == 0 || *used/level.limit > *c.Used / *c.Limit {
			c.Group, c.Limit, c.Used, c.Usage = level.path, &levels[i].limit, used, new(ratio(*used, level.limit))
		}
	}
}

// level returns what a reading has of the group of another's.
func (r *reading) level(path string) (cpuLevel, bool) {
	if r == nil {
		return cpuLevel{}, false
	}
	i := slices.IndexFunc(r.cpu.levels, func(l cpuLevel) bool { return l.path == path })
	if i < 0 {
		return cpuLevel{}, false
	}
	return r.cpu.levels[i], true
}

// used returns how many CPUs a group has used since the earlier reading. It is nil when that is not known, or the group
// is a new one of the same name.
func (r *reading) used(now cpuLevel, earlier *reading) *float64 {
	then, ok := earlier.level(now.path)
	if !ok || !now.known || !then.known || now.used < then.used {
		return nil
	}
	if seconds := r.cpu.at.Sub(earlier.cpu.at).Seconds(); seconds > 0 {
		return new((now.used - then.used) / seconds)
	}
	return nil
}

func (r *reading) fillThrottling(c *CPU, earlier *reading) {
	var sum cpuThrottling
	for _, now := range r.cpu.levels {
		if !now.counted {
			continue
		}
		sum.counted = true
		sum.periods += now.periods
		sum.throttled += now.throttled
		sum.waited += now.waited
		then, ok := earlier.level(now.path)
		if !ok || !then.counted || now.periods < then.periods {
			continue
		}
		share := 0.0
		if now.periods > then.periods {
			share = ratio(now.throttled-then.throttled, now.periods-then.periods)
		}
		if c.Throttled == nil || share > *c.Throttled {
			c.Throttled = &share
		}
	}
	if sum.counted {
		c.Periods, c.ThrottledPeriods, c.ThrottledSeconds = &sum.periods, &sum.throttled, &sum.waited
	}
}
