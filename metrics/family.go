package metrics

import (
	"cmp"
	"strings"
	"sync/atomic"
	"time"
)

// Kind is what sort of metric something is.
type Kind uint8

// The kinds.
const (
	KindCounter Kind = iota
	KindGauge
	KindHistogram
)

// String returns the word that the exposition formats use.
func (k Kind) String() string {
	switch k {
	case KindCounter:
		return "counter"
	case KindGauge:
		return "gauge"
	case KindHistogram:
		return "histogram"
	}
	return "unknown"
}

// MarshalText returns [Kind.String].
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// family is a metric: all series of one name.
type family struct {
	name string // as it is exported
	kind Kind

	series index[string, *series] // by appendKey
	// sealed is where values go that are of no series in the index, while there can be no more of them.
	sealed    atomic.Pointer[series]
	overflows *counter // how often that was; set before sealed is
	overflow  *series  // what sealed is or was; guarded by Registry.mu

	desc    Description // guarded by Registry.mu, as is what follows
	ordered []*series
}

// series is one set of labels of a metric. Of the recorders, the one of its kind is there.
type series struct {
	labels    []Label // clean and sorted
	counter   *counter
	gauge     *gauge
	histogram *histogram
	lease     *lease // nil when it stays for ever

	created  time.Time
	detached bool // it belongs to no metric
	past     past // guarded by the lock of the registry's history
}

func newSeries(kind Kind, labels []Label) *series {
	s := &series{labels: labels}
	switch kind {
	case KindCounter:
		s.counter = &counter{}
	case KindGauge:
		s.gauge = newGauge()
	case KindHistogram:
		s.histogram = newHistogram()
	}
	return s
}

// detached returns a series that works and counts for nothing.
func detached(kind Kind) *series {
	s := newSeries(kind, nil)
	s.detached = true
	return s
}

// overflowLabels are those that OpenTelemetry gives to the same thing.
func overflowLabels() []Label { return []Label{{"otel_metric_overflow", "true"}} }

// The metrics of a registry about itself.
const (
	overflowsName = "metrics_overflows_total"
	misusesName   = "metrics_misuses_total"
)

// make returns a series that could not be found without the lock.
func (r *Registry) make(name string, kind Kind, labels []Label) (*series, *holder) {
	var m misuse
	defer m.report(r, name)
	r.mu.Lock()
	defer r.mu.Unlock()
	f := r.family(name, kind, &m)
	if f == nil {
		s := detached(kind)
		r.lend(s)
		return s, s.hold()
	}
	clean := cleanLabels(labels, kind)
	if names, _ := areClean(labels, kind); !names {
		m.note("labels", "label names must be of letters, digits and underscores, each once; they were changed")
	}
	s := r.member(f, clean, &m)
	return s, s.hold()
}

// family returns the metric of that name, or nil for one that cannot be.
func (r *Registry) family(name string, kind Kind, m *misuse) *family {
	canonical := canonicalName(name, kind)
	f, ok := r.families.locked(name)
	if !ok {
		f, ok = r.families.locked(canonical)
	}
	if ok && f.kind != kind { // the name alone may be that of two: a gauge x, and a counter x_total
		if exact, found := r.families.locked(canonical); found && exact.kind == kind {
			return exact
		}
	}
	if readable := strings.ReplaceAll(name, ".", "_"); name != "" && cleanName(readable, true) != readable {
		m.note("name", "names must be of letters, digits and underscores, and begin with a letter; it is exported as "+canonical)
	}
	switch other := r.taken[canonical]; {
	case ok && f.kind != kind:
		m.note("kind", "the name belongs to a "+f.kind.String()+"; values given to the "+kind.String()+" are lost")
		return nil
	case ok:
		if name != f.name && r.families.size() < 2*r.maxTotal() {
			r.families.store(name, f)
		}
		return f
	case canonical == "":
		m.note("name", "a metric needs a name; its values are lost")
		return nil
	case other != "":
		m.note("name", "the histogram "+other+" is exported with that name; values given to the "+kind.String()+" are lost")
		return nil
	case kind == KindHistogram && r.derivedIsTaken(canonical):
		m.note("name", "another metric has the name of its _bucket, _count or _sum; values given to the histogram are lost")
		return nil
	case r.total >= r.maxTotal() || len(r.ordered) >= r.maxTotal():
		m.note("limit", "there are too many metrics; its values are lost")
		return nil
	}
	return r.newFamily(canonical, name, kind)
}

