package redact

import (
	"encoding"
	"encoding/json"
	"reflect"
)

// traits is what is known of the values of a type.
type traits uint8

const (
	isSecretType traits = 1 << iota // each is a secret
	encodesItself
	secretBelow // there may be secrets in them
	bareBelow   // and some that do not encode themselves
	anyBelow    // there may be values of any type in them
	bytesBelow  // there may be bytes in them
)

// traitsOf returns what is known of a type. There are as many as a program has, so they are remembered for ever.
func (r *Redactor) traitsOf(t reflect.Type) traits {
	if known, ok := r.traits.Load(t); ok {
		return known.(traits)
	}
	found := r.ownTraits(t)
	r.below(t, map[reflect.Type]bool{}, &found)
	r.traits.Store(t, found)
	return found
}

// ownTraits returns what can be said of a type without looking at what it is made of.
func (r *Redactor) ownTraits(t reflect.Type) (own traits) {
	if r.types[named(t)] || implements(t, reflect.TypeFor[revealer]()) {
		own |= isSecretType
	}
	if implements(t, reflect.TypeFor[json.Marshaler]()) || implements(t, reflect.TypeFor[encoding.TextMarshaler]()) {
		own |= encodesItself
	}
	return own
}

// implements says whether a type or a pointer to it has the methods of an interface.
func implements(t, methods reflect.Type) bool {
	return t.Kind() != reflect.Interface && (t.Implements(methods) || reflect.PointerTo(t).Implements(methods))
}

// below adds what values of a type may have in them, at any depth.
func (r *Redactor) below(t reflect.Type, seen map[reflect.Type]bool, found *traits) {
	if seen[t] {
		return
	}
	seen[t] = true
	look := func(t reflect.Type) {
		own := r.ownTraits(t)
		if own&isSecretType != 0 {
			*found |= secretBelow
			if own&encodesItself == 0 {
				*found |= bareBelow
			}
		}
		r.below(t, seen, found)
	}
	switch t.Kind() {
	case reflect.Interface:
		*found |= anyBelow
	case reflect.Pointer, reflect.Array, reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			*found |= bytesBelow
		}
		look(t.Elem())
	case reflect.Map:
		look(t.Key())
		look(t.Elem())
	case reflect.Struct:
		for f := range t.Fields() {
			look(f.Type)
		}
	}
}
