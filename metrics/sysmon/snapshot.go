package sysmon

import "time"

// Snapshot is what one sample found. A field that is a pointer is nil when the figure is not known: the system does not
// have it, it could not be read (Unread says why), or it is a rate and there is no earlier sample. Ratios are between 0
// and 1. What a Snapshot points to must not be changed; it may be read concurrently.
type Snapshot struct {
	At time.Time `json:"at"`
	// Window is how long the time was over which rates were measured, in seconds.
	Window *float64 `json:"window_seconds,omitempty"`
	// Limited says whether a limit of a control group applies, to the CPU or the memory.
	Limited  bool     `json:"limited"`
	CPU      CPU      `json:"cpu"`
	Memory   Memory   `json:"memory"`
	Pressure Pressure `json:"pressure"`
	Disks    []Disk   `json:"disks,omitempty"`
	Network  Network  `json:"network"`
	Host     Host     `json:"host"`
	Runtime  Runtime  `json:"runtime"`
	// Sources are the files of control groups, and those of /proc that lead to them, that figures came from.
	Sources []string `json:"sources,omitempty"`
	// Unread says what could not be read, as the error of [Sampler.Sample] does.
	Unread []string `json:"unread,omitempty"`
}

// CPU is the CPU time that this process may use, and what is used of it: that of the control group whose limit is nearest,
// or the machine's when none has a limit.
type CPU struct {
	Limited bool `json:"limited"`
	// Group is the control group that the figures are of, "" for the machine.
	Group string `json:"group,omitempty"`
	// Limit is in CPUs: the quota, the number of CPUs in the set, or what the machine has.
	Limit *float64 `json:"limit_cores,omitempty"`
	// Used is in CPUs, the mean of the window. It may be above Limit for a moment.
	Used *float64 `json:"used_cores,omitempty"`
	// Usage is Used as a ratio of Limit, 1 at most.
	Usage *float64 `json:"usage_ratio,omitempty"`
	// Throttled is the share of periods in the window in which the quota was used up before the end, of the group to
	// which that happened most; 0 when no period has passed. It is nil without a quota.
	Throttled *float64 `json:"throttled_ratio,omitempty"`
	// Periods, ThrottledPeriods and ThrottledSeconds are the kernel's counts since the groups were made, of all that have
	// a quota together. The seconds are those of all threads.
	Periods          *float64 `json:"periods,omitempty"`
	ThrottledPeriods *float64 `json:"throttled_periods,omitempty"`
	ThrottledSeconds *float64 `json:"throttled_seconds,omitempty"`
}

// Memory is the memory that this process may use, and what is used of it: that of the control group whose limit is
// nearest, or the machine's when none has a limit.
type Memory struct {
	Limited bool `json:"limited"`
	// Group is the control group that the figures are of, "" for the machine.
	Group string `json:"group,omitempty"`
	// Limit is in bytes: the smaller of memory.max and memory.high, or what the machine has.
	Limit *float64 `json:"limit_bytes,omitempty"`
	// WorkingSet is in bytes: what is used, less the file cache that has not been used lately. The machine's is what is
	// not available.
	WorkingSet *float64 `json:"working_set_bytes,omitempty"`
	// Available is Limit less WorkingSet, in bytes.
	Available *float64 `json:"available_bytes,omitempty"`
	// Usage is WorkingSet as a ratio of Limit.
	Usage *float64 `json:"usage_ratio,omitempty"`
	// OOMKills is how many processes of this process's own group the kernel has killed for want of memory since the group
	// was made, whichever limit was the cause. Outside of a group it is those of the machine since it started.
	OOMKills *float64 `json:"oom_kills,omitempty"`
}

// Pressure is the time in which work waited for a resource (Linux, Documentation/accounting/psi.rst), of this process's
// own control group, or the machine's when the group has no such figures.
type Pressure struct {
	// Group is the control group that the figures are of, "" for the machine.
	Group  string `json:"group,omitempty"`
	CPU    Stall  `json:"cpu"`
	Memory Stall  `json:"memory"`
	IO     Stall  `json:"io"`
}

// Stall is the time in which some tasks waited, and in which all of them did ("full").
type Stall struct {
	// Some and Full are the shares of the last 10 seconds.
	Some *float64 `json:"some_avg10_ratio,omitempty"`
	Full *float64 `json:"full_avg10_ratio,omitempty"`
	// SomeSeconds and FullSeconds are the kernel's sums since the group was made or the machine started.
	SomeSeconds *float64 `json:"some_seconds,omitempty"`
	FullSeconds *float64 `json:"full_seconds,omitempty"`
}

// Disk is the file system that holds a path of [Config].Paths.
type Disk struct {
	Path string `json:"path"`
	// Usage is the share that is used of what ordinary users may use. Size and Free are in bytes, Free for ordinary users.
	Usage *float64 `json:"usage_ratio,omitempty"`
	Size  *float64 `json:"size_bytes,omitempty"`
	Free  *float64 `json:"free_bytes,omitempty"`
	// InodesUsage and InodesFree are nil where a file system makes inodes as it needs them.
	InodesUsage *float64 `json:"inodes_usage_ratio,omitempty"`
	InodesFree  *float64 `json:"inodes_free,omitempty"`
}

// Network is the traffic of all interfaces that [Config].Interfaces names, since each was made. In a container these are
// the container's own.
type Network struct {
	SentBytes     *float64 `json:"sent_bytes,omitempty"`
	ReceivedBytes *float64 `json:"received_bytes,omitempty"`
}

// Host is the whole machine, whatever limits this process has.
type Host struct {
	// CPUs is how many the machine has, CPUUsage the share of their time in the window that was not idle.
	CPUs     *float64 `json:"cpus,omitempty"`
	CPUUsage *float64 `json:"cpu_usage_ratio,omitempty"`
	// Memory and MemoryAvailable are in bytes, MemoryUsage is the share that is not available.
	Memory          *float64 `json:"memory_bytes,omitempty"`
	MemoryAvailable *float64 `json:"memory_available_bytes,omitempty"`
	MemoryUsage     *float64 `json:"memory_usage_ratio,omitempty"`
	Pressure        Pressure `json:"pressure"`
}

// Runtime is the Go runtime of this process.
type Runtime struct {
	Goroutines *float64 `json:"goroutines,omitempty"`
	// MaxProcs is GOMAXPROCS.
	MaxProcs *float64 `json:"max_procs,omitempty"`
	// GCCPU is the share of the CPU time that GOMAXPROCS allows which garbage collections that ended in the window
	// took, by the runtime's own estimate.
	GCCPU *float64 `json:"gc_cpu_ratio,omitempty"`
	// Heap is the bytes in live objects and in dead ones that are not swept yet.
	Heap *float64 `json:"heap_bytes,omitempty"`
	// MemoryLimit is GOMEMLIMIT in bytes, nil when there is none; Headroom is what is left of it, negative above it.
	MemoryLimit *float64 `json:"memory_limit_bytes,omitempty"`
	Headroom    *float64 `json:"memory_headroom_bytes,omitempty"`
	// SchedLatency is how long goroutines that could run waited for a thread, in seconds: the 99th percentile in the
	// window, rounded up to a bound of the runtime's histogram.
	SchedLatency *float64 `json:"sched_latency_p99_seconds,omitempty"`
}
