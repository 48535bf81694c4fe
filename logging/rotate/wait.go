package rotate

import (
	"errors"
	"time"
)

// waiting calls again what another process keeps from working.
func waiting(call func() error) error {
	for start := time.Now(); ; time.Sleep(lockPoll) {
		if err := call(); !errors.Is(err, ErrBusy) || time.Since(start) > lockWait {
			return err
		}
	}
}

// note remembers how an attempt to rotate ended, so that the next one is not made for each line.
func (f *File) note(now time.Duration, err error) {
	switch {
	case err == nil:
		f.backoff, f.busy = 0, 0
	case errors.Is(err, ErrBusy): // somebody is rotating right now
		f.busy = min(max(2*f.busy, minBusy), maxBusy)
		f.retry = now + f.busy
		f.due = min(f.due, f.retry)
		f.unread = 0
	default:
		f.backoff = min(max(2*f.backoff, minBackoff), maxBackoff)
		f.retry = now + f.backoff
		f.report(err)
	}
}

// report keeps an error for OnError until mu is free.
func (f *File) report(err error) {
	f.stats.Failures++
	if len(f.reports) < 16 {
		f.reports = append(f.reports, err)
	}
}
