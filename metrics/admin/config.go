package admin

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/prodwright/prodwright/metrics"
)

// Config of a [Handler]. The zero value works and shows what a process knows about itself.
type Config struct {
	// Service, Version and Environment are shown. Service defaults to the name of the main package, Version to that of the
	// main module, or to its revision; Environment to "unknown".
	Service, Version, Environment string
	// Registry is what /metrics, /windows, /report and the figures of /status are of. Nil leaves them out.
	Registry *metrics.Registry
	// Health answers the probes, as package health does: /livez, /readyz, /startupz. Nil leaves it out.
	Health http.Handler
	// Levels are log levels by the names of their loggers. [*slog.LevelVar] is one.
	Levels map[string]Leveler
	// Exchanges and Tasks are shown when they are there.
	Exchanges *Exchanges
	Tasks     *Tasks
	// Parts are further pages.
	Parts []Part

	// Authorize says who may dump and change; nil closes that to everybody. See [Token].
	Authorize Authorizer
	// TrustedOrigins are those whose pages may send changes although they are not of the host that the request names, as in
	// "https://ops.example.com": the address that browsers see when a proxy hands the request on under another name.
	TrustedOrigins []string `env:"ADMIN_TRUSTED_ORIGINS" doc:"origins whose pages may send changes, such as that of a proxy"`
	// Restrict asks Authorize for looking, too, also at the probes and the metrics.
	Restrict bool `env:"ADMIN_RESTRICT" default:"false" doc:"looking at the admin surface needs a token, too"`
	// Mask replaces secrets in a text, after what the package masks itself.
	Mask func(string) string

	// Flight keeps an execution trace of so many seconds, to be had at /flight, while [Handler.Run] runs. It costs about
	// one percent of the time, and memory up to FlightBytes. Zero keeps none. A process can have one such recorder.
	Flight time.Duration `env:"ADMIN_FLIGHT" default:"0s" unit:"s" doc:"length of the execution trace that is kept; 0 is none"`
	// FlightBytes limits the trace. Defaults to 16 MiB.
	FlightBytes int `env:"ADMIN_FLIGHT_BYTES" default:"16MiB" unit:"bytes" doc:"memory for the execution trace"`
	// MaxProfile limits how long a profile or a trace may take. Defaults to 5 min.
	MaxProfile time.Duration `env:"ADMIN_MAX_PROFILE" default:"5m" unit:"s" doc:"longest profile that may be asked for"`

	// Logger is told of dumps and changes. Nil means slog.Default.
	Logger *slog.Logger
}

// The defaults of [Config].
const (
	DefaultFlightBytes = 16 << 20
	DefaultMaxProfile  = 5 * time.Minute
)

// Validate returns all that is wrong, joined.
func (c Config) Validate() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if c.Restrict && c.Authorize == nil {
		wrong("Restrict is set, but Authorize is nil: nobody could look")
	}
	if c.Flight < 0 {
		wrong("Flight is %v: must be positive, or 0 for none", c.Flight)
	}
	if c.FlightBytes < 0 {
		wrong("FlightBytes is %d: must be positive, or 0 for %d", c.FlightBytes, DefaultFlightBytes)
	}
	if c.MaxProfile < 0 {
		wrong("MaxProfile is %v: must be positive, or 0 for %v", c.MaxProfile, DefaultMaxProfile)
	}
	for _, origin := range c.TrustedOrigins {
		if err := http.NewCrossOriginProtection().AddTrustedOrigin(origin); err != nil {
			wrong("TrustedOrigins has %q: %w", origin, err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Levels)) {
		if c.Levels[name] == nil || name == "" {
			wrong("Levels[%q]: a logger needs a name and a level", name)
		}
	}
	names := map[string]bool{}
	for _, name := range reserved() {
		names[name] = true
	}
	for i, p := range c.Parts {
		switch {
		case !partName.MatchString(p.Name):
			wrong("Parts[%d].Name is %q: must be of lower-case letters, digits and hyphens", i, p.Name)
		case names[p.Name]:
			wrong("Parts[%d].Name is %q, which is taken", i, p.Name)
		}
		names[p.Name] = true
		if (p.Value == nil) == (p.Handler == nil) {
			wrong("Parts[%d] (%q) must have either Value or Handler", i, p.Name)
		}
		if p.Access > Change {
			wrong("Parts[%d] (%q).Access is %d: must be Look, Dump or Change", i, p.Name, p.Access)
		}
	}
	if len(errs) > 0 {
		return fmt.Errorf("admin: invalid configuration:\n%w", errors.Join(errs...))
	}
	return nil
}
