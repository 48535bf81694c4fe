package bench

import (
	"flag"
	"runtime"
	"slices"
	"testing"
)

// variant is one way of doing what is compared.
type variant struct {
	name string
	run  func(n int) // does it n times
	max  float64     // highest allowed ratio to the first variant, without more allocations; 0 = only reported
	most float64     // highest allowed CPU time of one in ns, without allocations; 0 = only reported
	fair func() bool // whether the last run counts; nil = always
}

// slice is how many operations a variant does before it is the next one's turn.
const (
	runs   = 5
	turns  = 40
	warmUp = 100
)

// compare reports the CPU time of each variant and its ratio to the first, and fails when a ratio is above its limit.
// Each sub-benchmark reports; the measuring happens before, for all together.
func compare(b *testing.B, slice int, variants ...variant) {
	b.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	runs, turns := runs, turns
	smoke := flag.Lookup("test.benchtime").Value.String() == "1x"
	if smoke { // only to see that it works
		runs, turns, slice = 1, 1, 10
	}
	ns := make([][]float64, len(variants)) // by variant and run
	ratios := make([][]float64, len(variants))
	for range runs {
		for i, m := range medians(variants, turns, slice) {
			ns[i] = append(ns[i], m)
			ratios[i] = append(ratios[i], m/ns[0][len(ns[0])-1])
		}
	}
	allocs := make([]float64, len(variants))
	for i, v := range variants {
		allocs[i] = testing.AllocsPerRun(1000, func() { v.run(1) })
		b.Run(v.name, func(b *testing.B) {
			b.ReportMetric(0, "ns/op") // hides the meaningless default
			b.ReportMetric(median(ns[i]), "cpu-ns/op")
			b.ReportMetric(allocs[i], "heap-allocs/op") // "allocs/op" would need a flag to be shown
			ratio := median(ratios[i])
			b.ReportMetric(ratio, "x-"+variants[0].name)
			if v.max > 0 && ratio > v.max && !smoke {
				b.Errorf("%s costs %.3f of %s, more than the %.2f that are promised", v.name, ratio, variants[0].name, v.max)
			}
			if used := median(ns[i]); v.most > 0 && used > v.most && !smoke {
				b.Errorf("%s takes %.0f ns, more than the %.0f that are promised", v.name, used, v.most)
			}
			if v.most > 0 && allocs[i] > 0 {
				b.Errorf("%s allocates %v times", v.name, allocs[i])
			}
			if v.max > 0 && allocs[i] > allocs[0] {
				b.Errorf("%s allocates %v times, %s %v times", v.name, allocs[i], variants[0].name, allocs[0])
			}
		})
	}
}

// medians lets the variants take turns and returns the median CPU time of one operation of each.
func medians(variants []variant, turns, slice int) []float64 {
	took := make([][]float64, len(variants))
	for range turns {
		for i, v := range variants {
			const tries = 50 // then it counts all the same
			for try := range tries {
				v.run(min(warmUp, slice))
				start := cpuTime()
				v.run(slice)
				used := cpuTime() - start
				if v.fair == nil || v.fair() || try == tries-1 {
					took[i] = append(took[i], float64(used)/float64(slice))
					break
				}
			}
		}
	}
	out := make([]float64, len(variants))
	for i := range took {
		out[i] = median(took[i])
	}
	return out
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
