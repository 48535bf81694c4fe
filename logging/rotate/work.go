package rotate

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// worker is the one background goroutine of a File. It is there only while there is something to do.
type worker struct {
	mu      sync.Mutex
	again   bool
	done    chan struct{} // closed when the goroutine ends; nil when there is none
	closing bool
	abort   atomic.Bool // what is being done is given up
}

var errAborted = errors.New("given up because the file was closed")

// kick makes sure that compression and retention begin after now.
func (f *File) kick() {
	w := &f.worker
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closing {
		return
	}
	w.again = true
	if w.done == nil {
		w.done = make(chan struct{})
		go f.work(w.done)
	}
}

func (f *File) work(done chan struct{}) {
	defer close(done)
	w := &f.worker
	for {
		w.mu.Lock()
		if !w.again || w.abort.Load() {
			w.done = nil
			w.mu.Unlock()
			return
		}
		w.again = false
		w.mu.Unlock()
		f.pass()
	}
}

// stop waits for the goroutine. After a time it has to give up what it is doing.
func (w *worker) stop(wait time.Duration) {
	w.mu.Lock()
	w.closing = true
	done := w.done
	w.mu.Unlock()
	if done == nil {
		return
	}
	if wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-done:
			return
		case <-timer.C:
			w.abort.Store(true)
		}
	}
	<-done
}

// pass compresses what can be, and deletes what is too much.
func (f *File) pass() {
	f.background(f.syncLeft())
	f.background(f.retain())
	backups, err := list(f.path)
	if err != nil {
		f.background(fail("list", f.path, err))
		return
	}
	compressed := false
	for i := range backups {
		done, err := f.tidy(&backups[i])
		if errors.Is(err, errAborted) {
			return
		}
		compressed = compressed || done
		f.background(err)
		f.background(f.syncLeft()) // lets go of files that were rotated meanwhile
	}
	if compressed && f.cfg.MaxTotal > 0 {
		f.background(f.retain())
	}
}

// background reports an error of the goroutine.
func (f *File) background(err error) {
	if err != nil {
		f.count(func(s *Stats) { s.Failures++ })
		f.cfg.OnError(err)
	}
}
