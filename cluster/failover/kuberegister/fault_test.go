package kuberegister_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/cluster/failover"
	"github.com/prodwright/prodwright/cluster/failover/kuberegister"
	"github.com/prodwright/prodwright/internal/kubetest"
)

// unreachable checks that a register says that it cannot be asked, and nothing else.
func unreachable(t *testing.T, r failover.Register, version string, check func(error)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	value, now, err := r.Load(ctx)
	require.Error(t, err)
	require.NotErrorIs(t, err, failover.ErrConflict)
	require.Empty(t, value)
	require.Empty(t, now)
	check(err)
	for _, version := range []string{"", version, version + "0"} {
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		_, err = r.Swap(ctx, []byte("unknown"), version)
		cancel()
		require.Error(t, err)
		require.NotErrorIs(t, err, failover.ErrConflict)
		check(err)
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	server := start(t)
	r, _ := own(t, server)
	version := swap(t, r, "1", "")

	server.Kill()
	unreachable(t, r, version, func(err error) { require.ErrorContains(t, err, "kuberegister: ") })
	require.NoError(t, server.Start(t.Context()))
	holds(t, r, "1", version)
	version = swap(t, r, "2", version)

	require.NoError(t, server.Hang())
	unreachable(t, r, version, func(err error) { require.ErrorIs(t, err, context.DeadlineExceeded) })
	require.NoError(t, server.Resume())
	// What was sent meanwhile may be stored or not, and by no other version than the right one.
	for {
		value, version, err := r.Load(t.Context())
		require.NoError(t, err)
		require.Contains(t, []string{"2", "unknown"}, string(value))
		_, err = r.Swap(t.Context(), []byte("3"), version)
		if errors.Is(err, failover.ErrConflict) {
			continue // some of that was still under way
		}
		require.NoError(t, err)
		return
	}
}

// Whatever is acknowledged is there after a kill -9, and nothing is stored twice.
func TestKilledWhileManagersWrite(t *testing.T) {
	t.Parallel()
	server := start(t)
	r, leases := own(t, server)
	swap(t, r, "0", "")
	namespace := get(t, leases).Namespace
	var wg sync.WaitGroup
	var acknowledged, unknown [3]int
	ctx, cancel := context.WithCancel(t.Context())
	stop := func() {
		cancel()
		wg.Wait()
	}
	defer stop()
	for i := range acknowledged {
		r := kuberegister.New(client(t, server, kubetest.Admin).CoordinationV1().Leases(namespace), name)
		wg.Go(func() {
			for ctx.Err() == nil {
				a, u := add(ctx, r)
				acknowledged[i] += a
				unknown[i] += u
			}
		})
	}
	written := func() int {
		value, _, err := r.Load(t.Context())
		require.NoError(t, err)
		n, err := strconv.Atoi(string(value))
		require.NoError(t, err)
		return n
	}
	more := func() {
		for enough := written() + 20; written() < enough; {
			time.Sleep(time.Millisecond)
		}
	}
	for range 2 {
		more()
		server.Kill()
		require.NoError(t, server.Start(t.Context()))
	}
	more()
	stop()
	low := acknowledged[0] + acknowledged[1] + acknowledged[2]
	high := low + unknown[0] + unknown[1] + unknown[2]
	require.GreaterOrEqual(t, written(), low, "what was acknowledged is there")
	require.LessOrEqual(t, written(), high, "and nothing was stored twice")
	t.Logf("%d of %d to %d", written(), low, high)
}

// add adds one, and says whether that was acknowledged, or is unknown.
func add(ctx context.Context, r failover.Register) (acknowledged, unknown int) {
	value, version, err := r.Load(ctx)
	if err != nil {
		time.Sleep(time.Millisecond)
		return 0, 0
	}
	n, _ := strconv.Atoi(string(value))
	switch _, err := r.Swap(ctx, []byte(strconv.Itoa(n+1)), version); {
	case err == nil:
		return 1, 0
	case errors.Is(err, failover.ErrConflict):
		return 0, 0
	}
	return 0, 1
}
