package failover

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func newLease(r Register, id string) *lease {
	return &lease{register: r, id: id, ttl: 10 * time.Second, margin: time.Second}
}

func TestOneHoldsTheLease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		var m Memory
		a, b := newLease(&m, "a"), newLease(&m, "b")
		take := func(l *lease) bool {
			taken, err := l.take(ctx)
			require.NoError(t, err)
			return taken
		}
		require.True(t, take(a))
		require.Equal(t, uint64(1), a.record.Epoch)
		require.True(t, take(a), "it has it")
		require.False(t, take(b))
		time.Sleep(8 * time.Second)
		require.True(t, a.holds())
		require.NoError(t, a.update(ctx, func(*Record) {}))
		require.False(t, take(b))
		time.Sleep(9 * time.Second)
		require.False(t, a.holds(), "it stops a margin before the end")
		require.False(t, take(b), "which is not over for others")
		require.ErrorIs(t, a.update(ctx, func(*Record) {}), errLost)
		time.Sleep(time.Second)
		require.True(t, take(b))
		require.Equal(t, uint64(2), b.record.Epoch)
		require.False(t, take(a))
		require.NoError(t, b.release(ctx))
		require.False(t, b.holds())
		require.True(t, take(a), "at once")
		require.Equal(t, uint64(3), a.record.Epoch)
	})
}

// flaky is a register that loses requests and answers, and that is slow.
type flaky struct {
	Memory

	mu sync.Mutex // guards r
	r  *rand.Rand
}

func (f *flaky) below(n int) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.r.IntN(n)
}

// sleep sleeps up to some time.
func (f *flaky) sleep(most time.Duration) { time.Sleep(time.Duration(f.below(int(most)))) }

var errFlaky = errors.New("nobody knows")

func (f *flaky) Load(ctx context.Context) ([]byte, string, error) {
	f.sleep(3 * time.Second)
	if f.below(5) == 0 {
		return nil, "", errFlaky
	}
	return f.Memory.Load(ctx)
}

func (f *flaky) Swap(ctx context.Context, value []byte, version string) (string, error) {
	f.sleep(3 * time.Second)
	if f.below(5) == 0 {
		return "", errFlaky
	}
	next, err := f.Memory.Swap(ctx, value, version)
	f.sleep(3 * time.Second)
	if f.below(5) == 0 {
		return "", errFlaky
	}
	return next, err
}

// Whatever the register loses and however long managers sleep, no two of them hold the lease at the same time, and no two have
// the same epoch.
func TestNeverTwo(t *testing.T) {
	t.Parallel()
	held := 0
	for seed := range uint64(200) {
		synctest.Test(t, func(t *testing.T) {
			m := &flaky{r: rand.New(rand.NewPCG(seed, 1))}
			var holders atomic.Int32
			var mu sync.Mutex // guards epochs
			epochs := map[uint64]string{}
			var done []chan struct{}
			begin := time.Now()
			for i := range 3 {
				end := make(chan struct{})
				done = append(done, end)
				go func() {
					defer close(end)
					l := newLease(m, fmt.Sprint(i))
					for time.Since(begin) < 10*time.Minute {
						taken, _ := l.take(t.Context())
						for taken && l.holds() {
							if holders.Add(1) > 1 {
								t.Errorf("seed %d: two hold it at %v", seed, time.Since(begin))
							}
							mu.Lock()
							if other, ok := epochs[l.record.Epoch]; ok && other != l.id {
								t.Errorf("seed %d: %s and %s have epoch %d", seed, other, l.id, l.record.Epoch)
							}
							epochs[l.record.Epoch] = l.id
							held++
							mu.Unlock()
							time.Sleep(min(time.Until(l.until), time.Second) / 2) // it acts
							holders.Add(-1)
							if m.below(10) == 0 {
								m.sleep(30 * time.Second) // it is stopped
							}
							_ = l.update(t.Context(), func(*Record) {})
						}
						m.sleep(2 * time.Second)
					}
				}()
			}
			for _, end := range done {
				<-end
			}
		})
	}
	require.Greater(t, held, 10_000)
	t.Log(held, "times it was held")
}
