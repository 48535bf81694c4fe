package metrics

import (
	"fmt"
	"hash/maphash"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"unicode"
	"unsafe"
	"weak"
)

// Vec is all series of a metric, by labels that are a struct: its fields are the labels, in the spelling of their label
// tag or else in snake case. Asking for a series that has been asked for before takes no lock and no memory, so it can be
// done for every request. Values that are no texts are written as fmt does. Labels of 1 024 bytes and more, those after the
// first 2 000 combinations, and fields that are neither texts nor numbers cost a lookup each time.
//
//	type labels struct {
//		Method string
//		Code   int `label:"status"`
//	}
//	requests := metrics.NewCounterVec[labels](registry, "http_requests")
//	requests.With(labels{"GET", 200}).Inc()
//
// Where series expire, see [Config].MaxIdle, it keeps none of them that is not used. Comparing labels must not panic, as comparing an interface with a slice in it does. A Vec is safe for concurrent use.
type Vec[L comparable, M any] struct {
	get    func([]Label) M
	labels []string // the names
	hasher hasher   // of L
	seed   maphash.Seed

	table     atomic.Pointer[vecTable[L, M]]
	following atomic.Bool // a registry tells it when to forget
	mu        sync.Mutex  // guards the making of tables, and what follows
	known     int         // entries of the table
}

// maxVec limits how many series a Vec remembers, and maxVecText how long their labels may be. The others are asked for at
// the Collector.
const (
	maxVec     = 2_000
	maxVecText = 1_024
	smallest   = 16      // table
	largest    = 1 << 14 // table
)

// NewCounterVec returns the counters of that name.
func NewCounterVec[L comparable](c Collector, name string) *Vec[L, Counter] {
	return newVec[L](func(labels []Label) Counter { return c.Counter(name, labels...) })
}

// NewGaugeVec returns the gauges of that name.
func NewGaugeVec[L comparable](c Collector, name string) *Vec[L, Gauge] {
	return newVec[L](func(labels []Label) Gauge { return c.Gauge(name, labels...) })
}

// NewHistogramVec returns the histograms of that name.
func NewHistogramVec[L comparable](c Collector, name string) *Vec[L, Histogram] {
	return newVec[L](func(labels []Label) Histogram { return c.Histogram(name, labels...) })
}

func newVec[L comparable, M any](get func([]Label) M) *Vec[L, M] {
	t := reflect.TypeFor[L]()
	v := &Vec[L, M]{get: get, labels: labelNames(t), hasher: hasherOf(t), seed: maphash.MakeSeed()}
	v.table.Store(newVecTable[L, M](smallest))
	return v
}

// With returns the series with these labels.
func (v *Vec[L, M]) With(labels L) M {
	t := v.table.Load()
	p := unsafe.Pointer(&labels) //nolint:gosec // hasher reads the fields that L has
	if v.hasher.texts > 0 {
		at := v.hasher.address(p) & uint64(len(t.addresses)-1) //nolint:gosec // positive
		for _, i := range [...]uint64{at, at ^ 1} {
			e := t.addresses[i].Load()
			if e != nil && v.hasher.isSame(unsafe.Pointer(&e.labels), p) { //nolint:gosec // as above
				return e.metric
			}
		}
	}
	if v.hasher.partial {
		return v.slow(labels, maphash.Comparable(v.seed, labels))
	}
	hash := v.hasher.hash(p)
	if e := t.find(hash, &labels); e != nil {
		if v.hasher.texts > 0 {
			v.sight(t, e, labels)
		}
		return e.metric
	}
	return v.slow(labels, hash)
}

// sight notes where the texts of labels are that were found by what they say. Those that are there again stand in the program,
// most likely, and can be found by that from then on. Others are not kept: they may be parts of something large.
func (v *Vec[L, M]) sight(t *vecTable[L, M], e *vecEntry[L, M], labels L) {
	address := v.hasher.address(unsafe.Pointer(&labels)) //nolint:gosec // see With
	if e.seen.Load() != address {
		e.seen.Store(address)
		return
	}
	at := address & uint64(len(t.addresses)-1) //nolint:gosec // positive
	if t.addresses[at].Load() != nil {
		at ^= 1
	}
	t.addresses[at].Store(&vecEntry[L, M]{labels: labels, metric: e.metric})
}

