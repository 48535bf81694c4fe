//go:build !linux

package bench

import "time"

var began = time.Now()

// cpuTime returns the time on the wall where a thread's CPU time is not to be had.
func cpuTime() time.Duration { return time.Since(began) }
