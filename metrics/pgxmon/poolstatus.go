package pgxmon

import (
	"errors"
	"fmt"
	"time"
)

// DefaultInterval is how often [PoolSampler.Run] samples unless [PoolConfig] says otherwise.
const DefaultInterval = 10 * time.Second

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
	problem := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if c.Interval != 0 && c.Interval < least {
		problem("Interval is %v: must be at least %v, or 0 for %v", c.Interval, least, DefaultInterval)
	}
	if c.Size < 0 {
		problem("Size is %d: must be at least 0", c.Size)
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

// read returns the present state of the pool. It is false when there is none.
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
