package bench

import (
	"time"

	"golang.org/x/sys/unix"
)

// cpuTime returns the CPU time of this thread.
func cpuTime() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts); err != nil {
		panic(err)
	}
	return time.Duration(ts.Nano())
}
