package metrics_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/prodwright/prodwright/metrics"
)

// A log has the last slots, knows which are missing, and never takes more than its budget.
func TestSlotLog(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		most, keep := random.IntN(3000), 1+random.IntN(40)
		log := metrics.NewLog(most)
		var all []string // "gap" for gaps
		for i := range 200 {
			switch size := random.IntN(1 + random.IntN(120)); {
			case random.IntN(20) == 0:
				all = append(all, "gap")
				log.Push(nil, keep)
			default:
				slot := strings.Repeat(fmt.Sprint(i%10), size)
				all = append(all, slot)
				log.Push([]byte(slot), keep)
			}
			require.GreaterOrEqual(t, log.Free(), 0)
			require.Equal(t, most, log.Free()+log.Size())
			k := random.IntN(keep + 1)
			skip := random.IntN(k + 1)
			slots, missing := log.Newest(k, skip)
			end := len(all) - min(skip, len(all))
			require.Equal(t, min(k, len(all))-min(skip, len(all)), len(slots)+missing)
			require.Equal(t, all[end-len(slots):end], append([]string{}, slots...))
			require.NotContains(t, slots, "gap")
		}
	}
	// With enough memory nothing is missing.
	log := metrics.NewLog(1 << 20)
	for i := range 1000 {
		log.Push([]byte(fmt.Sprint(i)), 36)
	}
	slots, missing := log.Newest(36, 0)
	require.Zero(t, missing)
	require.Equal(t, "964", slots[0])
	require.Less(t, log.Size(), 400, "and little is taken")
}

// What is written is read back.
func FuzzSlot(f *testing.F) {
	f.Add(uint16(3), uint64(1), uint16(700), uint64(1<<63), uint64(0), 1.5, 0.1, 9.0)
	f.Fuzz(func(t *testing.T, a uint16, na uint64, b uint16, nb, zero uint64, sum, low, high float64) {
		counts := map[int]uint64{int(a) % metrics.Buckets: na, int(b) % metrics.Buckets: nb}
		got, gotZero, total, gotSum, gotLow, gotHigh := metrics.Roundtrip(counts, zero, sum, low, high)
		want, n := map[int]uint64{}, zero
		for i, c := range counts {
			if n += c; c > 0 {
				want[i] = c
			}
		}
		if n == 0 && sum == 0 && !(low <= high) { // nothing happened, and nothing is kept
			return
		}
		same := fmt.Sprint(want, zero, n, sum, low, high) == fmt.Sprint(got, gotZero, total, gotSum, gotLow, gotHigh)
		if low != low || high != high { // extremes are numbers
			same = fmt.Sprint(want, zero, n, sum) == fmt.Sprint(got, gotZero, total, gotSum)
		}
		if !same && (sum != 0 || n != 0) {
			t.Errorf("%v %v %v %v %v %v", got, gotZero, total, gotSum, gotLow, gotHigh)
		}
	})
}
