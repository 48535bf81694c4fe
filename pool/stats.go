package pool

import (
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Stats is a snapshot of a [Pool]. The counters run since the pool was made.
type Stats struct {
	Size       int   `json:"pool_size"`   // the configured Size, or MaxConns when Configure lowered that
	CheckedIn  int   `json:"checked_in"`  // idle now
	CheckedOut int   `json:"checked_out"` // in use now
	Overflow   int   `json:"overflow"`    // open beyond Size now
	Invalid    int64 `json:"invalid"`     // connections that came back broken or failed their test

	MaxConns   int  `json:"max_conns"`  // the hard limit, Size+MaxOverflow unless Configure changed it
	Connecting int  `json:"connecting"` // being opened now
	Waiting    int  `json:"waiting"`    // callers that wait now for a free connection, a new one or a ping
	Suspended  bool `json:"suspended"`
	// Acquiring is how many acquires are under way that Suspend does not hold back. A suspended pool in which Acquiring
	// and CheckedOut are 0 is quiet: nobody uses a connection until Resume.
	Acquiring int `json:"acquiring"`

	Acquired        int64         `json:"acquired"`         // successful acquires
	AcquireTimeouts int64         `json:"acquire_canceled"` // acquires ended by their deadline or cancel
	Waited          int64         `json:"waited"`           // acquires that found no idle connection
	WaitTime        time.Duration `json:"wait_time_ns"`     // total time of those
	Opened          int64         `json:"opened"`           // attempts to open a connection
	OpenFailures    int64         `json:"open_failures"`    // those that failed, in a hook as well
	Recycled        int64         `json:"recycled"`         // connections replaced because of their age, or because of an Evict while they were opened
	Leaks           int64         `json:"leaks"`            // checkouts that outlasted LeakThreshold
}

// Stats returns the present numbers. It does not touch the server.
func (p *Pool) Stats() Stats {
	acquiring := int(p.acquiring.Load()) // first: an acquire that ends meanwhile is found checked out
	s := p.raw.Stat()
	return Stats{
		Size:            p.cfg.Size,
		CheckedIn:       int(s.IdleConns()),
		CheckedOut:      int(s.AcquiredConns()),
		Overflow:        max(0, int(s.TotalConns())-p.cfg.Size),
		Invalid:         p.invalid.Load(),
		MaxConns:        int(s.MaxConns()),
		Connecting:      int(s.ConstructingConns()),
		Waiting:         p.waiters.count(),
		Suspended:       p.gate.Load() != nil,
		Acquiring:       acquiring,
		Acquired:        s.AcquireCount(),
		AcquireTimeouts: s.CanceledAcquireCount(),
		Waited:          s.EmptyAcquireCount(),
		WaitTime:        s.EmptyAcquireWaitTime(),
		Opened:          s.NewConnsCount(),
		OpenFailures:    p.connectFailures.Load(),
		Recycled:        p.recycled.Load(),
		Leaks:           p.leaks.Load(),
	}
}

// Raw returns the plain pgxpool, for everything that takes one: stdlib.OpenDBFromPool makes a *sql.DB of it. It must not
// be closed directly; use [Pool.Close]. The configuration that it shows has no password; a single connection outside the
// pool is made from [Pool.ConnConfig].
func (p *Pool) Raw() *pgxpool.Pool { return p.raw }
