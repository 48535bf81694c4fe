package rotate

import "time"

const (
	// unread is for how many lines the time is taken to stand still: reading it costs a twentieth of what writing one does.
	unread = 16
	// tick is the longest time for which it may be so, and for which lines stay unchecked when no more come.
	tick = 10 * time.Millisecond
)

// clock returns the time, at most tick late. It is called for each line, with mu held.
func (f *File) clock() time.Duration {
	if f.unread > 0 && !f.stale.Load() {
		f.unread--
		return f.now
	}
	f.now = time.Since(f.started)
	if f.stale.Swap(false) { // its timer has fired
		f.timer.Reset(tick)
	}
	f.unread = unread
	if f.cfg.Every != Never || f.now < f.retry { // what is to be done at a time is done then
		f.unread = 0
	}
	return f.now
}

// ticked is called by the timer after lines were written: the next one reads the clock, and none waits for it to be checked.
func (f *File) ticked() {
	f.stale.Store(true)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.h != nil {
		_ = f.verify(time.Since(f.started))
	}
}
