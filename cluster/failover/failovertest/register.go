// Package failovertest has what implementations of the interfaces of failover must keep to, as tests.
package failovertest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/prodwright/prodwright/cluster/failover"
)

// Register tests registers. open returns one more client of the same new and empty register each time it is called, until next
// is called, which makes another register.
func Register(t *testing.T, next func(t *testing.T) (open func() failover.Register)) {
	t.Helper()
	t.Run("is empty at first", func(t *testing.T) {
		value, version, err := next(t)().Load(t.Context())
		if len(value) > 0 || version != "" || err != nil {
			t.Fatalf("it loads %q, %q, %v", value, version, err)
		}
	})
	t.Run("keeps what is stored", func(t *testing.T) {
		open := next(t)
		a, b := open(), open()
		version := ""
		for _, want := range []string{"one", "", "\x00\xff", string(make([]byte, 100_000))} {
			var err error
			if version, err = a.Swap(t.Context(), []byte(want), version); err != nil {
				t.Fatal(err)
			}
			if version == "" {
				t.Fatal("the version is empty")
			}
			value, now, err := b.Load(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if string(value) != want || now != version {
				t.Fatalf("%q of version %s was stored, %q of version %s is loaded", short(want), version, short(string(value)), now)
			}
		}
	})
	t.Run("refuses other versions", func(t *testing.T) {
		open := next(t)
		a, b := open(), open()
		first, err := a.Swap(t.Context(), []byte("first"), "")
		if err != nil {
			t.Fatal(err)
		}
		conflict(t, b, "", "an empty register that is none")
		second, err := b.Swap(t.Context(), []byte("second"), first)
		if err != nil {
			t.Fatal(err)
		}
		conflict(t, a, first, "an old version")
		conflict(t, a, second+"0", "a version that was never there")
		if value, version, err := a.Load(t.Context()); string(value) != "second" || version != second || err != nil {
			t.Fatalf("it loads %q, %q, %v", value, version, err)
		}
	})
	t.Run("has a new version for the same value", func(t *testing.T) {
		a := next(t)()
		first, err := a.Swap(t.Context(), []byte("same"), "")
		if err != nil {
			t.Fatal(err)
		}
		second, err := a.Swap(t.Context(), []byte("same"), first)
		if err != nil || second == first {
			t.Fatalf("the version is %q after %q: %v", second, first, err)
		}
		conflict(t, a, first, "an old version of the same value")
	})
	t.Run("counts right when many add", func(t *testing.T) {
		open := next(t)
		const clients, each = 5, 20
		var wg sync.WaitGroup
		for range clients {
			wg.Go(func() {
				r := open()
				for range each {
					if err := add(t.Context(), r); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		value, _, err := open().Load(t.Context())
		if string(value) != strconv.Itoa(clients*each) || err != nil {
			t.Fatalf("%d were added, there are %s: %v", clients*each, value, err)
		}
	})
	t.Run("ends with its context", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		r := next(t)()
		_, _, errLoad := r.Load(ctx)
		_, errSwap := r.Swap(ctx, []byte("x"), "")
		if errors.Is(errLoad, failover.ErrConflict) || errors.Is(errSwap, failover.ErrConflict) {
			t.Fatalf("a context that is done is no conflict: %v, %v", errLoad, errSwap)
		}
	})
}

// add adds one to the number in a register.
func add(ctx context.Context, r failover.Register) error {
	for {
		value, version, err := r.Load(ctx)
		if err != nil {
			return err
		}
		n := 0
		if len(value) > 0 {
			if n, err = strconv.Atoi(string(value)); err != nil {
				return err
			}
		}
		if _, err = r.Swap(ctx, []byte(strconv.Itoa(n+1)), version); err == nil || !errors.Is(err, failover.ErrConflict) {
			return err
		}
	}
}

func conflict(t *testing.T, r failover.Register, version, what string) {
	t.Helper()
	if _, err := r.Swap(t.Context(), []byte("refused"), version); !errors.Is(err, failover.ErrConflict) {
		t.Fatalf("with %s, the error is %v, and not a conflict", what, err)
	}
}

func short(s string) string { return fmt.Sprintf("%.20q of %d bytes", s, len(s)) }
