//go:build !race

package pglog_test

const raceEnabled = false
