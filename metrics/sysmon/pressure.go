package sysmon

import "path"

// pressure reads the pressure of this process's own group, and the machine's. The former is the machine's when the group
// has none: with version 1, or a kernel that does not measure it.
func (f *files) pressure(l lineage) (own, machine Pressure) {
	machine.read(f, func(resource string) string { return "/proc/pressure/" + resource })
	if len(l.groups) == 0 {
		return machine, machine
	}
	g, before := l.groups[0], len(f.unread)
	own.read(f, func(resource string) string { return path.Join(g.dir, resource+".pressure") })
	if own == (Pressure{}) && len(f.unread) == before {
		return machine, machine
	}
	own.Group = g.path
	return own, machine
}

func (p *Pressure) read(f *files, name func(resource string) string) {
	p.CPU, _ = get(f, name("cpu"), stalls)
	p.Memory, _ = get(f, name("memory"), stalls)
	p.IO, _ = get(f, name("io"), stalls)
}
