package metrics_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics"
)

// What Gather returns is what the text says, and more.
func TestGather(t *testing.T) {
	t.Parallel()
	r := new(metrics.Registry)
	began := time.Now()
	a := metrics.Label{Name: "a", Value: "1"}
	r.Counter("jobs", a).Add(2.5)
	r.Gauge("level").Set(-3)
	r.Describe("wait_seconds", metrics.KindHistogram, metrics.Description{Help: "How long.", Unit: "seconds"})
	rnd := rand.New(rand.NewPCG(1, 2))
	h := r.Histogram("wait_seconds", a)
	exact := map[int]uint64{}
	for range 10_000 {
		v := math.Exp(rnd.NormFloat64() * 3)
		h.Observe(v)
		exact[int(math.Ceil(math.Log2(v)*16-1e-9))]++ // no value is that near to a bound
	}
	h.Observe(0)
	h.Observe(-1)
	h.Observe(math.Exp2(-30))

	families := r.Gather(t.Context())
	require.Len(t, families, 3)
	jobs, level, wait := families[0], families[1], families[2]
	require.Equal(t, "jobs_total", jobs.Name)
	require.Equal(t, metrics.KindCounter, jobs.Kind)
	require.Equal(t, []metrics.Label{a}, jobs.Samples[0].Labels)
	require.InDelta(t, 2.5, jobs.Samples[0].Value, 0)
	require.WithinRange(t, jobs.Samples[0].Created, began, time.Now())
	require.InDelta(t, -3, level.Samples[0].Value, 0)
	require.Equal(t, []string{"How long.", "seconds"}, []string{wait.Help, wait.Unit})

	d := wait.Samples[0].Values
	require.Equal(t, uint64(10_003), d.Count)
	require.Equal(t, uint64(3), d.Zero)
	got := map[int]uint64{}
	for i, b := range d.Buckets {
		got[b.Index] = b.Count
		require.True(t, i == 0 || d.Buckets[i-1].Index < b.Index)
	}
	require.Equal(t, exact, got)
	var lines []string
	for i, n := range d.Cumulative(wait.Bounds) {
		lines = append(lines, fmt.Sprintf(`wait_seconds_bucket{a="1",le="%v"} %d`, wait.Bounds[i], n))
	}
	require.Contains(t, text(t, r), strings.Join(lines, "\n")+"\nwait_seconds_bucket{a=\"1\",le=\"+Inf\"} 10003\n")
	require.Equal(t, metrics.ZeroThreshold, metrics.UpperBound(-30*16)) //nolint:testifylint // exactly
}