// derivedNames are those under which a histogram is exported.
func derivedNames(name string) [3]string {
	return [...]string{name + "_bucket", name + "_count", name + "_sum"}
}

func (r *Registry) derivedIsTaken(name string) bool {
	for _, derived := range derivedNames(name) {
		if f, ok := r.families.locked(derived); ok && f.name == derived {
			return true
		}
	}
	return false
}

func (r *Registry) newFamily(canonical, name string, kind Kind) *family {
	f := &family{name: canonical, kind: kind}
	r.families.store(canonical, f)
	if name != canonical {
		r.families.store(name, f)
	}
	r.ordered = append(r.ordered, f)
	if kind == KindHistogram {
		if r.taken == nil {
			r.taken = make(map[string]string)
		}
		for _, derived := range derivedNames(canonical) {
			r.taken[derived] = canonical
		}
	}
	return f
}

// member returns the series of a metric with those labels, which are clean.
func (r *Registry) member(f *family, labels []Label, m *misuse) *series {
	key := string(appendKey(nil, labels))
	s, ok := f.series.locked(key)
	if ok {
		return s
	}
	if r.hasRoom(f) {
		return r.add(f, key, labels)
	}
	if f.overflow == nil {
		f.overflows = r.own(overflowsName, Label{"metric", f.name}).counter
		key := string(appendKey(nil, overflowLabels()))
		if f.overflow, ok = f.series.locked(key); !ok { // somebody may have used the label
			f.overflow = r.add(f, key, overflowLabels())
		}
		f.overflow.pin()
		m.warn("it has as many series as the registry allows; values with other labels are counted together")
	}
	f.series.settle() // so that those which are there are found without the lock
	f.sealed.Store(f.overflow)
	f.overflows.Inc()
	return f.overflow
}

// hasRoom says whether a metric may have one more series.
func (r *Registry) hasRoom(f *family) bool {
	own := len(f.ordered)
	if f.overflow != nil {
		own--
	}
	return own < r.maxSeries() && r.total < r.maxTotal()
}

// add makes a series. One without labels is the only one of its metric: it stays, there is nothing to be gained.
func (r *Registry) add(f *family, key string, labels []Label) *series {
	s := newSeries(f.kind, labels)
	s.created = time.Now()
	if r.began.IsZero() {
		r.began = s.created
	}
	r.lend(s)
	if len(labels) == 0 {
		s.pin()
	}
	f.series.store(key, s)
	f.ordered = append(f.ordered, s)
	r.total++
	return s
}

// own returns a counter about the registry itself, which stays. No limit counts for it: there are few.
func (r *Registry) own(name string, labels ...Label) *series {
	f, ok := r.families.locked(name)
	switch {
	case !ok:
		f = r.newFamily(name, name, KindCounter)
	case f.kind != KindCounter:
		return detached(KindCounter) // somebody has taken the name
	}
	key := string(appendKey(nil, labels))
	s, ok := f.series.locked(key)
	if !ok {
		s = r.add(f, key, labels)
		r.total--
	}
	s.pin()
	return s
}

const unlimited = int(^uint(0) >> 1)

func (r *Registry) maxSeries() int { return limitOr(r.cfg.MaxSeries, DefaultMaxSeries) }
func (r *Registry) maxTotal() int  { return limitOr(r.cfg.MaxTotalSeries, DefaultMaxTotalSeries) }

func limitOr(limit, def int) int {
	if limit < 0 {
		return unlimited / 2
	}
	return cmp.Or(limit, def)
}
