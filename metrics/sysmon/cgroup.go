package sysmon

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
)

// membership says which group this process is in, in each hierarchy. See cgroups(7), "/proc files".
type membership struct {
	v1      map[string]string // by controller
	unified string            // of version 2, "" when there is none
}

// memberships reads a /proc/PID/cgroup: lines "4:cpu,cpuacct:/path", of version 2 "0::/path".
func memberships(text string) (membership, error) {
	m := membership{v1: make(map[string]string)}
	for line := range strings.Lines(text) {
		fields := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		if len(fields) != 3 || !strings.HasPrefix(fields[2], "/") {
			return membership{}, fmt.Errorf("%.80q is no group", line)
		}
		if fields[0] == "0" && fields[1] == "" {
			m.unified = fields[2]
			continue
		}
		for controller := range strings.SplitSeq(fields[1], ",") {
			if controller != "" && !strings.HasPrefix(controller, "name=") {
				m.v1[controller] = fields[2]
			}
		}
	}
	return m, nil
}

// mount is a hierarchy of groups, or a part of it, in the file system.
type mount struct {
	root        string   // the group that is shown at point
	point       string   // where
	controllers []string // nil for version 2
}

// mounts reads a /proc/PID/mountinfo: "36 35 98:0 /root /point options optional… - type source options". See proc(5).
func mounts(text string) ([]mount, error) {
	var found []mount
	for line := range strings.Lines(text) {
		left, right, ok := strings.Cut(line, " - ")
		before, after := strings.Fields(left), strings.Fields(right)
		if !ok || len(before) < 6 || len(after) < 3 {
			return nil, fmt.Errorf("%.80q is no mount", line)
		}
		m := mount{root: unescaped(before[3]), point: unescaped(before[4])}
		switch after[0] {
		case "cgroup":
			m.controllers = strings.Split(after[2], ",")
		case "cgroup2":
		default:
			continue
		}
		if !strings.HasPrefix(m.root, "/") || !strings.HasPrefix(m.point, "/") {
			return nil, fmt.Errorf("%.80q is no mount", line)
		}
		found = append(found, m)
	}
	return found, nil
}

// unescaped undoes the octal escapes of spaces, tabs, line ends and backslashes.
func unescaped(text string) string {
	var b strings.Builder
	for {
		i := strings.IndexByte(text, '\\')
		if i < 0 {
			return b.String() + text
		}
		b.WriteString(text[:i])
		if n, err := strconv.ParseUint(text[i+1:min(i+4, len(text))], 8, 8); err == nil && len(text) >= i+4 {
			b.WriteByte(byte(n))
			text = text[i+4:]
		} else {
			b.WriteByte('\\')
			text = text[i+1:]
		}
	}
}

// below returns the path of a group below the one that a mount shows, "/" for that one itself. It is false when the mount
// does not show the group. Both paths begin with "/.." when they lie outside of this process's namespace.
func below(group, root string) (string, bool) {
	rel, ok := group, true
	if root != "/" {
		rel, ok = strings.CutPrefix(group, root)
	}
	if !ok || rel != "" && rel[0] != '/' || slices.Contains(strings.Split(rel, "/"), "..") {
		return "", false
	}
	return path.Clean("/" + rel), true
}

// group is a control group: its path as the kernel names it, and the directory of its files.
type group struct{ path, dir string }

// lineage is a group and its ancestors, as far as they are visible. It is empty when nothing can limit the process.
type lineage struct {
	v2     bool
	groups []group // the process's own first
}

// lineage finds the groups of a controller. The error says that there are some and that they cannot be seen.
func (f *files) lineage(controller string, m membership, all []mount) (lineage, error) {
	own, v1 := m.v1[controller]
	if !v1 {
		own = m.unified
	}
	if own == "" {
		return lineage{}, nil
	}
	if !v1 {
		controller = "version 2"
	}
	candidates := slices.DeleteFunc(slices.Clone(all), func(m mount) bool {
		return v1 != slices.Contains(m.controllers, controller) || !v1 && m.controllers != nil
	})
	// The one that shows most ancestors is the best.
	slices.SortStableFunc(candidates, func(a, b mount) int { return len(a.root) - len(b.root) })
	for _, c := range candidates {
		rel, ok := below(own, c.root)
		if !ok {
			continue
		}
		if _, err := os.Stat(f.at(path.Join(c.point, rel))); err == nil {
			return lineage{!v1, ancestry(c, rel)}, nil
		}
	}
	switch {
	case !v1 && len(m.v1) > 0: // the second version only keeps track of processes, the controllers are the first's
		return lineage{}, nil
	case len(candidates) == 0:
		return lineage{}, fmt.Errorf("the groups of %s are not mounted", controller)
	}
	return lineage{}, fmt.Errorf("the group %s of %s is not visible where its hierarchy is mounted", own, controller)
}

// ancestry lists the groups from the one at rel below the mount up to the mount.
func ancestry(m mount, rel string) []group {
	var found []group
	for ; ; rel = path.Dir(rel) {
		found = append(found, group{cmp.Or(strings.TrimSuffix(strings.TrimSuffix(m.root, "/")+rel, "/"), "/"), path.Join(m.point, rel)})
		if rel == "/" {
			return found
		}
	}
}

// cgroups are the lineages that matter.
type cgroups struct{ cpu, cpuacct, cpuset, memory, pressure lineage }

// cgroups finds the groups of this process. What cannot be found is noted; whether the limits of CPU and memory are known
// then is what it returns beside them.
func (f *files) cgroups() (c cgroups, cpuKnown, memoryKnown bool) {
	before := len(f.unread)
	m, ok := get(f, "/proc/self/cgroup", memberships)
	if !ok { // without the file there are no groups
		known := len(f.unread) == before
		return cgroups{}, known, known
	}
	all, ok := must(f, "/proc/self/mountinfo", mounts)
	if !ok {
		return cgroups{}, false, false
	}
	var errs [4]error
	c.cpu, errs[0] = f.lineage("cpu", m, all)
	c.cpuacct, errs[1] = f.lineage("cpuacct", m, all)
	c.cpuset, errs[2] = f.lineage("cpuset", m, all)
	c.memory, errs[3] = f.lineage("memory", m, all)
	c.pressure, _ = f.lineage("", membership{unified: m.unified}, all) // the machine's will do
	for i, err := range errs {                                         // of version 2 all say the same
		if err != nil && !slices.ContainsFunc(errs[:i], func(e error) bool { return e != nil && e.Error() == err.Error() }) {
			f.failedf("%w", err)
		}
	}
	return c, errors.Join(errs[:3]...) == nil, errs[3] == nil
}
