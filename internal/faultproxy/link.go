package faultproxy

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// How much one direction keeps before its sender is held back.
const (
	chunkSize = 32 << 10
	chunks    = 8
)

// link is one connection through the proxy.
type link struct {
	proxy     *Proxy
	client    *net.TCPConn
	cutAfter  int64
	forgotten atomic.Bool
	done      chan struct{} // closed when the link is reset

	mu     sync.Mutex
	server *net.TCPConn // nil until dialled
	ended  bool
}

// chunk is something on its way: bytes, or the end of the stream.
type chunk struct {
	data []byte
	end  error // io.EOF for an orderly one
	due  time.Time
}

// reset ends both sides with a TCP reset.
func (l *link) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return
	}
	l.ended = true
	close(l.done)
	abort(l.client)
	if l.server != nil {
		abort(l.server)
	}
}

// close ends both sides in order, so that what was written still arrives.
func (l *link) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return
	}
	l.ended = true
	close(l.done)
	_ = l.client.Close()
	_ = l.server.Close()
}

// forget ends the server's side only.
func (l *link) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forgotten.Store(true)
	if l.server != nil {
		abort(l.server)
	}
}

func abort(c *net.TCPConn) {
	_ = c.SetLinger(0)
	_ = c.Close()
}

// passable waits while direction d is cut. It returns false when the link ended meanwhile.
func (l *link) passable(d Direction) bool {
	for {
		fault, changed := l.proxy.state()
		if fault.Partition&d == 0 {
			return true
		}
		select {
		case <-changed:
		case <-l.done:
			return false
		}
	}
}

func (l *link) sleep(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-l.done:
		return false
	}
}

// pump carries one direction: what is read is queued with the time at which it is due, and written when that has come
// and the way is free.
// It returns true when the stream came to an orderly end.
func (l *link) pump(d Direction, from, to *net.TCPConn, delivered *atomic.Int64) (orderly bool) {
	queue := make(chan chunk, chunks)
	var reader sync.WaitGroup
	reader.Go(func() { l.read(from, queue) })
	defer reader.Wait()
	var passed int64
	for c := range queue {
		if !l.sleep(time.Until(c.due)) || !l.passable(d) {
			return false
		}
		if c.end != nil {
			l.finish(to, c.end)
			return errors.Is(c.end, io.EOF)
		}
		if d == ServerToClient && l.cutAfter > 0 && passed+int64(len(c.data)) >= l.cutAfter {
			n, _ := to.Write(c.data[:l.cutAfter-passed])
			delivered.Add(int64(n))
			l.reset()
			return false
		}
		if l.forgotten.Load() {
			continue
		}
		n, err := l.write(to, c.data)
		passed += int64(n)
		delivered.Add(int64(n))
		if err != nil && !l.forgotten.Load() {
			l.finish(from, err)
			return false
		}
	}
	return false
}

// write sends data no faster than the bandwidth of the moment.
func (l *link) write(to *net.TCPConn, data []byte) (n int, err error) {
	for n < len(data) && err == nil {
		rest := data[n:]
		fault, _ := l.proxy.state()
		if b := fault.Bandwidth; b > 0 {
			rest = rest[:min(int64(len(rest)), max(b/20, 1))]
			if !l.sleep(time.Duration(int64(len(rest)) * int64(time.Second) / b)) {
				return n, net.ErrClosed
			}
		}
		var m int
		m, err = to.Write(rest)
		n += m
	}
	return n, err
}

// finish passes the end of a stream on.
func (l *link) finish(to *net.TCPConn, end error) {
	switch {
	case l.forgotten.Load():
	case errors.Is(end, io.EOF):
		_ = to.CloseWrite()
	default:
		l.reset()
	}
}

// read fills the queue until the stream ends or the link does. A full queue holds the sender back.
func (l *link) read(from *net.TCPConn, queue chan<- chunk) {
	defer close(queue)
	for {
		buf := make([]byte, chunkSize)
		n, err := from.Read(buf)
		fault, _ := l.proxy.state()
		due := time.Now().Add(fault.delay())
		if n > 0 && !l.put(queue, chunk{data: buf[:n], due: due}) {
			return
		}
		if err != nil {
			l.put(queue, chunk{end: err, due: due})
			return
		}
	}
}

func (l *link) put(queue chan<- chunk, c chunk) bool {
	select {
	case queue <- c:
		return true
	case <-l.done:
		return false
	}
}
