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

// DefaultInterval is how often [PoolSampler.Run] samples unless [PoolConfig] says otherwise.
const DefaultInterval = 10 * time.Second

// Errors of a [PoolSampler].
var (
	// ErrNoPool is the error of [PoolSampler.Saturation] when there is no pool, or it has no connections to give.
	ErrNoPool = errors.New("pgxmon: there is no pool")
	// ErrRunning is the error of a second [PoolSampler.Run].
	ErrRunning = errors.New("pgxmon: Run was called before")
)

// PoolConfig says how a pool is sampled. The zero value is ready to use.
type PoolConfig struct {
	// Interval is the time between two samples of [PoolSampler.Run], at least 100 ms. Defaults to 10 s.
	Interval time.Duration `env:"DB_POOL_SAMPLE_INTERVAL" default:"10s" unit:"s" doc:"between two samples of the pool"`
	// Size is how many connections the pool means to keep when it may open more for a while, as the Size of package pool
	// is. What it has beyond is the overflow. Defaults to 0: there is no such thing, and no figure.
	Size int
}

// Validate returns every problem of the configuration, joined, each with the field, its value and the rule.
func (c PoolConfig) Validate() error {
	const least = 100 * time.Millisecond
	var errs []error
	if c.Interval != 0 && c.Interval < least {
		errs = append(errs, fmt.Errorf("Interval is %v: must be at least %v, or 0 for %v", c.Interval, least, DefaultInterval))
	}
	if c.Size < 0 {
		errs = append(errs, fmt.Errorf("Size is %d: must be at least 0", c.Size))
	}
	return errors.Join(errs...)
}

// PoolStatus is a sample of a pool. The counts run since the pool was made.
type PoolStatus struct {
	At           time.Time `json:"at"`
	Size         int       `json:"size"`         // connections: idle, acquired and constructing
	Idle         int       `json:"idle"`         // not in use
	Acquired     int       `json:"acquired"`     // in use
	Constructing int       `json:"constructing"` // being opened
	Max          int       `json:"max"`          // there are never more
	Overflow     int       `json:"overflow"`     // beyond PoolConfig.Size, when that is set
	// Saturation is Acquired divided by Max, between 0 and 1.
	Saturation float64 `json:"saturation_ratio"`

	Acquires         int64         `json:"acquires"`          // that got a connection
	CanceledAcquires int64         `json:"canceled_acquires"` // whose context ended before
	EmptyAcquires    int64         `json:"empty_acquires"`    // that got one, and found none idle
	Wait             time.Duration `json:"acquire_wait_ns"`   // that those waited, all together
	NewConns         int64         `json:"new_connections"`   // opened
	LifetimeDestroys int64         `json:"max_lifetime_destroys"`
	IdleDestroys     int64         `json:"max_idle_destroys"`
}

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

func (s *PoolSampler) read() (PoolStatus, bool) {
	stat := s.stat()
	if stat == nil {
		return PoolStatus{}, false
	}
	status := PoolStatus{
		At:               time.Now(),
		Size:             int(stat.TotalConns()),
		Idle:             int(stat.IdleConns()),
		Acquired:         int(stat.AcquiredConns()),
		Constructing:     int(stat.ConstructingConns()),
		Max:              int(stat.MaxConns()),
		Acquires:         stat.AcquireCount(),
		CanceledAcquires: stat.CanceledAcquireCount(),
		EmptyAcquires:    stat.EmptyAcquireCount(),
		Wait:             stat.EmptyAcquireWaitTime(),
		NewConns:         stat.NewConnsCount(),
		LifetimeDestroys: stat.MaxLifetimeDestroyCount(),
		IdleDestroys:     stat.MaxIdleDestroyCount(),
	}
	if s.cfg.Size > 0 {
		status.Overflow = max(0, status.Size-s.cfg.Size)
	}
	if status.Max > 0 {
		status.Saturation = float64(status.Acquired) / float64(status.Max)
	}
	return status, true
}
