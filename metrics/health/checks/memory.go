package checks

import (
	"context"
	"errors"
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
func Memory() health.Check { return memoryCheck("/", groups) }

// MemoryIn is [Memory] of the machine whose file system is found at root, for a monitor in a container that sees its
// host's there. The limits of containers do not count, because the only ones that /proc would tell are the monitor's own.
func MemoryIn(root string) health.Check {
	return memoryCheck(root, func(string) []group { return nil })
}

func memoryCheck(root string, limits func(root string) []group) health.Check {
	return health.Check{Name: "memory", Func: func(ctx context.Context) error {
		used, available, source, err := memory(ctx, root, limits(root))
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
func memory(ctx context.Context, root string, limits []group) (used, available float64, source string, err error) {
	ctx = context.WithValue(ctx, common.EnvKey, common.EnvMap{common.HostProcEnvKey: filepath.Join(root, "proc")})
	machine, err := mem.VirtualMemoryWithContext(ctx)
	if err != nil {
		return 0, 0, "", err
	}
	total, available := float64(machine.Total), float64(machine.Available)
	if total == 0 {
		return 0, 0, "", errors.New("the machine's memory cannot be read")
	}
	used, source = 100-100*available/total, "machine"
	for _, g := range limits {
		if g.limit >= total {
			continue
		}
		if u := 100 * g.used / g.limit; source == "machine" || u > used {
			used, available, source = u, g.limit-g.used, "container"
		}
	}
	return used, available, source, nil
}
