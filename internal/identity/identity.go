// Package identity remembers what was found out about strings that stand in the program, by where they are in memory.
package identity

import (
	"strings"
	"sync/atomic"
	"unsafe"
)

// Cache remembers what was found out about strings, as names of fields and messages are, by their place in memory, which
// takes no hash of what they say.
//
// A string is kept when it is met at the same place for the second time, so that those that are made for one record are not.
// Some strings stand in memory that is written again, as those of unsafe.String over a buffer do, so what is kept is a copy, and
// a string is only found while it still says the same. There is a fixed number of places; a later string takes that of an
// earlier one. The zero value is empty and ready to use, by several goroutines.
type Cache[T any] struct {
	met  [places]atomic.Uintptr
	kept [places]atomic.Pointer[entry[T]]
}

type entry[T any] struct {
	at    uintptr
	copy  string
	found T
}

const (
	places = 512
	// longest limits the memory, as what is kept is.
	longest = 256
)

// Find returns what is known of a string.
func (c *Cache[T]) Find(s string) (found T, ok bool) {
	if e := c.kept[place(s)].Load(); e != nil && e.at == address(s) && e.copy == s {
		return e.found, true
	}
	return found, false
}

// Keep finds something out about a string, and remembers it if the string was met before. What find returns must not share
// the memory of the string that it does not get: it gets a copy then.
func (c *Cache[T]) Keep(s string, find func(string) T) T {
	if len(s) == 0 || len(s) > longest {
		return find(s)
	}
	p, at := place(s), address(s)
	if c.met[p].Load() != at {
		c.met[p].Store(at)
		return find(s)
	}
	s = strings.Clone(s)
	found := find(s)
	c.kept[p].Store(&entry[T]{at, s, found})
	return found
}

func place(s string) uintptr {
	at := address(s)
	return (at ^ at>>9 ^ uintptr(len(s))<<4) % places
}

func address(s string) uintptr {
	return uintptr(unsafe.Pointer(unsafe.StringData(s))) //nolint:gosec // it is only compared
}
