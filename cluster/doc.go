// Package cluster sends reads to replicas and writes to the primary, wherever that is, and follows or makes a failover.
package cluster
