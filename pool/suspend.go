package pool

// gate holds acquires back while the pool is suspended.
type gate struct{ opened chan struct{} }

// Suspend makes every further acquire wait, within its own limits, until [Pool.Resume]. Connections that are checked
// out stay usable, and acquires that are under way go on: the pool is quiet when [Stats] has 0 for both. Use it with
// [Pool.Evict] while the database changes hands: callers wait a moment instead of failing. Suspending a suspended pool
// does nothing.
func (p *Pool) Suspend() { p.gate.CompareAndSwap(nil, &gate{opened: make(chan struct{})}) }

// Resume lets the waiting acquires of a suspended pool go on. On a pool that is not suspended it does nothing.
func (p *Pool) Resume() {
	if g := p.gate.Swap(nil); g != nil {
		close(g.opened)
	}
}

// Evict replaces all connections: idle ones are closed now, the others when they come back. No caller is disturbed. Use
// it after a failover, a rotated password or a changed address. One that is just being opened is replaced as well.
func (p *Pool) Evict() {
	p.evictions.Add(1)
	p.raw.Reset()
}
