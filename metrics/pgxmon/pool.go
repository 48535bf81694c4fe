package pgxmon

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/prodwright/prodwright/metrics"
)

// Errors of a [PoolSampler].
var (
	// ErrNoPool is the error of [PoolSampler.Saturation] when there is no pool, or it has no connections to give.
	ErrNoPool = errors.New("pgxmon: there is no pool")
	// ErrRunning is the error of a second [PoolSampler.Run].
	ErrRunning = errors.New("pgxmon: Run was called before")
)

// PoolSampler gives the figures of a pool to a [metrics.Collector], with the label pool. Use [NewPoolSampler]. A
// PoolSampler is safe for concurrent use; it has no goroutines of its own.
type PoolSampler struct {
	stat func() *pgxpool.Stat
	cfg  PoolConfig

	size, idle, acquired, constructing, most, overflow, saturation metrics.Gauge
	totals                                                         [6]metrics.Counter

	mu      sync.Mutex // guards what follows
	ran     bool
	last    *PoolStatus
	counted [6]float64 // what the counters have been told
}

// NewPoolSampler makes a sampler for the pool whose Stat method is stat, which for package pool is that of its Raw pool.
// stat may return nil as long as there is no pool, and that of another one later. name is the value of the label pool. The
// error names everything that is wrong.
func NewPoolSampler(c metrics.Collector, name string, stat func() *pgxpool.Stat, cfg PoolConfig) (*PoolSampler, error) {
	err := cfg.Validate()
	if stat == nil {
		err = errors.Join(errors.New("stat is nil: must be the Stat method of a pool"), err)
	}
	if name == "" {
		err = errors.Join(errors.New("the name is empty: pools are told apart by it"), err)
	}
	if err := valid(c, err); err != nil {
		return nil, err
	}
	cfg.Interval = cmp.Or(cfg.Interval, DefaultInterval)
	label := metrics.Label{Name: "pool", Value: name}
	s := &PoolSampler{
		stat: stat, cfg: cfg,
		size:         c.Gauge("db_pool_size", label),
		idle:         c.Gauge("db_pool_idle", label),
		acquired:     c.Gauge("db_pool_acquired", label),
		constructing: c.Gauge("db_pool_constructing", label),
		most:         c.Gauge("db_pool_max", label),
		saturation:   c.Gauge("db_pool_saturation_ratio", label),
		totals: [6]metrics.Counter{
			c.Counter("db_pool_canceled_acquires_total", label),
			c.Counter("db_pool_empty_acquires_total", label),
			c.Counter("db_pool_acquire_wait_seconds_total", label),
			c.Counter("db_pool_new_connections_total", label),
			c.Counter("db_pool_max_lifetime_destroys_total", label),
			c.Counter("db_pool_max_idle_destroys_total", label),
		},
	}
	if cfg.Size > 0 {
		s.overflow = c.Gauge("db_pool_overflow", label)
	}
	return s, nil
}

// Run samples at once and then every Interval until ctx ends, and returns nil then. A second Run returns [ErrRunning].
func (s *PoolSampler) Run(ctx context.Context) error {
	s.mu.Lock()
	ran := s.ran
	s.ran = true
	s.mu.Unlock()
	if ran {
		return ErrRunning
	}
	ticker := time.NewTicker(s.cfg.Interval) // not jittered: nothing is shared with other instances
	defer ticker.Stop()
	for ctx.Err() == nil {
		s.Sample()
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
	return nil
}

// Sample takes a sample at once and gives it to the collector. It is false, and gives nothing, when there is no pool. It
// does not touch the server.
func (s *PoolSampler) Sample() (PoolStatus, bool) {
	s.mu.Lock() // for the counters, which must see the samples in their order
	defer s.mu.Unlock()
	status, ok := s.read()
	if !ok {
		return PoolStatus{}, false
	}
	s.last = &status
	s.size.Set(float64(status.Size))
	s.idle.Set(float64(status.Idle))
	s.acquired.Set(float64(status.Acquired))
	s.constructing.Set(float64(status.Constructing))
	s.most.Set(float64(status.Max))
	s.saturation.Set(status.Saturation)
	if s.overflow != nil {
		s.overflow.Set(float64(status.Overflow))
	}
	for i, now := range [...]float64{
		float64(status.CanceledAcquires), float64(status.EmptyAcquires), status.Wait.Seconds(), float64(status.NewConns),
		float64(status.LifetimeDestroys), float64(status.IdleDestroys),
	} {
		if now < s.counted[i] {
			s.counted[i] = 0 // another pool, which began anew
		}
		s.totals[i].Add(now - s.counted[i])
		s.counted[i] = now
	}
	return status, true
}

// Status returns the latest sample without taking one. It is false before the first.
func (s *PoolSampler) Status() (PoolStatus, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last == nil {
		return PoolStatus{}, false
	}
	return *s.last, true
}

// Saturation returns the part of the connections that is in use now, between 0 and 1: a signal for scaling, a value for an
// alert. It takes no sample. The error is [ErrNoPool] or that of ctx.
func (s *PoolSampler) Saturation(ctx context.Context) (float64, error) {
	if err := ctx.Err(); err != nil {
		return 0, fmt.Errorf("pgxmon: %w", err)
	}
	status, ok := s.read()
	if !ok || status.Max == 0 {
		return 0, ErrNoPool
	}
	return status.Saturation, nil
}
