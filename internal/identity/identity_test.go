package identity_test

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/internal/identity"
)

func TestOnlyWhatComesBackIsKept(t *testing.T) {
	t.Parallel()
	var c identity.Cache[int]
	const s = "request served"
	for range 2 {
		_, ok := c.Find(s)
		require.False(t, ok)
		require.Equal(t, 7, c.Keep(s, seven))
	}
	found, ok := c.Find(s)
	require.True(t, ok)
	require.Equal(t, 7, found)
	_, ok = c.Find(s[:7])
	require.False(t, ok, "another length")
	_, ok = c.Find(strings.Clone(s))
	require.False(t, ok, "another place")
	for _, s := range []string{"", strings.Repeat("x", 1000)} {
		c.Keep(s, seven)
		c.Keep(s, seven)
		_, ok = c.Find(s)
		require.False(t, ok)
	}
}

// TestAnotherStringIsNeverTaken makes strings whose memory is used again and again.
func TestAnotherStringIsNeverTaken(t *testing.T) {
	t.Parallel()
	var c identity.Cache[string]
	var wg sync.WaitGroup
	found := 0
	for g := range 4 {
		wg.Go(func() {
			for i := range 100_000 {
				s := fmt.Sprint(g, "-", i%1000)
				if was, ok := c.Find(s); ok {
					if was != s {
						panic(was + " was taken for " + s)
					}
					if g == 0 {
						found++
					}
				}
				c.Keep(s, strings.Clone)
				if i%10_000 == 0 {
					runtime.GC()
				}
			}
		})
	}
	wg.Wait()
	t.Log(found, "were found")
}

// A buffer of a string that unsafe.String made is written again: the place is the same, and nothing else is.
func TestMemoryThatIsWrittenAgain(t *testing.T) {
	t.Parallel()
	var c identity.Cache[string]
	buffer := []byte("harmless")
	s := unsafe.String(&buffer[0], len(buffer))
	for range 3 {
		require.Equal(t, "harmless", c.Keep(s, same))
	}
	kept, ok := c.Find(s)
	require.True(t, ok)
	copy(buffer, "password")
	_, ok = c.Find(s)
	require.False(t, ok)
	require.Equal(t, "harmless", kept, "of a copy")
	require.Equal(t, "password", c.Keep(s, same))
	kept, ok = c.Find(s)
	require.True(t, ok)
	require.Equal(t, "password", kept)
}

func seven(string) int { return 7 }

func same(s string) string { return s }

func TestNothingIsAllocated(t *testing.T) { //nolint:paralleltest // allocations of others would count
	var c identity.Cache[string]
	const s = "request served"
	c.Keep(s, strings.Clone)
	c.Keep(s, strings.Clone)
	var found string
	var ok bool
	require.Zero(t, testing.AllocsPerRun(100, func() { found, ok = c.Find(s) }))
	require.True(t, ok)
	require.Equal(t, s, found)
	texts := []string{strings.Clone("one"), strings.Clone("two")}
	i := 0
	require.Zero(t, testing.AllocsPerRun(100, func() { // met once each
		if i < len(texts) {
			c.Keep(texts[i], same)
		}
		i++
	}))
}
