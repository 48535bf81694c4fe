// Package clustertest has what implementations of the interfaces of cluster must keep to, as tests.
//
//	func TestMySelector(t *testing.T) {
//		clustertest.Selector(t, func() cluster.ReplicaSelector { return &mine.Selector{} })
//	}
package clustertest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/prodwright/prodwright/cluster"
)

// Selector tests selectors that open returns: that they select what is there, change nothing, allocate nothing, and may be used by
// several goroutines at once. Run it with the race detector, too.
func Selector(t *testing.T, open func() cluster.ReplicaSelector) {
	t.Helper()
	t.Run("selects what is there", func(t *testing.T) {
		s := open()
		for n := 1; n <= 9; n++ {
			all := replicas(n)
			before := slices.Clone(all)
			for range 100 {
				if i, ok := s.SelectReplica(t.Context(), all); ok && (i < 0 || i >= n) {
					t.Fatalf("it selects %d of %d", i, n)
				}
			}
			if !slices.Equal(before, all) {
				t.Fatalf("it changes what it selects from")
			}
		}
	})
	t.Run("copes with others each time", func(t *testing.T) {
		s := open()
		for n := range 1000 {
			size := 1 + n*7919%9
			if i, ok := s.SelectReplica(t.Context(), replicas(size)); ok && (i < 0 || i >= size) {
				t.Fatalf("it selects %d of %d", i, size)
			}
		}
	})
	t.Run("copes with a context that is done", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if i, ok := open().SelectReplica(ctx, replicas(2)); ok && (i < 0 || i > 1) {
			t.Fatalf("it selects %d of 2", i)
		}
	})
	t.Run("is used by several goroutines", func(t *testing.T) {
		s, all := open(), replicas(5)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 1000 {
					s.SelectReplica(t.Context(), all)
				}
			})
		}
		wg.Wait()
	})
	t.Run("allocates nothing", func(t *testing.T) {
		if raceDetector {
			t.Skip("the race detector lets pools forget")
		}
		s, all := open(), replicas(3)
		ctx := cluster.WithKey(t.Context(), "key")
		if n := testing.AllocsPerRun(1000, func() { s.SelectReplica(ctx, all) }); n > 0 {
			t.Fatalf("it allocates %v times", n)
		}
	})
}

// replicas returns so many, no two alike.
func replicas(n int) []*cluster.Replica {
	all := make([]*cluster.Replica, n)
	for i := range all {
		all[i] = cluster.NewReplica(cluster.ReplicaConfig{Name: fmt.Sprint("replica", i), Zone: []string{"a", "b"}[i%2], Weight: i, InFlight: n - i})
	}
	return all
}
