package metrics

import (
	"slices"
)

// lookup finds a metric by a name as it was given or as it is exported.
func (r *Registry) lookup(name string) (*family, bool) {
	if f, ok := r.families.load(name); ok {
		return f, true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, candidate := range [...]string{name, canonicalName(name, KindGauge), canonicalName(name, KindCounter)} {
		if f, ok := r.families.locked(candidate); ok {
			return f, true
		}
	}
	return nil, false
}

// members returns the series of a metric that have the labels.
func (r *Registry) members(f *family, match []Label) []*series {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(match) == 0 {
		return slices.Clone(f.ordered)
	}
	var list []*series
	for _, s := range f.ordered {
		if s.matches(match) {
			list = append(list, s)
		}
	}
	return list
}

func (s *series) matches(match []Label) bool {
	for _, m := range match {
		if !slices.Contains(s.labels, m) {
			return false
		}
	}
	return true
}
