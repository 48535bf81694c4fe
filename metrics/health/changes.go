package health

import "sync"

// changes hands changes of status to a hook one at a time and in order, without holding a lock: whoever tells while
// nobody is at it hands over all that come until there are no more. The hook must not panic.
type changes struct {
	hook func(before, now Result)

	mu    sync.Mutex
	queue []change
	busy  bool
}

type change struct{ before, now Result }

// add notes a change of the status.
func (c *changes) add(before, now Result) {
	if before.Status == now.Status || before.Status == "" && now.Status == Pass {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.queue = append(c.queue, change{before, now})
}

// tell calls the hook for all changes that were added. The caller holds no lock.
func (c *changes) tell() {
	for next, ok := c.take(true); ok; next, ok = c.take(false) {
		c.hook(next.before, next.now)
	}
}

// take returns the next change, or says that there is nothing to do: no change, or for a newcomer, somebody at it.
func (c *changes) take(newcomer bool) (next change, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if newcomer && c.busy {
		return change{}, false
	}
	c.busy = len(c.queue) > 0
	if !c.busy {
		return change{}, false
	}
	next, c.queue = c.queue[0], c.queue[1:]
	return next, true
}
