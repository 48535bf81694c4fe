package checks

import "github.com/prodwright/prodwright/metrics/health"

// MemoryBelow is Memory of a process that finds /proc and /sys below root.
func MemoryBelow(root string) health.Check { return memoryCheck(root, groups) }
