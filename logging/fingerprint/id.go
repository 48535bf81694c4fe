package fingerprint

import (
	"fmt"
	"strconv"
)

// Version is the version of the format of fingerprints. Fingerprints of two versions must not be compared.
const Version = 1

const version = "\x01" // as it is hashed

// ID is the fingerprint of an event: messages with the same one differ in their values only.
type ID uint64

// Of returns the fingerprint of a message that a logger wrote, and of the text of the error in it, which may be empty. It
// does not allocate.
func Of(logger, message, errorText string) ID {
	var s scanner
	s.out.hash = offset
	s.out.write(version)
	s.out.write(logger)
	s.out.write("\xff")
	s.scan(message)
	s.out.write("\xff")
	s.scan(errorText)
	return ID(mix(s.out.hash))
}

// Named returns the fingerprint of a group that has a name, whoever logs and whatever the messages are. It does not allocate.
func Named(group string) ID {
	var s scanner
	s.out.hash = offset
	s.out.write(version)
	s.out.write("\xfe")
	s.out.write(group)
	return ID(mix(s.out.hash))
}

// FNV-1a: http://www.isthe.com/chongo/tech/comp/fnv/
const (
	offset uint64 = 14695981039346656037
	prime  uint64 = 1099511628211
)

// mix is the finalizer of MurmurHash3, fmix64.
func mix(h uint64) uint64 {
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// String returns it as 16 hex digits, the form in which [Parse] reads it.
func (id ID) String() string {
	const digits = "0123456789abcdef"
	var b [16]byte
	for i := range b {
		b[15-i] = digits[id>>(4*i)&0xf]
	}
	return string(b[:])
}

// Int64 returns it as a signed number with the same bits, for a column of type bigint. [FromInt64] reverses it.
func (id ID) Int64() int64 { return int64(id) } //nolint:gosec // the same bits are meant

// FromInt64 returns the fingerprint whose [ID.Int64] is n.
func FromInt64(n int64) ID { return ID(n) } //nolint:gosec // the same bits are meant

// Parse reads what [ID.String] writes. Its error says what was expected.
func Parse(s string) (ID, error) {
	n, err := strconv.ParseUint(s, 16, 64)
	if err != nil || len(s) != 16 {
		return 0, fmt.Errorf("logging/fingerprint: fingerprint %.40q is not 16 hex digits", s)
	}
	return ID(n), nil
}
