package metrics

import "slices"

// Description is what the export says about a metric.
type Description struct {
	Help string // in one sentence
	Unit string // such as "seconds" or "bytes"
	// Buckets are the upper bounds under which a histogram is exported to those who do not read its native form. Each is
	// moved to the nearest of the buckets that are kept, 2.2 % away at most. The default depends on Unit.
	Buckets []float64
}

// Describe says what a metric is. It may come before its first series.
func (r *Registry) Describe(name string, kind Kind, d Description) {
	var m misuse
	defer m.report(r, name)
	r.mu.Lock()
	defer r.mu.Unlock()
	if f := r.family(name, kind, &m); f != nil {
		d.Buckets = slices.Clone(d.Buckets)
		f.desc = d
	}
}
