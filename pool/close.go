package pool

import "context"

// Close refuses new acquires, closes idle connections at once, gives up those that are being opened and waits for the
// others to come back. When ctx ends first, Close closes all network connections by force, so that their statements fail
// (the server itself notices when it next reads or writes), and returns a [*CloseError] that names the holders. That
// includes connections that were hijacked from the raw pool, which does not tell them apart. pgxpool's own record of them
// ends when the holders release them; until then one goroutine waits. Close may be called again, also to wait for longer;
// it returns nil once all is closed and OnLeak has returned. OnLeak must not call it.
func (p *Pool) Close(ctx context.Context) error {
	if p.closing.CompareAndSwap(false, true) {
		p.waiters.close()
		p.Resume()
		go func() {
			p.end()
			p.raw.Close()
			p.loops.Wait()
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
	open := p.conns.list()
	err := &CloseError{Holders: p.Holders(), cause: context.Cause(ctx)}
	err.Unfinished = len(open) - len(err.Holders) + int(p.raw.Stat().ConstructingConns())
	for _, c := range open {
		c.cut()
	}
	if len(open) == 0 && p.raw.Stat().TotalConns() == 0 && !p.reporting.Load() {
		<-p.closed // what is left is a moment's work
		return nil
	}
	return err
}
