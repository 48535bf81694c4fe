package pgxmon

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Defaults of a [Config].
const (
	DefaultSlowQuery   = time.Second
	DefaultLogInterval = time.Minute
	DefaultLogLength   = 100
	DefaultMaxNames    = 100
)

// maxLogs is how many slow statements are logged in each LogInterval.
const maxLogs = 10

// Config says what a [Tracer] takes for slow and how it names things. The zero value is ready to use.
type Config struct {
	// SlowQuery is how long a query takes that is slow. Defaults to 1 s; -1 means that none is.
	SlowQuery time.Duration `env:"DB_SLOW_QUERY" default:"1s" unit:"s" doc:"a query that takes this long is logged; -1 for none"`
	// LogInterval is the time in which the same slow statement is logged once at most, and ten of them all together. Defaults
	// to 1 min; -1 means that none is.
	LogInterval time.Duration `env:"DB_SLOW_QUERY_LOG_INTERVAL" default:"1m" unit:"s" doc:"how often the same slow query is logged; -1 for never"`
	// LogLength is how much of a slow statement is logged, in bytes. Defaults to 100. Slowest has 1 KiB of each.
	LogLength int `env:"DB_SLOW_QUERY_LOG_LENGTH" default:"100" doc:"how much of a slow query is logged, in bytes"`
	// Names makes the operation of a query its name, when it begins with the comment that sqlc writes: GetUser for
	// "-- name: GetUser :one". Without, and for other queries, it is the first keyword.
	Names bool `env:"DB_QUERY_NAMES" default:"false" doc:"measure queries by their sqlc names"`
	// MaxNames limits how many names are told apart; later ones are measured by their keywords. At most 1000.
	// Defaults to 100.
	MaxNames int `env:"DB_QUERY_MAX_NAMES" default:"100" doc:"how many names are told apart"`
	// Logger is told of slow queries. Nil means [slog.Default].
	Logger *slog.Logger
}

func (c Config) withDefaults() Config {
	c.SlowQuery = cmp.Or(c.SlowQuery, DefaultSlowQuery)
	c.LogInterval = cmp.Or(c.LogInterval, DefaultLogInterval)
	c.LogLength = cmp.Or(c.LogLength, DefaultLogLength)
	c.MaxNames = cmp.Or(c.MaxNames, DefaultMaxNames)
	return c
}

// Validate returns every problem of the configuration, joined, each with the field, its value and the rule.
func (c Config) Validate() error {
	c = c.withDefaults()
	var errs []error
	problem := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if c.SlowQuery < 0 && c.SlowQuery != -1 {
		problem("SlowQuery is %v: must be positive, -1 for none, or 0 for %v", c.SlowQuery, DefaultSlowQuery)
	}
	if c.LogInterval < 0 && c.LogInterval != -1 {
		problem("LogInterval is %v: must be positive, -1 for never, or 0 for %v", c.LogInterval, DefaultLogInterval)
	}
	if c.LogLength < 1 || c.LogLength > maxText {
		problem("LogLength is %d: must be between 1 and %d, or 0 for %d", c.LogLength, maxText, DefaultLogLength)
	}
	if c.MaxNames < 1 || c.MaxNames > 1000 {
		problem("MaxNames is %d: must be between 1 and 1000, or 0 for %d", c.MaxNames, DefaultMaxNames)
	}
	return errors.Join(errs...)
}
