package checks

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/shirou/gopsutil/v4/common"
	"github.com/shirou/gopsutil/v4/mem"

	"github.com/prodwright/prodwright/metrics/health"
)

// Thresholds of [Memory], in percent of the limit that are in use.
const (
	MemoryFailAbove = 90
	MemoryWarnAbove = 80
)

// Memory checks the memory in use: above 80 % it warns, above 90 % it fails. In a container that means the container's
// limit and what counts against it without the file cache that the kernel can drop, otherwise the machine. It observes
// "used_percent", "available_gb" (10⁹ bytes) and "limit" ("container" or "machine"). The check is named "memory" and
// critical.
func Memory() health.Check { return MemoryIn("/") }

// MemoryIn is [Memory] with /proc and /sys found below root, for a monitor that sees its host's file system there.
func MemoryIn(root string) health.Check {
	return health.Check{Name: "memory", Func: func(ctx context.Context) error {
		used, available, source, err := memory(ctx, root)
		if err != nil {
			return fmt.Errorf("memory: %w", err)
		}
		health.Observe(ctx, "used_percent", used)
		health.Observe(ctx, "available_gb", available/1e9)
		health.Observe(ctx, "limit", source)
		switch {
		case used > MemoryFailAbove:
			return fmt.Errorf("memory: %.1f %% of the %s's limit used, more than %d %%", used, source, MemoryFailAbove)
		case used > MemoryWarnAbove:
			return health.Warn("memory: %.1f %% of the %s's limit used, more than %d %%", used, source, MemoryWarnAbove)
		}
		return nil
	}}
}

// memory returns how many percent are used, how many bytes are left, and whose they are: those of the fullest of the
// control groups that limit this process, or the machine's when none does.
func memory(ctx context.Context, root string) (used, available float64, source string, err error) {
	ctx = context.WithValue(ctx, common.EnvKey, common.EnvMap{common.HostProcEnvKey: filepath.Join(root, "proc")})
	machine, err := mem.VirtualMemoryWithContext(ctx)
	if err != nil {
		return 0, 0, "", err
	}
	if machine.Total > 0 {
		used, available, source = 100-100*float64(machine.Available)/float64(machine.Total), float64(machine.Available), "machine"
	}
	for _, g := range groups(root) {
		if g.limit >= float64(machine.Total) {
			continue
		}
		if u := 100 * g.used / g.limit; source == "machine" || u > used {
			used, available, source = u, g.limit-g.used, "container"
		}
	}
	return used, available, source, nil
}
