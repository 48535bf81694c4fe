package health

import "sync"

// changes hands changes of status to a hook one at a time and in order, without holding a lock: whoever tells while
// nobody is at it hands over all that come until there are no more.
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
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.busy {
		return
	}
	c.busy = true
	for len(c.queue) > 0 {
		next := c.queue[0]
		c.queue = c.queue[1:]
		c.mu.Unlock()
		c.hook(next.before, next.now)
		c.mu.Lock()
	}
	c.busy = false
}
