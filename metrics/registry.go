package metrics

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// The defaults of [Config].
const (
	DefaultMaxSeries      = 1_000
	DefaultMaxTotalSeries = 10_000
	DefaultMaxHistory     = 64 << 20
)

// Config is optional for [New].
type Config struct {
	// MaxSeries is how many series one metric may have, MaxTotalSeries how many all have. Beyond, values go to one series of
	// the metric with the label otel_metric_overflow="true", and a warning is logged once for each metric. They default to
	// 1 000 and 10 000; -1 is no limit.
	MaxSeries      int `env:"METRICS_MAX_SERIES" default:"1000" check:"min=-1" doc:"series that one metric may have; -1 is no limit"`
	MaxTotalSeries int `env:"METRICS_MAX_TOTAL_SERIES" default:"10000" check:"min=-1" doc:"series that all metrics may have; -1 is no limit"`
	// MaxHistory limits the memory of what [Registry.Summary] and [Registry.Select] look back on, in bytes. When it is used
	// up, which is logged once, those series that take most remember less far: see Memory in the package's documentation. Defaults to 64 MiB; -1 is no history.
	MaxHistory int `env:"METRICS_MAX_HISTORY" default:"64MiB" unit:"bytes" check:"min=-1" doc:"memory for the last 25 hours; -1 is none"`
	// MaxIdle is after what time a series is removed that was neither recorded to nor looked up, and whose handle nobody has any more. It must be
	// at least [MinIdle] and should be longer than any window that is asked for, which
	// [Registry.RatePerHour], [Registry.Compare] and [Registry.QueryRatio] insist on: see Expiry in the package's documentation.
	// Defaults to 0, which is never.
	MaxIdle time.Duration `env:"METRICS_MAX_IDLE" default:"0s" unit:"s" doc:"after what time a series is removed that is not used any more, at least 5m; 0 is never"`
	// Strict makes misuse panic, for tests.
	Strict bool
	// Logger is told of misuse and of limits that were reached. Nil means slog.Default.
	Logger *slog.Logger
}

// Validate returns all that is wrong, joined.
func (c Config) Validate() error {
	var errs []error
	for _, limit := range []struct {
		name  string
		value int
	}{{"MaxSeries", c.MaxSeries}, {"MaxTotalSeries", c.MaxTotalSeries}, {"MaxHistory", c.MaxHistory}} {
		if limit.value < -1 {
			errs = append(errs, fmt.Errorf("%s is %d: must be positive, 0 for the default, or -1 for no limit", limit.name, limit.value))
		}
	}
	if c.MaxIdle != 0 && c.MaxIdle < MinIdle {
		errs = append(errs, fmt.Errorf("MaxIdle is %v: must be at least %v, so that the last values are scraped, or 0 for never", c.MaxIdle, MinIdle))
	}
	if len(errs) > 0 {
		return fmt.Errorf("metrics: invalid configuration:\n%w", errors.Join(errs...))
	}
	return nil
}

// Registry is a [Collector] that keeps what it is given, answers questions about the last 25 hours and exports it all. The
// zero value is ready to use. Run [Registry.Run] for exact windows. A Registry is safe for concurrent use.
type Registry struct {
	cfg Config

	families index[string, *family] // by every name that was asked for

	mu      sync.Mutex // guards the making of series and what follows
	ordered []*family
	taken   map[string]string // names that the export needs for a metric of another name
	total   int               // series
	began   time.Time         // when the first was made
	warned  map[string]bool

	history   history
	callbacks callbacks
	vecs      forgetters
	removed   func(*series) // for tests: called for each series that expires, with mu held
}

var _ Collector = (*Registry)(nil)

// New returns a registry. The error lists everything that is wrong with c.
func New(c Config) (*Registry, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return &Registry{cfg: c}, nil
}

// Counter returns the counter of that name and those labels. Its name is exported with the suffix _total.
func (r *Registry) Counter(name string, labels ...Label) Counter {
	s, h := r.series(name, KindCounter, labels)
	if h != nil {
		return (*heldCounter)(h)
	}
	return s.counter
}

// Gauge returns the gauge of that name and those labels.
func (r *Registry) Gauge(name string, labels ...Label) Gauge {
	s, h := r.series(name, KindGauge, labels)
	if h != nil {
		return (*heldGauge)(h)
	}
	return s.gauge
}

// Histogram returns the histogram of that name and those labels.
func (r *Registry) Histogram(name string, labels ...Label) Histogram {
	s, h := r.series(name, KindHistogram, labels)
	if h != nil {
		return (*heldHistogram)(h)
	}
	return s.histogram
}

// series finds a series without a lock, or makes it. When series expire there is a holder, which is to be given away.
func (r *Registry) series(name string, kind Kind, labels []Label) (*series, *holder) {
	var room [256]byte
	if f, ok := r.families.load(name); ok && f.kind == kind {
		key := appendKey(room[:0], labels)
		if m := f.series.read.Load(); m != nil {
			if s, ok := (*m)[string(key)]; ok { // index.load would need the key as a string
				if s.lease == nil {
					return s, nil
				}
				s.lease.lookedUp()
				if h := s.held(); h != nil {
					return s, h
				}
				if s, h := r.again(f, key); s != nil {
					return s, h
				}
				return r.make(name, kind, labels)
			}
		}
		if s := f.sealed.Load(); s != nil {
			if names, values := areClean(labels, kind); names && values {
				f.overflows.Inc()
				return s, s.held()
			}
		}
	}
	return r.make(name, kind, labels)
}
