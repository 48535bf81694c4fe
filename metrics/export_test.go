package metrics

import (
	"time"
	"unsafe"
)

// What tests look at from inside.

// BucketOf returns the number of a value's bucket.
func BucketOf(v float64) (int, bool) {
	octave, bucket, ok := bucketOf(v)
	return octave*bucketsPerOctave + bucket, ok
}

// UpperBoundOf and Middle return the bound of a bucket, and the value that stands for it.
func UpperBoundOf(bucket int) float64 { return upperBound(bucket) }

// Middle returns the value that stands for a bucket.
func Middle(bucket int) float64 { return middle(bucket) }

// Buckets is how many there are.
const Buckets = buckets

// Log is a slotLog, the only one of the only series.
type Log struct {
	h   history
	log *slotLog
}

// NewLog returns a log that may take as many bytes.
func NewLog(limit int) *Log {
	s := &series{past: past{logs: new([len(tiers)]slotLog)}}
	return &Log{history{limit: limit, budget: limit, share: unlimited, series: []*series{s}}, &s.past.logs[0]}
}

// Push adds a slot, or a gap for nil.
func (l *Log) Push(slot []byte, keep int) {
	l.h.push(&l.h.series[0].past, 0, keep, slot, slot == nil)
}

// Free is how many bytes it may still take.
func (l *Log) Free() int { return l.h.budget }

// Newest returns the last k slots but for the last skip ones, as far as they are known, and how many are missing.
func (l *Log) Newest(k, skip int) (slots []string, missing int) {
	l.log.between(k, skip, func(slot []byte) { slots = append(slots, string(slot)) })
	return slots, l.log.missing(k, skip)
}

// Size is how much memory it takes.
func (l *Log) Size() int { return cap(l.log.buf) }

// Roundtrip encodes and decodes what happened to a histogram.
func Roundtrip(counts map[int]uint64, zero uint64, sum, low, high float64) (got map[int]uint64, gotZero, total uint64, gotSum, gotLow, gotHigh float64) {
	t, back := newTally(KindHistogram), newTally(KindHistogram)
	for i, n := range counts {
		t.bucket(i, n)
	}
	t.zero, t.whole = zero, t.whole+zero
	t.part = sum
	t.see(low, high)
	back.add(t.appendTo(nil))
	got = make(map[int]uint64)
	for i, n := range back.buckets {
		if n > 0 {
			got[i] = n
		}
	}
	return got, back.zero, back.whole, back.part, back.low, back.high
}

// TickAt is Tick at another time.
func (r *Registry) TickAt(now time.Time) {
	r.history.mu.Lock()
	defer r.history.mu.Unlock()
	r.tick(now)
}

// ExpireAt removes what is idle, without a tick.
func (r *Registry) ExpireAt(now time.Time) {
	r.history.mu.Lock()
	defer r.history.mu.Unlock()
	r.expire(now)
}

// OnRemoved has f called for each series that expires, with what it has then.
func (r *Registry) OnRemoved(f func(name string, labels []Label, value float64)) {
	r.removed = func(s *series) {
		switch {
		case s.counter != nil:
			f("counter", s.labels, s.counter.value())
		case s.gauge != nil:
			f("gauge", s.labels, s.gauge.value())
		default:
			f("histogram", s.labels, float64(s.histogram.distribution(new([buckets]uint64)).Count))
		}
	}
}

// IsSeen says whether these extremes are of a value.
func IsSeen(low, high float64) bool { return isSeen(low, high) }

// CoversAll says whether all between two times is within a schedule.
func (s Schedule) CoversAll(from, to time.Time) bool { return s.coversAll(from, to) }

// HistoryBudget is how many bytes series may still take for their past.
func (r *Registry) HistoryBudget() int {
	r.history.mu.Lock()
	defer r.history.mu.Unlock()
	return r.history.budget
}

// HistoryTaken is how many bytes the pasts of all series take.
func (r *Registry) HistoryTaken() (taken int) {
	r.history.mu.Lock()
	defer r.history.mu.Unlock()
	r.eachSeries(func(s *series, _ *tally) { taken += s.past.size() })
	return taken
}

// Vecs is how many of them the registry tells to forget.
func (r *Registry) Vecs() int {
	r.vecs.mu.Lock()
	defer r.vecs.mu.Unlock()
	return len(r.vecs.list)
}

// SummaryAt is [Registry.Summary] when the clock says now.
func SummaryAt(r *Registry, now time.Time, name string, window time.Duration) Summary {
	f, _ := r.lookup(name)
	r.history.mu.Lock()
	defer r.history.mu.Unlock()
	r.tick(now)
	return r.summarize(f, now, 0, window, nil)
}

// ClockSet returns the time that a clock says which was set forward by d. The monotonic clock, which time.Time carries, goes on as it
// did: see the layout at the type's definition.
func ClockSet(t time.Time, d time.Duration) time.Time {
	type layout struct {
		wall uint64
		ext  int64
		loc  *time.Location
	}
	const monotonic, nanoseconds = 1 << 63, 30
	p := (*layout)(unsafe.Pointer(&t)) // there is no other way to have a clock that is set
	if p.wall&monotonic == 0 {
		panic("the time has no reading of the monotonic clock")
	}
	p.wall += uint64(int64(d/time.Second)) << nanoseconds
	return t
}
