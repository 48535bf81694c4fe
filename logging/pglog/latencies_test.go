package pglog_test

import (
	"math/bits"
	"time"
)

// latencies counts times in buckets an eighth of a power of two wide, in memory that does not grow.
type latencies [64 * 8]int64

func (l *latencies) add(d time.Duration) {
	v := uint64(max(d, 0))
	shift := max(bits.Len64(v)-4, 0)
	l[shift*8+int(v>>shift)]++
}

// merge adds those of another.
func (l *latencies) merge(other *latencies) {
	for i, n := range other {
		l[i] += n
	}
}

func (l *latencies) count() (n int64) {
	for _, c := range l {
		n += c
	}
	return n
}

// quantile returns a time that at least so large a part of all is below.
func (l *latencies) quantile(q float64) time.Duration {
	want := int64(q * float64(l.count()))
	for i, n := range l {
		if want -= n; want < 0 {
			shift := max(i/8-1, 0)
			return time.Duration(uint64(i-shift*8+1)<<shift - 1)
		}
	}
	return 0
}
