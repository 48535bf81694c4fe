package faultproxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prodwright/prodwright/internal/freeport"
)

// Proxy forwards connections from its own address to a target. Use [Listen].
type Proxy struct {
	port *freeport.Port
	wg   sync.WaitGroup
	stop context.CancelFunc
	ctx  context.Context //nolint:containedctx // of its goroutines, ended by Close

	toServer, toClient, accepted atomic.Int64

	mu       sync.Mutex
	listener net.Listener
	target   string
	fault    Fault
	changed  chan struct{} // closed and replaced when the fault changes
	cutAfter int64         // negative: never
	links    map[*link]struct{}
}

// Stats counts since the proxy was made.
type Stats struct {
	Accepted int64 // connections
	Open     int   // connections now
	ToServer int64 // bytes delivered
	ToClient int64 // bytes delivered
}

// Listen starts a proxy in front of target ("host:port"). Close ends it; ctx limits only the start.
func Listen(ctx context.Context, target string) (*Proxy, error) {
	p := &Proxy{target: target, changed: make(chan struct{}), cutAfter: -1, links: map[*link]struct{}{}}
	p.ctx, p.stop = context.WithCancel(context.WithoutCancel(ctx))
	for attempt := 1; ; attempt++ {
		var err error
		if p.port, err = freeport.Take(); err != nil {
			return nil, err
		}
		if err = p.Accept(); err == nil {
			return p, nil
		}
		p.port.Release()
		if attempt == 5 || ctx.Err() != nil {
			return nil, err
		}
	}
}

// Addr returns the proxy's host and port.
func (p *Proxy) Addr() string { return net.JoinHostPort(p.Host(), strconv.Itoa(p.Port())) }

// Host returns "127.0.0.1".
func (p *Proxy) Host() string { return "127.0.0.1" }

// Port returns the proxy's port, which is its own until Close.
func (p *Proxy) Port() int { return p.port.Number() }

// Refuse makes the kernel refuse new connections. Open ones go on.
func (p *Proxy) Refuse() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil {
		_ = p.listener.Close()
		p.listener = nil
	}
}

// Accept ends Refuse. It fails only when another program took the port meanwhile, or after Close.
func (p *Proxy) Accept() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil {
		return nil
	}
	if err := p.ctx.Err(); err != nil {
		return fmt.Errorf("faultproxy: closed: %w", err)
	}
	l, err := (&net.ListenConfig{}).Listen(p.ctx, "tcp4", p.Addr())
	if err != nil {
		return fmt.Errorf("faultproxy: %w", err)
	}
	p.listener = l
	p.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			p.accepted.Add(1)
			p.wg.Go(func() { p.serve(c.(*net.TCPConn)) })
		}
	})
	return nil
}

// SetTarget sends new connections elsewhere, as a changed DNS entry or a moved virtual address does.
func (p *Proxy) SetTarget(target string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target = target
}

// SetFault replaces the fault that is in force. The zero Fault ends it.
func (p *Proxy) SetFault(f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = f
	close(p.changed)
	p.changed = make(chan struct{})
}

// Reset ends every open connection with a TCP reset on both sides.
func (p *Proxy) Reset() {
	for _, l := range p.open() {
		l.reset()
	}
}

// ResetAfter resets each connection that is made from now on when n bytes have passed from the server to the client;
// 0 resets it at once, a negative n never. As any reset it may overtake the last of these bytes.
func (p *Proxy) ResetAfter(n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cutAfter = n
}

// HalfOpen makes every open connection silent for ever: the server's side is gone, and the client is not told, as when
// a stateful firewall forgets a connection. What the client sends is lost. New connections work.
func (p *Proxy) HalfOpen() {
	for _, l := range p.open() {
		l.forget()
	}
}

// Stats returns the present counts.
func (p *Proxy) Stats() Stats {
	return Stats{Accepted: p.accepted.Load(), Open: len(p.open()), ToServer: p.toServer.Load(), ToClient: p.toClient.Load()}
}

// Close resets all connections and ends the proxy. It returns when all its goroutines have ended.
func (p *Proxy) Close() error {
	p.stop()
	p.Refuse()
	p.Reset()
	p.wg.Wait()
	p.port.Release()
	return nil
}

func (p *Proxy) open() []*link {
	p.mu.Lock()
	defer p.mu.Unlock()
	links := make([]*link, 0, len(p.links))
	for l := range p.links {
		links = append(links, l)
	}
	return links
}

// serve carries one connection until its end.
func (p *Proxy) serve(client *net.TCPConn) {
	l := &link{proxy: p, client: client, done: make(chan struct{})}
	p.mu.Lock()
	l.cutAfter = p.cutAfter
	p.links[l] = struct{}{}
	p.mu.Unlock()
	defer func() {
		l.reset()
		p.mu.Lock()
		delete(p.links, l)
		p.mu.Unlock()
	}()
	if p.ctx.Err() != nil || l.cutAfter == 0 || !l.passable(ClientToServer) {
		return
	}
	if err := l.dial(p.ctx); err != nil {
		return
	}
	var pumps sync.WaitGroup
	var there, back bool
	pumps.Go(func() { there = l.pump(ClientToServer, l.client, l.server, &p.toServer) })
	pumps.Go(func() { back = l.pump(ServerToClient, l.server, l.client, &p.toClient) })
	pumps.Wait()
	if there && back && !l.forgotten.Load() {
		l.close()
	}
}

func (l *link) dial(ctx context.Context) error {
	l.proxy.mu.Lock()
	target := l.proxy.target
	l.proxy.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", target)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.server = c.(*net.TCPConn)
	select {
	case <-l.done: // reset meanwhile
		abort(l.server)
		return errors.New("reset")
	default:
		return nil
	}
}
