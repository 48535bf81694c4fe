package metrics

import (
	"context"
	"math"
	"slices"
	"time"
)

// Family is a metric with all its series, as an exporter of another format needs it. See [Registry.Gather].
type Family struct {
	Name string // as it is exported: that of a counter ends in _total
	Kind Kind
	Help string // never empty
	Unit string
	// Bounds are the upper bounds under which a histogram is exported to those who do not read all its buckets, ascending.
	// Each is one of [UpperBound].
	Bounds  []float64
	Samples []Sample
}

// Sample is the value of one series.
type Sample struct {
	Labels  []Label // sorted by name; shared with the registry, so only to be read
	Created time.Time
	Value   float64       // of a counter or a gauge
	Values  *Distribution // of a histogram
}

// Distribution is the state of a histogram.
type Distribution struct {
	Count uint64 // of all values: those in Zero and Buckets
	Sum   float64
	// Zero is how many values were at most [ZeroThreshold], those below 0 among them.
	Zero uint64
	// Buckets are those that are not empty, ascending.
	Buckets []Bucket
}

// Bucket is how many values were above UpperBound(Index-1) and at most UpperBound(Index).
type Bucket struct {
	Index int
	Count uint64
}

// Schema is what Prometheus and OpenTelemetry call the resolution of the histograms: 2^4 buckets for every power of two.
// https://prometheus.io/docs/specs/native_histograms/#schema
const Schema = 4

// ZeroThreshold is up to where a value is too small for a bucket of its own.
const ZeroThreshold = 1.0 / (1 << -lowestExponent)

// firstIndex is the index of the first bucket.
const firstIndex = lowestExponent*bucketsPerOctave + 1

// UpperBound returns the upper bound of the buckets of that index, which is 2^(index/16).
func UpperBound(index int) float64 {
	if i := index - firstIndex; i >= 0 && i < buckets {
		return upperBound(i)
	}
	return math.Exp2(float64(index) / bucketsPerOctave)
}

// Cumulative returns how many values were at most each of the bounds, which are [Family.Bounds].
func (d *Distribution) Cumulative(bounds []float64) []uint64 {
	counts := make([]uint64, len(bounds))
	total, next := d.Zero, 0
	for i, bound := range bounds {
		for ; next < len(d.Buckets) && UpperBound(d.Buckets[next].Index) <= bound; next++ {
			total += d.Buckets[next].Count
		}
		counts[i] = total
	}
	return counts
}

// Gather returns all metrics as they are now, sorted by name. The funcs of [Registry.GaugeFunc] are asked, as long as ctx is
// not done. Packages prom and otel export with it.
func (r *Registry) Gather(ctx context.Context) []Family {
	r.refresh(ctx)
	r.expireIfDue()
	families := r.exported()
	list := make([]Family, len(families))
	var counts [buckets]uint64
	for i := range families {
		f := &families[i]
		list[i] = Family{Name: f.name, Kind: f.kind, Help: f.help(), Unit: f.desc.Unit, Samples: make([]Sample, 0, len(f.series))}
		if f.kind == KindHistogram {
			for _, b := range exportedBounds(f) {
				list[i].Bounds = append(list[i].Bounds, upperBound(b.bucket))
			}
		}
		for _, s := range f.series {
			sample := Sample{Labels: slices.Clip(s.labels), Created: s.created}
			switch f.kind {
			case KindCounter:
				sample.Value = s.counter.value()
			case KindGauge:
				if s.gauge.absent.Load() {
					continue
				}
				sample.Value = s.gauge.value()
			case KindHistogram:
				sample.Values = s.histogram.distribution(&counts)
			}
			list[i].Samples = append(list[i].Samples, sample)
		}
	}
	return list
}

// distribution returns all counts. It uses room, which is empty before and after.
func (h *histogram) distribution(room *[buckets]uint64) *Distribution {
	d := new(Distribution)
	var from, to int
	d.Zero, d.Sum, from, to = h.collect(room)
	d.Count = d.Zero
	full := 0
	for _, n := range room[from:to] {
		full += int(min(n, 1))
	}
	d.Buckets = make([]Bucket, 0, full)
	for i, n := range room[from:to] {
		if n > 0 {
			d.Buckets = append(d.Buckets, Bucket{firstIndex + from + i, n})
			d.Count += n
		}
	}
	clear(room[from:to])
	return d
}

// collect adds up all counts in counts, which is empty; only those between from and to are set.
func (h *histogram) collect(counts *[buckets]uint64) (zero uint64, sum float64, from, to int) {
	h.all(func(c *cells) {
		sum += math.Float64frombits(c.sum.Load())
		zero += c.zero.Load()
	})
	from = buckets
	for i := range octaves {
		if octave, ok := h.octave(i); ok {
			copy(counts[i*bucketsPerOctave:], octave[:])
			from, to = min(from, i*bucketsPerOctave), (i+1)*bucketsPerOctave
		}
	}
	return zero, sum, min(from, to), to
}
