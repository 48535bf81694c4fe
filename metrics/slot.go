package metrics

import (
	"encoding/binary"
	"math"
)

// tally is what happened to one or more series in some time.
type tally struct {
	kind Kind

	// Counters: how much was added. Histograms: whole is how many values, part their sum.
	whole uint64
	part  float64

	// Gauges: how many samples, their sum, and the last one.
	samples uint64
	sum     float64
	last    float64

	low, high float64 // the extremes, or the wrong way round when there is none

	recorded bool // something was, since the last tick

	// Histograms.
	zero     uint64
	buckets  []uint64 // as many as there are
	from, to int      // those outside are 0
}

func newTally(kind Kind) *tally {
	t := &tally{kind: kind}
	if kind == KindHistogram {
		t.buckets = make([]uint64, buckets)
	}
	t.reset()
	return t
}

func (t *tally) reset() {
	if t.from < t.to {
		clear(t.buckets[t.from:t.to])
	}
	*t = tally{kind: t.kind, buckets: t.buckets, from: buckets, to: 0, low: math.Inf(1), high: math.Inf(-1)}
}

// bucket adds n values to a bucket.
func (t *tally) bucket(i int, n uint64) {
	t.buckets[i] += n
	t.whole += n
	t.from, t.to = min(t.from, i), max(t.to, i+1)
}

func (t *tally) see(low, high float64) {
	t.low, t.high = min(t.low, low), max(t.high, high)
}

// isEmpty says whether nothing happened.
func (t *tally) isEmpty() bool {
	return t.whole == 0 && t.part == 0 && t.samples == 0 && t.low > t.high
}

// appendTo encodes it: nothing at all when nothing happened.
func (t *tally) appendTo(b []byte) []byte {
	if t.isEmpty() {
		return b
	}
	switch t.kind {
	case KindCounter:
		b = binary.AppendUvarint(b, t.whole)
		if t.part != 0 {
			b = appendFloats(b, t.part)
		}
	case KindGauge:
		b = binary.AppendUvarint(b, t.samples)
		b = appendFloats(b, t.last)
		if t.low != t.last || t.high != t.last || t.sum != t.last*float64(t.samples) {
			b = appendFloats(b, t.low, t.high, t.sum)
		}
	case KindHistogram:
		b = appendFloats(b, t.part, t.low, t.high)
		b = binary.AppendUvarint(b, t.zero)
		next := 0
		for i := t.from; i < t.to; i++ {
			if n := t.buckets[i]; n > 0 {
				b = binary.AppendUvarint(b, uint64(i-next)) //nolint:gosec // ascending
				b = binary.AppendUvarint(b, n)
				next = i + 1
			}
		}
	}
	return b
}

// add adds what appendTo encoded. Of a gauge, later slots are added later.
func (t *tally) add(slot []byte) {
	if len(slot) == 0 {
		return
	}
	r := slotReader{slot}
	switch t.kind {
	case KindCounter:
		t.whole += r.uint()
		if len(r.rest) > 0 {
			t.part += r.float()
		}
	case KindGauge:
		samples := r.uint()
		t.last = r.float()
		low, high, sum := t.last, t.last, t.last*float64(samples)
		if len(r.rest) > 0 {
			low, high, sum = r.float(), r.float(), r.float()
		}
		t.samples += samples
		t.sum += sum
		t.see(low, high)
	case KindHistogram:
		t.part += r.float()
		t.see(r.float(), r.float())
		zero := r.uint()
		t.zero += zero
		t.whole += zero
		for next := 0; len(r.rest) > 0; {
			i := next + int(r.uint()) //nolint:gosec // a bucket's number
			t.bucket(i, r.uint())
			next = i + 1
		}
	}
}

func appendFloats(b []byte, floats ...float64) []byte {
	for _, f := range floats {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(f))
	}
	return b
}

// slotReader reads what appendTo wrote.
type slotReader struct{ rest []byte }

func (r *slotReader) uint() uint64 {
	v, n := binary.Uvarint(r.rest)
	r.rest = r.rest[n:]
	return v
}

func (r *slotReader) float() float64 {
	v := math.Float64frombits(binary.LittleEndian.Uint64(r.rest))
	r.rest = r.rest[8:]
	return v
}
