package sysmon

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"github.com/shirou/gopsutil/v4/common"
	"github.com/shirou/gopsutil/v4/cpu"
	"github.com/shirou/gopsutil/v4/disk"
	"github.com/shirou/gopsutil/v4/mem"
	"github.com/shirou/gopsutil/v4/net"
)

// hostReading is what the machine says at one moment. What could not be read is 0 or nil.
type hostReading struct {
	cpus, busy, time  float64 // time is all CPU time, idle or not, in seconds
	memory, available float64
	traffic           map[string]traffic // by interface
	disks             []Disk
}

// traffic is in bytes.
type traffic struct{ sent, received float64 }

// below makes gopsutil read /proc and /sys below the prefix, whatever HOST_PROC and HOST_SYS say.
func (f *files) below(ctx context.Context) context.Context {
	return context.WithValue(ctx, common.EnvKey, common.EnvMap{
		common.HostProcEnvKey: filepath.Join(f.root, "/proc"),
		common.HostSysEnvKey:  filepath.Join(f.root, "/sys"),
	})
}

// machine reads the CPU times and the memory of the machine.
func (f *files) machine(ctx context.Context) (r hostReading) {
	ctx = f.below(ctx)
	times, err := cpu.TimesWithContext(ctx, true)
	if err == nil && len(times) == 0 {
		err = errors.New("no CPU is listed")
	}
	if err != nil {
		f.failedf("the machine's CPU times: %w", err)
	}
	for _, t := range times { // guest time is part of user time
		idle := t.Idle + t.Iowait
		busy := t.User + t.Nice + t.System + t.Irq + t.Softirq + t.Steal
		r.cpus++
		r.busy += busy
		r.time += busy + idle
	}
	memory, err := mem.VirtualMemoryWithContext(ctx)
	if err == nil && memory.Total == 0 {
		err = errors.New("its size is not known")
	}
	if err != nil {
		f.failedf("the machine's memory: %w", err)
		return r
	}
	r.memory, r.available = float64(memory.Total), float64(min(memory.Available, memory.Total))
	return r
}

// network reads the traffic of the interfaces with the names, or of all that lead out of the machine.
func (f *files) network(ctx context.Context, names []string) map[string]traffic {
	if names != nil && len(names) == 0 {
		return nil
	}
	counters, err := net.IOCountersWithContext(f.below(ctx), true)
	if err != nil {
		f.failedf("the traffic of the network interfaces: %w", err)
		return nil
	}
	found := make(map[string]traffic)
	for _, c := range counters {
		if names == nil && !loopback(c.Name) || slices.Contains(names, c.Name) {
			found[c.Name] = traffic{float64(c.BytesSent), float64(c.BytesRecv)}
		}
	}
	for _, name := range names {
		if _, ok := found[name]; !ok {
			f.failedf("there is no network interface %s", name)
		}
	}
	return found
}

// loopback says whether an interface has the name of one that leads back: "lo", "lo0", "Loopback Pseudo-Interface 1".
func loopback(name string) bool {
	number, ok := strings.CutPrefix(name, "lo")
	return ok && strings.Trim(number, "0123456789") == "" || strings.HasPrefix(name, "Loopback")
}

// disks reads the file systems of the paths.
func (f *files) disks(ctx context.Context, paths []string) []Disk {
	var found []Disk
	for _, path := range paths {
		at := path
		if f.root != "/" {
			at = f.at(path)
		}
		u, err := disk.UsageWithContext(ctx, at)
		switch {
		case err != nil:
			f.failedf("disk %s: %w", path, err)
			continue
		case u.Used+u.Free == 0: // a file system of the kernel's, such as /proc
			f.failedf("disk %s has no size", path)
			continue
		}
		d := Disk{Path: path, Size: new(float64(u.Total)), Free: new(float64(u.Free)), Usage: new(ratio(float64(u.Used), float64(u.Used+u.Free)))}
		if u.InodesTotal > 0 {
			d.InodesFree = new(float64(u.InodesFree))
			d.InodesUsage = new(ratio(float64(u.InodesUsed), float64(u.InodesTotal)))
		}
		found = append(found, d)
	}
	return found
}

// ratio returns part/whole between 0 and 1. A whole of nothing is used up.
func ratio(part, whole float64) float64 {
	if whole <= 0 {
		return 1
	}
	return max(min(part/whole, 1), 0)
}
