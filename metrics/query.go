package metrics

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
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
		return slices.Clip(f.ordered)
	}
	var list []*series
	for _, s := range f.ordered {
		if s.matches(match, f.kind) {
			list = append(list, s)
		}
	}
	return list
}

// matches says whether a series has all the labels, as they are exported. One without a value asks for a series that does
// not have it.
func (s *series) matches(match []Label, kind Kind) bool {
	for _, m := range match {
		name, value := cleanLabelName(m.Name, kind), ""
		for _, l := range s.labels {
			if l.Name == name {
				value = l.Value
			}
		}
		if value != cleanValue(m.Value) {
			return false
		}
	}
	return true
}

// ErrNoData says that there is no metric of that name, or nothing was observed in the window, or the metric's kind does not
// have the figure.
var ErrNoData = errors.New("metrics: no data")

// Query returns a func that reads a figure of a metric over the last window: what alerts, scalers and checks of other
// packages take as their source. Its error is [ErrNoData], wrapped.
//
//	slow := registry.Query("http_request_duration_seconds", metrics.P95, 5*time.Minute)
func (r *Registry) Query(name string, figure Aggregate, window time.Duration, match ...Label) func(context.Context) (float64, error) {
	match = slices.Clone(match)
	return func(context.Context) (float64, error) {
		s, ok := r.Summary(name, window, match...)
		if !ok {
			return 0, fmt.Errorf("%w: there is no metric %s with those labels", ErrNoData, name)
		}
		value, ok := s.Value(figure)
		if !ok {
			return 0, fmt.Errorf("%w: the %s %s has no %s in the last %v", ErrNoData, s.Kind, name, figure, window)
		}
		return value, nil
	}
}
