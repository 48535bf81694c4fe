// Package identity remembers what was found out about strings that stand in the program, by where they are in memory.
package identity

import (
	"sync/atomic"
	"unsafe"
)

// Cache remembers what was found out about strings, as names of fields and messages are, by their place in memory: that is a
// comparison of two words, however long they are.
//
// A string is kept when it is met at the same place for the second time, so that those that are made for one record are not.
// While it is kept nothing else can be at its place, so the same place and length are the same string. There is a fixed number
// of places; a later string takes that of an earlier one. The zero value is empty and ready to use, by several goroutines.
type Cache[T any] struct {
	met  [places]atomic.Uintptr
	kept [places]atomic.Pointer[entry[T]]
}

type entry[T any] struct {
	s     string
	found T
}

const (
	places = 512
	// longest limits the memory, as what is kept is.
	longest = 256
)

// Find returns what is known of a string.
func (c *Cache[T]) Find(s string) (found T, ok bool) {
	if e := c.kept[place(s)].Load(); e != nil && len(e.s) == len(s) && unsafe.StringData(e.s) == unsafe.StringData(s) {
		return e.found, true
	}
	return found, false
}

// Keep remembers what was found out about a string, if it was met before.
func (c *Cache[T]) Keep(s string, found T) {
	if len(s) == 0 || len(s) > longest {
		return
	}
	p := place(s)
	if at := address(s); c.met[p].Load() != at {
		c.met[p].Store(at)
		return
	}
	c.kept[p].Store(&entry[T]{s, found})
}

func place(s string) uintptr {
	at := address(s)
	return (at ^ at>>9 ^ uintptr(len(s))<<4) % places
}

func address(s string) uintptr {
	return uintptr(unsafe.Pointer(unsafe.StringData(s))) //nolint:gosec // it is only compared
}
