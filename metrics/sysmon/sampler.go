package sysmon

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prodwright/prodwright/metrics"
)

// Errors of a [Sampler].
var (
	// ErrUnknown is wrapped by the errors of [Sampler.CPU] and [Sampler.Memory] when there is no figure.
	ErrUnknown = errors.New("not known")
	// ErrRunning is the error of a second [Sampler.Run].
	ErrRunning = errors.New("sysmon: Run was called before")
)

// Sampler takes samples and gives their figures to a [metrics.Collector]. Use [New]. A Sampler is safe for concurrent
// use; it has no goroutines of its own.
type Sampler struct {
	collector metrics.Collector
	cfg       Config

	mu      sync.Mutex
	ran     bool
	last    *Snapshot
	lastErr error
	bases   []*reading        // two at most, the later last, from which rates are measured
	counted map[total]float64 // what the collector's counters have been told
}

// New makes a sampler that gives its figures to c, which may be [metrics.Discard]. It reads nothing yet. The error names
// every problem of the configuration, or says that there is no collector.
func New(c metrics.Collector, cfg Config) (*Sampler, error) {
	err := cfg.Validate()
	if c == nil {
		err = errors.Join(errors.New("the collector is nil: metrics.Discard{} forgets what it is given"), err)
	}
	if err != nil {
		return nil, fmt.Errorf("sysmon: invalid configuration:\n%w", err)
	}
	cfg = cfg.withDefaults()
	cfg.Paths, cfg.Interfaces = slices.Clone(cfg.Paths), slices.Clone(cfg.Interfaces)
	return &Sampler{collector: c, cfg: cfg, counted: make(map[total]float64)}, nil
}

// Run samples until ctx ends, and returns nil then. It samples at once, a second later, so that rates are known soon, and
// then every Interval. What cannot be read ends nothing. A second Run returns [ErrRunning].
func (s *Sampler) Run(ctx context.Context) error {
	s.mu.Lock()
	ran := s.ran
	s.ran = true
	s.mu.Unlock()
	if ran {
		return ErrRunning
	}
	timer := time.NewTimer(0) // not jittered: nothing is shared with other instances
	defer timer.Stop()
	next, problems := minWindow, ""
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		snapshot, err := s.Sample(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if now := strings.Join(snapshot.Unread, "\n"); now != problems {
			problems = now
			if err != nil {
				s.cfg.Logger.WarnContext(ctx, "sysmon: some figures cannot be read", "error", err)
			} else {
				s.cfg.Logger.InfoContext(ctx, "sysmon: all figures can be read again")
			}
		}
		timer.Reset(next)
		next = s.cfg.Interval
	}
}

// Sample takes a sample at once and gives it to the collector. The error joins what could not be read; the figures that
// could be are in the snapshot all the same. When ctx ends first, the error is its, and nothing is kept.
//
// Rates are measured since the sample before, or since the one before that when less than a second has passed: however
// often it is called, and by whomever, a rate spans a second or more, except for the first two samples.
func (s *Sampler) Sample(ctx context.Context) (Snapshot, error) {
	r, err := read(ctx, s.cfg)
	if err != nil {
		return Snapshot{}, fmt.Errorf("sysmon: %w", err)
	}
	snapshot, err := r.snapshot(s.base(r)), error(nil)
	if len(r.unread) > 0 {
		err = fmt.Errorf("sysmon: %w", errors.Join(r.unread...))
	}
	if growth, latest := s.keep(r, snapshot, err); latest {
		publish(s.collector, snapshot, growth)
	}
	return snapshot, err
}

// base returns the reading from which the rates of r are measured, nil when it is the first.
func (s *Sampler) base(r *reading) *reading {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range slices.Backward(s.bases) {
		if r.at.Sub(b.at) >= minWindow {
			return b
		}
	}
	if len(s.bases) > 0 && r.at.After(s.bases[0].at) {
		return s.bases[0]
	}
	return nil
}

// keep makes r the latest reading, and returns by how much its totals have grown. It is false, and keeps nothing, when a
// concurrent sample that began later was faster.
func (s *Sampler) keep(r *reading, snapshot Snapshot, err error) (growth map[total]float64, latest bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last != nil && r.at.Before(s.last.At) {
		return nil, false
	}
	s.last, s.lastErr = &snapshot, err
	if n := len(s.bases); n == 0 || r.at.Sub(s.bases[n-1].at) >= minWindow {
		s.bases = append(s.bases[max(n-1, 0):], r)
	}
	return s.count(r.totals()), true
}

// Status returns the latest snapshot without taking a sample. It is false before the first one.
func (s *Sampler) Status() (Snapshot, bool) {
	snapshot, ok, _ := s.latest()
	return snapshot, ok
}

func (s *Sampler) latest() (snapshot Snapshot, ok bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last == nil {
		return Snapshot{}, false, nil
	}
	return *s.last, true, s.lastErr
}

// CPU returns the Usage of [CPU], between 0 and 1: the latest sample's, or, when that is older than Interval, that of one
// taken now. The error wraps [ErrUnknown] when there is no such figure, as in the first sample, or is that of ctx.
func (s *Sampler) CPU(ctx context.Context) (float64, error) {
	return s.figure(ctx, "the use of the CPU", func(s Snapshot) *float64 { return s.CPU.Usage })
}

// Memory returns the Usage of [Memory], between 0 and 1, like [Sampler.CPU] that of the CPU.
func (s *Sampler) Memory(ctx context.Context) (float64, error) {
	return s.figure(ctx, "the use of the memory", func(s Snapshot) *float64 { return s.Memory.Usage })
}

func (s *Sampler) figure(ctx context.Context, what string, of func(Snapshot) *float64) (float64, error) {
	snapshot, ok, err := s.latest()
	if !ok || time.Since(snapshot.At) > s.cfg.Interval {
		snapshot, err = s.Sample(ctx)
	}
	if value := of(snapshot); value != nil {
		return *value, nil
	}
	if ctx.Err() != nil {
		return 0, fmt.Errorf("sysmon: %w", ctx.Err())
	}
	if err != nil {
		return 0, fmt.Errorf("sysmon: %s is %w: %w", what, ErrUnknown, err)
	}
	return 0, fmt.Errorf("sysmon: %s is %w: it takes two samples", what, ErrUnknown)
}
