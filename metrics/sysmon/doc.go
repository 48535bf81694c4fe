// Package sysmon measures what a process may use and what it uses of it: CPU, memory, pressure, disks, network, and the Go
// runtime. In a container that means the container's limits, not the machine's figures.
//
//	sampler, err := sysmon.New(collector, sysmon.Config{})
//	go sampler.Run(ctx) // or as a part of package lifecycle
//	usage, err := sampler.CPU(ctx) // for rules of alerts and of scaling
//
// A service that may use half a CPU and uses all of it is at 1.0, whatever the machine's other 63 CPUs do.
//
// # What counts
//
// The limits are those of the control groups (version 1, 2 and the mixture of both) that this process is in: its own and
// all above it that are visible. CPU and memory are of the group that is nearest to its limit, because that one stops the
// process first; when nobody else is in the outer groups, that is the tightest limit. A CPU set counts as a limit, and so
// does memory.high. Without a limit, or with one above what the machine has, CPU and memory are the machine's, everybody's
// use of it included. Memory is the working set, without the file cache that the kernel drops first, as the kubelet has it.
//
// # Figures
//
// What is not known is absent from the [Snapshot] and is not given to the collector, rather than being 0. Counters begin
// at 0 with the first sample and grow by what the kernel counts after it; the kernel's own counts are in the snapshot.
//
//	reference                     metric                                labels
//	system.cpu.usage              system_cpu_usage_ratio
//	system.memory.usage           system_memory_usage_ratio
//	system.memory.available       system_memory_available_bytes
//	system.disk.usage             system_disk_usage_ratio               path
//	system.disk.free              system_disk_free_bytes                path
//	system.network.bytes_sent     system_network_sent_bytes_total
//	system.network.bytes_recv     system_network_received_bytes_total
//
//	limits                        system_limited (1 when one applies)   resource: cpu, memory
//	                              system_cpu_limit_cores
//	                              system_memory_limit_bytes
//	                              system_memory_working_set_bytes
//	throttling                    system_cpu_throttled_ratio
//	                              system_cpu_periods_total
//	                              system_cpu_throttled_periods_total
//	                              system_cpu_throttled_seconds_total
//	out of memory                 system_oom_kills_total
//	pressure, 10 s average        system_pressure_ratio                 resource: cpu, memory, io; kind: some, full
//	                              system_pressure_seconds_total         the same
//	disks                         system_disk_size_bytes                path
//	                              system_disk_inodes_usage_ratio        path
//	                              system_disk_inodes_free               path
//	the machine                   system_host_cpus
//	                              system_host_cpu_usage_ratio
//	                              system_host_memory_bytes
//	                              system_host_memory_available_bytes
//	                              system_host_memory_usage_ratio
//	                              system_host_pressure_ratio            resource, kind
//	the Go runtime                runtime_goroutines
//	                              runtime_max_procs
//	                              runtime_gc_cpu_ratio
//	                              runtime_heap_bytes
//	                              runtime_memory_limit_bytes
//	                              runtime_memory_headroom_bytes
//	                              runtime_sched_latency_p99_seconds
//	the sampler                   system_sample_timestamp_seconds
//	                              system_sample_problems
//
// # Concurrency
//
// All methods are safe for concurrent use. There are no goroutines but the one that calls [Sampler.Run].
//
// # Errors
//
// The error of [Sampler.Sample] joins everything that exists and cannot be read or understood; the other figures are there
// all the same. What a system does not have is no error: pressure without the kernel's option, limits outside of Linux.
//
// # Limits
//
// A collector's gauge keeps the last value when a figure is not known any more: system_sample_problems and
// system_sample_timestamp_seconds tell. Limits of groups above what a container can see are known only for memory with
// version 1. The counts of a group end with it: a container that was killed for want of memory and made anew begins at 0.
// Statistics of a network file system that hangs make the sample hang, and with it Run; everything that has to be read
// from /proc and control groups is read before. A process that moves to another control group is followed at the next
// sample, and its rates a sample later.
package sysmon
