package failover

import (
	"context"
	"errors"
	"strconv"
	"sync"
)

// Register is one value that all managers of a cluster share, and that is changed by compare-and-swap alone: a key of etcd, a Lease of
// Kubernetes, a row of another PostgreSQL. It must be linearizable: what is loaded after a swap has come back is that
// or something later. clustertest has a suite for implementations.
//
// Nothing else is asked of it: no time to live, no watches, no sessions. When a lease is over is found out by whoever wants it,
// by their own clock, as Kubernetes' leader election does it; so no clock of a server matters.
type Register interface {
	// Load returns the value and its version. Both are empty when nothing was ever stored.
	Load(ctx context.Context) (value []byte, version string, err error)
	// Swap stores a value if the version is still the one given, which is empty for a register that has none, and returns the new
	// version. When it is another one, the error matches [ErrConflict]. After any other error, nobody knows whether it
	// was stored.
	Swap(ctx context.Context, value []byte, version string) (newVersion string, err error)
}

// ErrConflict means that the value of a [Register] was changed by another manager.
var ErrConflict = errors.New("failover: the register was changed by another manager")

// Memory is a register for tests, and for a cluster whose only manager is this process. The zero value is empty and ready to
// use.
type Memory struct {
	mu      sync.Mutex // guards what follows
	value   []byte
	version uint64
}

var _ Register = (*Memory)(nil)

// Load returns the value.
func (m *Memory) Load(context.Context) (value []byte, version string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.version == 0 {
		return nil, "", nil
	}
	return append([]byte(nil), m.value...), strconv.FormatUint(m.version, 10), nil
}

// Swap stores a value.
func (m *Memory) Swap(_ context.Context, value []byte, version string) (newVersion string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := ""
	if m.version > 0 {
		now = strconv.FormatUint(m.version, 10)
	}
	if version != now {
		return "", ErrConflict
	}
	m.value = append([]byte(nil), value...)
	m.version++
	return strconv.FormatUint(m.version, 10), nil
}
