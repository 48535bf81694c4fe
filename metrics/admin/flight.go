package admin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime/trace"
	"sync"
	"time"
)

// flight keeps a trace of the last seconds.
type flight struct {
	length time.Duration
	size   int

	mu       sync.Mutex // guards what follows; held while the recorder starts, stops or is read, which the runtime does one at a time
	recorder *trace.FlightRecorder
	running  bool
}

func (f *flight) configure(length time.Duration, size int) { f.length, f.size = length, size }

func (f *flight) run(ctx context.Context) error {
	if err := f.start(); err != nil {
		return err
	}
	<-ctx.Done()
	f.stop()
	return nil
}

func (f *flight) start() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.running {
		return errors.New("admin: the Handler is running already")
	}
	if f.length > 0 {
		r := trace.NewFlightRecorder(trace.FlightRecorderConfig{MinAge: f.length, MaxBytes: uint64(f.size)}) //nolint:gosec // not negative
		if err := r.Start(); err != nil {
			return fmt.Errorf("admin: the flight recorder could not start, as a process can have one: %w", err)
		}
		f.recorder = r
	}
	f.running = true
	return nil
}

func (f *flight) stop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.recorder != nil {
		f.recorder.Stop()
	}
	f.recorder, f.running = nil, false
}

// read returns the trace. It is in memory, so that nobody waits for a slow reader.
func (f *flight) read() (*bytes.Buffer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.recorder == nil {
		return nil, ErrNoFlight
	}
	b := new(bytes.Buffer)
	if _, err := f.recorder.WriteTo(b); err != nil {
		return nil, fmt.Errorf("admin: the trace could not be read: %w", err)
	}
	return b, nil
}

// ErrNoFlight says that there is no trace: Config.Flight is zero, or [Handler.Run] does not run.
var ErrNoFlight = errors.New("admin: no flight recorder is running")

// WriteFlight writes the trace of the last seconds as go tool trace reads it: call it when an alert fires, and the trace
// shows what led to it. The error is [ErrNoFlight], or that of w.
func (h *Handler) WriteFlight(w io.Writer) error {
	b, err := h.flight.read()
	if err != nil {
		return err
	}
	if _, err := b.WriteTo(w); err != nil {
		return fmt.Errorf("admin: the trace could not be written: %w", err)
	}
	return nil
}

func (h *Handler) serveFlight(w http.ResponseWriter, r *http.Request) {
	if !h.raw(w, r) {
		return
	}
	b, err := h.flight.read()
	if err != nil {
		h.fail(w, r, http.StatusServiceUnavailable, err.Error())
		return
	}
	attach(w, "flight.trace")
	_, _ = w.Write(b.Bytes()) // the client has gone
}
