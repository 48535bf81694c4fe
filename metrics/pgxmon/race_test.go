//go:build race

package pgxmon_test

const raceEnabled = true
