// Package failover promotes a standby when the primary is lost, once, and only when nothing that was acknowledged is lost by it.
package failover
