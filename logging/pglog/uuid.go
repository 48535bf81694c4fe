package pglog

import (
	"crypto/rand"
	"encoding/hex"
)

// uuid names a batch or a file of the spill.
type uuid [16]byte

// newUUID returns a random one (RFC 9562, version 4).
func newUUID() (u uuid) {
	_, _ = rand.Read(u[:]) // never fails
	u[6] = u[6]&0x0f | 0x40
	u[8] = u[8]&0x3f | 0x80
	return u
}

// String returns it in hex, as PostgreSQL reads it.
func (u uuid) String() string { return hex.EncodeToString(u[:]) }
