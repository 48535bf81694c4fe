// Package logging writes structured logs that survive the disk, the database and the crash.
package logging
