package checks

import (
	"context"
	"fmt"

	"github.com/shirou/gopsutil/v4/disk"

	"github.com/prodwright/prodwright/metrics/health"
)

// Thresholds of [Disk], in percent of the space that is free for an ordinary user.
const (
	DiskFailBelow = 10
	DiskWarnBelow = 20
)

// Disk checks the free space of the file system that holds path: below 20 % it warns, below 10 % it fails. It observes
// "free_percent" and "free_gb" (10⁹ bytes). The check is named "disk" and critical.
func Disk(path string) health.Check {
	return health.Check{Name: "disk", Func: func(ctx context.Context) error {
		usage, err := disk.UsageWithContext(ctx, path)
		if err != nil {
			return fmt.Errorf("disk %s: %w", path, err)
		}
		free := 100 - usage.UsedPercent
		health.Observe(ctx, "free_percent", free)
		health.Observe(ctx, "free_gb", float64(usage.Free)/1e9)
		return below("disk "+path, free, DiskFailBelow, DiskWarnBelow)
	}}
}

// below returns an error when free percent are too few.
func below(what string, free, failBelow, warnBelow float64) error {
	switch {
	case free < failBelow:
		return fmt.Errorf("%s: %.1f %% free, less than %g %%", what, free, failBelow)
	case free < warnBelow:
		return health.Warn("%s: %.1f %% free, less than %g %%", what, free, warnBelow)
	}
	return nil
}
