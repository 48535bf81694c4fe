// Package metrics is under construction.
package metrics
