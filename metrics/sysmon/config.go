package sysmon

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// DefaultInterval is how often [Sampler.Run] samples unless [Config] says otherwise.
const DefaultInterval = time.Minute

// minWindow is the shortest time over which rates are measured when there is a choice: ten periods of a CPU quota.
const minWindow = time.Second

// Config says what is sampled and how often. The zero value is ready to use.
type Config struct {
	// Interval is the time between two samples of [Sampler.Run], at least 1 s. Defaults to 60 s.
	Interval time.Duration `env:"SYSTEM_SAMPLE_INTERVAL" default:"60s" unit:"s" doc:"between two samples of CPU, memory, disk and network"`
	// Paths are those whose file systems are watched. Nil means "/"; an empty slice means none.
	Paths []string `env:"SYSTEM_DISK_PATHS" default:"/" doc:"paths whose file systems are watched"`
	// Interfaces are the network interfaces whose traffic is counted, all together. Nil means every one that does not lead
	// back to the machine; an empty slice means none.
	Interfaces []string `env:"SYSTEM_NETWORK_INTERFACES" doc:"network interfaces whose traffic is counted"`
	// Root is put in front of every path, those of /proc and /sys included. Defaults to "/". Another one is for tests. HOST_PROC and
	// its like, which other programs heed, are not read.
	Root string
	// Logger is told by [Sampler.Run] when what cannot be read changes. Nil means nobody is.
	Logger *slog.Logger
}

func (c Config) withDefaults() Config {
	c.Interval = cmp.Or(c.Interval, DefaultInterval)
	c.Root = cmp.Or(c.Root, "/")
	if c.Paths == nil {
		c.Paths = []string{"/"}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// Validate returns every problem of the configuration, joined, each with the field, its value and the rule.
func (c Config) Validate() error {
	c = c.withDefaults()
	var errs []error
	problem := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if c.Interval < minWindow {
		problem("Interval is %v: must be at least %v, or 0 for %v", c.Interval, minWindow, DefaultInterval)
	}
	seen := make(map[string]bool)
	for i, path := range c.Paths {
		switch {
		case path == "":
			problem("Paths[%d] is empty: must be a path", i)
		case seen[path]:
			problem("Paths[%d] is %q: must be there once", i, path)
		}
		seen[path] = true
	}
	for i, name := range c.Interfaces {
		if name == "" {
			problem("Interfaces[%d] is empty: must be the name of a network interface", i)
		}
	}
	return errors.Join(errs...)
}
