package cluster_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/prodwright/prodwright/cluster/failover"
)

// audit is a register that sees to it that each epoch has one holder, and that can be down.
type audit struct {
	failover.Register

	down atomic.Int32 // how it is down

	mu       sync.Mutex // guards what follows
	holders  map[uint64]string
	problems []string
	refused  int // how often it was down when somebody asked
}

// How a register is down.
const (
	fails  = 1 + iota // it says so
	hangs             // it says nothing
	sticks            // it stores what it is given, and says that it is down
	downs             // so many ways
)

var errStore = errors.New("the store is down")

func (a *audit) Load(ctx context.Context) ([]byte, string, error) {
	if err := a.isDown(ctx, a.down.Load()); err != nil {
		return nil, "", err
	}
	return a.Register.Load(ctx)
}

func (a *audit) Swap(ctx context.Context, value []byte, version string) (string, error) {
	how := a.down.Load()
	if how != sticks {
		if err := a.isDown(ctx, how); err != nil {
			return "", err
		}
	}
	version, err := a.Register.Swap(ctx, value, version)
	if err == nil {
		a.stored(value)
		if how == sticks {
			return "", a.isDown(ctx, how)
		}
	}
	return version, err
}

// isDown returns the error of a register that is down.
func (a *audit) isDown(ctx context.Context, how int32) error {
	if how == 0 {
		return nil
	}
	a.mu.Lock()
	a.refused++
	a.mu.Unlock()
	if how == hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	return errStore
}

func (a *audit) stored(value []byte) {
	var r failover.Record
	err := json.Unmarshal(value, &r)
	a.mu.Lock()
	defer a.mu.Unlock()
	if before, ok := a.holders[r.Epoch]; ok && r.Holder != "" && before != r.Holder || err != nil {
		a.problems = append(a.problems, fmt.Sprintf("epoch %d is that of %s and of %s (%v)", r.Epoch, before, r.Holder, err))
	}
	if r.Holder != "" {
		a.holders[r.Epoch] = r.Holder
	}
}

// wrong says what was wrong.
func (a *audit) wrong() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return strings.Join(a.problems, "\n")
}

// times returns how often it was down when somebody asked.
func (a *audit) times() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.refused
}
