package metrics

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"unicode"
)

// Vec is all series of a metric, by labels that are a struct: its fields are the labels, in the spelling of their label
// tag or else in snake case. Asking for a series that has been asked for before takes no lock and no memory, so it can be
// done for every request. Values that are no texts are written as fmt does.
//
//	type labels struct {
//		Method string
//		Code   int `label:"status"`
//	}
//	requests := metrics.NewCounterVec[labels](registry, "http_requests")
//	requests.With(labels{"GET", 200}).Inc()
//
// A Vec is safe for concurrent use.
type Vec[L comparable, M any] struct {
	make       func([]Label) M
	labels     []string        // the names
	generation *atomic.Uint64 // of the registry: changes when series were taken out

	known index[L, M]
	mu    sync.Mutex
	seen  atomic.Uint64 // the generation of known
}

// maxVec limits how many series a Vec remembers. The others are asked for at the Collector.
const maxVec = 10_000

// NewCounterVec returns the counters of that name.
func NewCounterVec[L comparable](c Collector, name string) *Vec[L, Counter] {
	return newVec[L](c, func(labels []Label) Counter { return c.Counter(name, labels...) })
}

// NewGaugeVec returns the gauges of that name.
func NewGaugeVec[L comparable](c Collector, name string) *Vec[L, Gauge] {
	return newVec[L](c, func(labels []Label) Gauge { return c.Gauge(name, labels...) })
}

// NewHistogramVec returns the histograms of that name.
func NewHistogramVec[L comparable](c Collector, name string) *Vec[L, Histogram] {
	return newVec[L](c, func(labels []Label) Histogram { return c.Histogram(name, labels...) })
}

func newVec[L comparable, M any](c Collector, make func([]Label) M) *Vec[L, M] {
	v := &Vec[L, M]{make: make, labels: labelNames(reflect.TypeFor[L]()), generation: new(atomic.Uint64)}
	if r, ok := c.(*Registry); ok {
		v.generation = &r.generation
	}
	return v
}

// With returns the series with these labels.
func (v *Vec[L, M]) With(labels L) M {
	if m, ok := v.known.load(labels); ok && v.seen.Load() == v.generation.Load() {
		return m
	}
	return v.slow(labels)
}

func (v *Vec[L, M]) slow(labels L) M {
	v.mu.Lock()
	defer v.mu.Unlock()
	if g := v.generation.Load(); v.seen.Load() != g {
		v.known.remove(func(L, M) bool { return true }) // what nobody holds but this may go
		v.seen.Store(g)
	}
	if m, ok := v.known.locked(labels); ok {
		return m
	}
	m := v.make(labelsOf(reflect.ValueOf(&labels).Elem(), v.labels))
	if v.known.size() < maxVec {
		v.known.store(labels, m)
	}
	return m
}

// labelNames returns the names of a struct's labels.
func labelNames(t reflect.Type) []string {
	if t.Kind() != reflect.Struct {
		return []string{"value"}
	}
	var names []string
	for f := range t.Fields() {
		name := f.Tag.Get("label")
		if name == "" {
			name = snake(f.Name)
		}
		names = append(names, name)
	}
	return names
}

// labelsOf returns the labels that a value stands for.
func labelsOf(v reflect.Value, names []string) []Label {
	if v.Kind() != reflect.Struct {
		return []Label{{names[0], labelValue(v)}}
	}
	labels := make([]Label, len(names))
	for i := range labels {
		labels[i] = Label{names[i], labelValue(v.Field(i))}
	}
	return labels
}

func labelValue(v reflect.Value) string {
	switch {
	case v.CanInterface() && v.Type().PkgPath() != "":
		return fmt.Sprint(v.Interface()) // it may have a String method
	case v.Kind() == reflect.String:
		return v.String()
	case v.Kind() == reflect.Bool:
		return strconv.FormatBool(v.Bool())
	case v.CanInt():
		return strconv.FormatInt(v.Int(), 10)
	case v.CanUint():
		return strconv.FormatUint(v.Uint(), 10)
	}
	return fmt.Sprint(v)
}

// snake writes StatusCode as status_code, and HTTPMethod as http_method.
func snake(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		lowerNext := i+1 < len(runes) && unicode.IsLower(runes[i+1])
		if i > 0 && unicode.IsUpper(r) && (unicode.IsLower(runes[i-1]) || lowerNext) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