// slow asks the Collector, without a lock: it may log, and a logger may count what it logs.
func (v *Vec[L, M]) slow(labels L, hash uint64) M {
	if e := v.table.Load().find(hash, &labels); e != nil {
		return e.metric
	}
	all := labelsOf(reflect.ValueOf(&labels).Elem(), v.labels)
	length := 0
	for _, l := range all {
		length += len(l.Value)
	}
	m := v.get(all)
	v.follow(m)
	if length > maxVecText {
		return m
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	t := v.table.Load()
	if e := t.find(hash, &labels); e != nil || v.known >= maxVec {
		return m
	}
	v.hasher.clone(unsafe.Pointer(&labels)) //nolint:gosec // see With
	e := &vecEntry[L, M]{hash: hash, labels: labels, metric: m}
	if 2*v.known >= len(t.slots) {
		t = t.grown()
	}
	for !t.insert(e) {
		if len(t.slots) >= largest {
			return m // too many have the same hash; this one is asked for every time
		}
		t = t.grown()
	}
	v.known++
	v.table.Store(t)
	return m
}

// follow has the registry of a series that may expire tell v when to forget its handles: as long as v has them none expires.
// The registry does not keep v.
func (v *Vec[L, M]) follow(m M) {
	handle, ok := any(m).(leased)
	if !ok || v.following.Swap(true) {
		return
	}
	to := weak.Make(v)
	handle.terms().vecs.add(func() bool {
		v := to.Value()
		if v != nil {
			v.forget()
		}
		return v != nil
	})
}

// forget begins anew, with room for half as much: what is still used comes back at once.
func (v *Vec[L, M]) forget() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.known = 0
	v.table.Store(newVecTable[L, M](max(len(v.table.Load().slots)/2, smallest)))
}

// vecTable finds entries without a lock. Entries are only added.
type vecTable[L comparable, M any] struct {
	slots     []atomic.Pointer[vecEntry[L, M]] // by hasher.hash; a power of two, like
	addresses []atomic.Pointer[vecEntry[L, M]] // by hasher.address, in two places
}

type vecEntry[L comparable, M any] struct {
	hash   uint64
	labels L
	metric M
	seen   atomic.Uint64 // where labels like these were last
}

// probes is how many places an entry may be in. A table in which all of them are taken grows.
const probes = 8

func newVecTable[L comparable, M any](size int) *vecTable[L, M] {
	return &vecTable[L, M]{slots: make([]atomic.Pointer[vecEntry[L, M]], size), addresses: make([]atomic.Pointer[vecEntry[L, M]], 4*size)}
}

// grown returns a table of twice the size. An entry whose places are all taken there, which is rare, is made anew when it is
// asked for. Addresses are learnt anew.
func (t *vecTable[L, M]) grown() *vecTable[L, M] {
	next := newVecTable[L, M](2 * len(t.slots))
	for i := range t.slots {
		if e := t.slots[i].Load(); e != nil {
			next.insert(e)
		}
	}
	return next
}

func (t *vecTable[L, M]) find(hash uint64, labels *L) *vecEntry[L, M] {
	mask := uint64(len(t.slots) - 1) //nolint:gosec // positive
	for i := range uint64(probes) {
		e := t.slots[(hash+i)&mask].Load()
		if e == nil {
			return nil
		}
		if e.hash == hash && e.labels == *labels {
			return e
		}
	}
	return nil
}

// insert returns false when all places of an entry are taken.
func (t *vecTable[L, M]) insert(e *vecEntry[L, M]) bool {
	mask := uint64(len(t.slots) - 1) //nolint:gosec // positive
	for i := range uint64(probes) {
		if slot := &t.slots[(e.hash+i)&mask]; slot.Load() == nil {
			slot.Store(e)
			return true
		}
	}
	return false
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
