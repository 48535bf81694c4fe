// Package pglog is the sink of package logging that stores records in PostgreSQL.
package pglog
