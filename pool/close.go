package pool

import "context"

// Close refuses new acquires, closes idle connections at once and waits for the others to come back. When ctx ends
// first, Close closes their network connections by force, so that the server is rid of them and their statements fail,
// and returns a [*CloseError] that names the holders. pgxpool's own record of them ends when the holders release them;
// until then one goroutine waits. Close may be called again, also to wait for longer; it returns nil once all is closed.
func (p *Pool) Close(ctx context.Context) error {
	if p.closing.CompareAndSwap(false, true) {
		p.waiters.close()
		p.Resume()
		go func() {
			p.end()
			p.raw.Close()
			close(p.closed)
		}()
	}
	select {
	case <-p.closed:
		return nil
	default:
	}
	select {
	case <-p.closed:
		return nil
	case <-ctx.Done():
	}
	err := &CloseError{Holders: p.Holders(), cause: context.Cause(ctx)}
	for _, c := range p.conns.list() {
		if c.stamp.Load() > 0 {
			c.cut()
		}
	}
	return err
}
