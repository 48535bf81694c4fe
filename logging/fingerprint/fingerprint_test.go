package fingerprint_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/logging/fingerprint"
)

func TestErrorsOfOneTemplateAreOneGroup(t *testing.T) {
	t.Parallel()
	groups := map[fingerprint.ID]int{}
	for i := range 6000 {
		groups[fingerprint.Of("app.orders", fmt.Sprintf("order %d of user %d failed after %v", i, i*7919, time.Duration(i)*time.Millisecond),
			fmt.Sprintf("dial tcp 10.0.%d.%d:%d: connect: connection refused", i/250, i%250, 1024+i))]++
	}
	require.Len(t, groups, 1)
	require.NotContains(t, groups, fingerprint.Of("app.users", "order 1 of user 2 failed after 3s", "dial tcp 10.0.0.1:1024: connect: connection refused"))
}

func TestNothingIsAllocated(t *testing.T) { //nolint:paralleltest // allocations of others would count
	var id fingerprint.ID
	require.Zero(t, testing.AllocsPerRun(100, func() {
		id = fingerprint.Of("app", "connect to 192.0.2.1:5432 failed after 1.5s", "connection refused")
	}))
	require.NotZero(t, id)
}

func TestIDsComeBack(t *testing.T) {
	t.Parallel()
	id := fingerprint.Of("app", "message", "")
	require.Equal(t, id, fingerprint.FromInt64(id.Int64()))
	back, err := fingerprint.Parse(id.String())
	require.NoError(t, err)
	require.Equal(t, id, back)
}

// TestTimeIsLinear counts on nothing but that a quadratic scanner takes minutes for this.
func TestTimeIsLinear(t *testing.T) {
	t.Parallel()
	for _, part := range []string{".", ".-", `\"GET `, `"`, "a= ", "=[", ":", "user ", "/", "(", "1.", "a.b ", "<*>", "_", "'", "\\", "é",
		", a: b", `, a: "`, ", a: ", "(1: a", "([", " []", "of type a to ", "SELECT ", "SELECT A ", "A", "function ", "function a(", "exist: ", "column a "} {
		fingerprint.Of("l", strings.Repeat(part, 2_000_000/len(part))+`"`, "")
	}
}

func FuzzTemplate(f *testing.F) {
	f.Add("connect to 192.0.2.1:5432 failed after 1.5s")
	f.Add(`user "x" at 2026-01-02T03:04:05Z [abc] {"a":1} /var/log/x.log`)
	f.Add("\xff\x00<*>" + strings.Repeat("(", 1000))
	f.Fuzz(func(t *testing.T, s string) {
		once := fingerprint.Template(s)
		require.LessOrEqual(t, len(once), 4*len(s)+16)
		require.Equal(t, fingerprint.Of("l", s, ""), fingerprint.Of("l", strings.Clone(s), ""))
	})
}

func BenchmarkOf(b *testing.B) {
	const message = "connect to shard 17 at 192.0.2.1:5432 failed after 1.5s for user 4711, request 0af76519-16cd-43dd-8448-eb211c80319c"
	b.ReportAllocs()
	for b.Loop() {
		fingerprint.Of("app.users", message, "connection refused")
	}
}
