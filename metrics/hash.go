package metrics

import (
	"math/bits"
	"math/rand/v2"
	"reflect"
	"strings"
	"unsafe"
)

// hasher hashes a struct of texts and numbers.
type hasher struct {
	texts   int // how many fields there are, when all are texts
	fields  []hashed
	partial bool // there are fields of other types
	salt    uint64
}

// hashed is a field of a struct.
type hashed struct {
	offset uintptr
	size   uintptr // of a number, or 0 for a text
}

func hasherOf(t reflect.Type) hasher {
	h := hasher{salt: rand.Uint64()} // so that nobody can choose texts that collide
	add := func(t reflect.Type, offset uintptr) {
		switch t.Kind() {
		case reflect.String:
			h.fields = append(h.fields, hashed{offset, 0})
		case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
			reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr,
			reflect.Float32, reflect.Float64: // 0 and -0 are equal, and have two places
			h.fields = append(h.fields, hashed{offset, t.Size()})
		default:
			h.partial = true
		}
	}
	if t.Kind() != reflect.Struct {
		add(t, 0)
		return h
	}
	texts := true
	for f := range t.Fields() {
		add(f.Type, f.Offset)
		texts = texts && f.Type.Kind() == reflect.String
	}
	if texts {
		h.texts = t.NumField()
	}
	return h
}

const multiplier = 0x9e3779b97f4a7c15 // 2^64 divided by the golden ratio

func (h *hasher) hash(p unsafe.Pointer) uint64 {
	var sum uint64
	salt := h.salt
	if h.texts > 0 {
		for _, text := range textsAt(p, h.texts) {
			sum = bits.RotateLeft64(sum, 23) ^ mix(salt, text)
			salt += multiplier
		}
		return sum
	}
	for _, f := range h.fields {
		field := unsafe.Add(p, f.offset)
		var number uint64
		switch f.size {
		case 0:
			sum = bits.RotateLeft64(sum, 23) ^ mix(salt, *(*string)(field))
			continue
		case 1:
			number = uint64(*(*uint8)(field))
		case 2:
			number = uint64(*(*uint16)(field))
		case 4:
			number = uint64(*(*uint32)(field))
		default:
			number = *(*uint64)(field)
		}
		high, low := bits.Mul64(sum^number, multiplier)
		sum = bits.RotateLeft64(high^low, 23)
	}
	return sum
}

// mix hashes a text. The hashes of several do not wait for each other.
func mix(salt uint64, text string) uint64 {
	for len(text) > 2*word {
		high, low := bits.Mul64(eight(text)^salt, eight(text[word:])^bits.RotateLeft64(salt, 32))
		salt, text = high^low^uint64(len(text)), text[2*word:]
	}
	first, last := ends(text)
	high, low := bits.Mul64(first^salt, last^bits.RotateLeft64(salt, 32))
	return high ^ low
}

const word = 8

// ends returns the up to sixteen bytes of a text, half of them from each end, and its length in a way that keeps them apart.
// It has few branches: lengths are hard to predict.
func ends(s string) (first, last uint64) {
	n := len(s)
	switch {
	case n >= 4:
		inside := n >> 3 << 2 // 0, 4 or 8
		return four(s)<<32 | four(s[inside:]), (four(s[n-4:])<<32 | four(s[n-4-inside:])) ^ uint64(n)<<56
	case n > 0:
		return uint64(s[0])<<16 | uint64(s[n>>1])<<8 | uint64(s[n-1]), uint64(n) << 56
	}
	return 0, 0
}

// eight and four read bytes as a number; the compiler makes one load of each.
func eight(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

func four(s string) uint64 {
	_ = s[3]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24
}

// address hashes a struct of texts by where they are. Texts that stand in the program, as most labels do, are always at the
// same place, so that nothing of them has to be read.
func (h *hasher) address(p unsafe.Pointer) uint64 {
	var sum uint64
	for _, text := range textsAt(p, h.texts) {
		sum = bits.RotateLeft64(sum, 23) + uint64(where(text)) + uint64(len(text))<<56
	}
	return sum * multiplier >> 32
}

// isSame says whether two structs of texts are the same memory.
func (h *hasher) isSame(a, b unsafe.Pointer) bool {
	others := textsAt(b, h.texts)
	for i, text := range textsAt(a, h.texts) {
		if where(text) != where(others[i]) || len(text) != len(others[i]) {
			return false
		}
	}
	return true
}

// textsAt returns the fields of a struct of n texts.
func textsAt(p unsafe.Pointer, n int) []string { return unsafe.Slice((*string)(p), n) } //nolint:gosec // hasherOf has seen that it is one

// where is the address of a text, which is only compared.
func where(text string) uintptr { return uintptr(unsafe.Pointer(unsafe.StringData(text))) } //nolint:gosec // it never becomes a pointer

// clone copies the texts of a struct.
func (h *hasher) clone(p unsafe.Pointer) {
	for _, f := range h.fields {
		if f.size == 0 {
			text := (*string)(unsafe.Add(p, f.offset))
			*text = strings.Clone(*text)
		}
	}
}
