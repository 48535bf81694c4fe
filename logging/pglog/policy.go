package pglog

import (
	"fmt"
	"strings"
)

// Policy is what a sink does with a record when its queue is full.
type Policy int

// The policies. Whatever is dropped is counted by level and reason, and reported.
const (
	// Spill writes records to disk before the queue is full, and drops, lowest level first, only what neither memory nor
	// disk can hold.
	Spill Policy = iota
	// Drop drops the oldest record of the lowest level that waits, or the new one if none is below it.
	Drop
	// Block lets the caller wait for room, up to Config.BlockTimeout, and then does as Drop.
	Block
)

var policies = [...]string{"spill", "drop", "block"}

// String returns "spill", "drop" or "block".
func (p Policy) String() string {
	if p < 0 || int(p) >= len(policies) {
		return fmt.Sprintf("Policy(%d)", int(p))
	}
	return policies[p]
}

// MarshalText returns what String does.
func (p Policy) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads what String returns, in any case.
func (p *Policy) UnmarshalText(text []byte) error {
	for i, name := range policies {
		if strings.EqualFold(name, strings.TrimSpace(string(text))) {
			*p = Policy(i)
			return nil
		}
	}
	return fmt.Errorf("logging/pglog: policy %q is none of spill, drop and block", text)
}
