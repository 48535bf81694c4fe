package metrics

import (
	"maps"
	"sync/atomic"
)

// index is a map that is read without a lock and rarely written to. New entries are kept apart, behind the owner's lock,
// until the cost of copying the map has been spent on looking for them there.
type index[K comparable, V any] struct {
	read  atomic.Pointer[map[K]V] // never written to
	fresh map[K]V                 // what read does not have; guarded by the owner's lock, as is what follows
	spent int                     // since read was made
}

// load needs no lock. It may miss what is fresh.
func (x *index[K, V]) load(key K) (V, bool) {
	if m := x.read.Load(); m != nil {
		value, ok := (*m)[key]
		return value, ok
	}
	var zero V
	return zero, false
}

// locked misses nothing.
func (x *index[K, V]) locked(key K) (V, bool) {
	if value, ok := x.load(key); ok {
		return value, true
	}
	value, ok := x.fresh[key]
	if ok {
		x.spend()
	}
	return value, ok
}

func (x *index[K, V]) store(key K, value V) {
	if x.fresh == nil {
		x.fresh = make(map[K]V)
	}
	x.fresh[key] = value
	x.spend()
}

// spend merges the maps when that has become the cheaper way.
func (x *index[K, V]) spend() {
	const small = 64
	if x.spent++; x.spent > x.size()-small {
		x.settle()
	}
}

// settle makes everything readable without the lock.
func (x *index[K, V]) settle() {
	if len(x.fresh) > 0 {
		x.publish(x.all())
	}
}

// remove takes out what is gone. Those who read without the lock may find it a little longer.
func (x *index[K, V]) remove(gone func(K, V) bool) {
	all := x.all()
	maps.DeleteFunc(all, gone)
	x.publish(all)
}

// all returns a new map of everything.
func (x *index[K, V]) all() map[K]V {
	all := make(map[K]V, x.size())
	if m := x.read.Load(); m != nil {
		maps.Copy(all, *m)
	}
	maps.Copy(all, x.fresh)
	return all
}

func (x *index[K, V]) publish(all map[K]V) {
	x.read.Store(&all)
	x.fresh, x.spent = nil, 0
}

func (x *index[K, V]) size() int {
	n := len(x.fresh)
	if m := x.read.Load(); m != nil {
		n += len(*m)
	}
	return n
}
