// Package checks has ready-made checks for package health: PostgreSQL, Redis, disk, memory, TCP, HTTP, certificates.
//
//	probes := &health.Handler{}
//	cache := checks.Redis("redis://cache:6379")
//	cache.Severity = health.Degraded // the service works without it
//	err := probes.Add(checks.Postgres(pool), cache, checks.Disk("/"), checks.Memory())
//
// Each function returns a [health.Check] whose fields may be changed before it is added.
//
// # Concurrency
//
// The checks keep no state and may be run concurrently.
package checks
