// Package health answers the probes of an orchestrator: is this process alive, may it get requests, has it started.
//
//	probes := &health.Handler{}
//	err := probes.Add(
//		checks.Postgres(pool),
//		checks.Disk("/"),
//		health.Check{Name: "lifecycle", Func: group.Ready, MaxAge: -1},
//	)
//	admin.Handle("/", probes) // /livez, /readyz, /startupz; /health and /ready answer like /readyz
//
// # Probes
//
// Liveness asks whether a restart would help, so it never depends on anything outside the process: a database that is
// down would otherwise restart every instance at once. [Handler.Add] refuses such a check. Readiness asks whether this
// instance should get requests. Start-up asks the same until it passed once; add its checks before, for passing without
// any does not count. Readiness without checks passes with a loud warning.
//
// # Checks
//
// All checks of a probe run at the same time, each at most once at a time however many probes ask, with a deadline of
// its own. A check that hangs costs one goroutine, and fails until it returns. A panic is a failed check. Results are
// kept for MaxAge, so that probes cannot overload what they look at.
//
// With the default settings a probe is answered within a second, which is how long Kubernetes waits, whatever the checks
// do. Only critical checks are waited for; the others show their last result, with its age, when they are slow.
//
// A failed critical check fails the probe (503); a failed degraded check, or a [Warn] of any check, makes it a warning
// (200); an informative check is only shown.
//
// # Answers
//
// Plain text in the words of Kubernetes ("ok", the list of checks when one fails or with ?verbose), or
// application/health+json (draft-inadarei-api-health-check-06) for /health, /ready and whoever accepts it. Single checks
// are at /readyz/<name>; ?exclude=<name> leaves one out. Error texts may tell an attacker about the inside of a service,
// so they are withheld unless [Handler.ShowErrors] allows them.
//
// # Concurrency
//
// All methods are safe for concurrent use. Hooks are called without a lock held.
//
// # Limits
//
// Mount the handler where only the orchestrator and monitoring can reach it, best on a listener of its own, so that
// probes do not wait behind users' requests.
package health
