package metrics

import (
	"bytes"
	"context"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// format is one of the two texts that Prometheus reads.
type format bool

const (
	plainText   format = false // https://prometheus.io/docs/instrumenting/exposition_formats/, version 0.0.4
	openMetrics format = true  // https://github.com/prometheus/OpenMetrics, version 1.0.0
)

// WriteText writes all metrics in Prometheus' text format, sorted by name.
func (r *Registry) WriteText(w io.Writer) error {
	r.refresh(context.Background())
	return r.write(w, plainText)
}

// WriteOpenMetrics writes all metrics as OpenMetrics.
func (r *Registry) WriteOpenMetrics(w io.Writer) error {
	r.refresh(context.Background())
	return r.write(w, openMetrics)
}

func (r *Registry) write(w io.Writer, format format) error {
	r.expireIfDue()
	t := textWriter{format: format}
	families := r.exported()
	for i := range families {
		t.family(&families[i], families)
		const enough = 32 << 10
		if len(t.b) > enough {
			if _, err := w.Write(t.b); err != nil {
				return err
			}
			t.b = t.b[:0]
		}
	}
	if format == openMetrics {
		t.b = append(t.b, "# EOF\n"...)
	}
	_, err := w.Write(t.b)
	return err
}

// exportedFamily is a metric as it was at the beginning of an export.
type exportedFamily struct {
	name   string
	kind   Kind
	desc   Description
	series []*series
}

func (r *Registry) exported() []exportedFamily {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := make([]exportedFamily, 0, len(r.ordered))
	for _, f := range r.ordered {
		if len(f.ordered) > 0 {
			list = append(list, exportedFamily{f.name, f.kind, f.desc, slices.Clip(f.ordered)})
		}
	}
	slices.SortFunc(list, func(a, b exportedFamily) int { return strings.Compare(a.name, b.name) })
	return list
}

// help is never empty, so that linters of metrics have nothing to complain of.
func (f *exportedFamily) help() string {
	if f.desc.Help == "" {
		return "The " + f.kind.String() + " " + f.name + "."
	}
	return strings.ToValidUTF8(f.desc.Help, "\ufffd")
}

// textWriter writes one text.
type textWriter struct {
	format format
	b      []byte
	counts [buckets]uint64 // of one histogram, added up
}

// family writes one of all families, which are sorted by name.
func (t *textWriter) family(f *exportedFamily, all []exportedFamily) {
	title, kind := f.name, f.kind.String()
	if t.format == openMetrics && f.kind == KindCounter {
		base := strings.TrimSuffix(title, "_total")
		if base == "" || isExported(base, all) {
			kind = "unknown" // a gauge x beside a counter x_total: OpenMetrics has one name for them
		} else {
			title = base
		}
	}
	t.comment("HELP", title, escape(f.help(), t.format == openMetrics))
	t.comment("TYPE", title, kind)
	if t.format == openMetrics && f.desc.Unit != "" && strings.HasSuffix(title, "_"+f.desc.Unit) {
		t.comment("UNIT", title, f.desc.Unit)
	}
	var bounds []exportedBound
	if f.kind == KindHistogram {
		bounds = exportedBounds(f)
	}
	for _, s := range f.series {
		switch f.kind {
		case KindCounter:
			t.sample(f.name, "", s.labels, "", s.counter.value())
		case KindGauge:
			if !s.gauge.absent.Load() {
				t.sample(f.name, "", s.labels, "", s.gauge.value())
			}
		case KindHistogram:
			t.histogram(f.name, s, bounds)
		}
	}
}

// isExported says whether one of the families, which are sorted, has a name, or a sample of it has.
func isExported(name string, all []exportedFamily) bool {
	for _, suffix := range [...]string{"", "_bucket", "_count", "_sum"} {
		base, ok := strings.CutSuffix(name, suffix)
		i, found := slices.BinarySearchFunc(all, base, func(f exportedFamily, name string) int { return strings.Compare(f.name, name) })
		if ok && found && (suffix == "" || all[i].kind == KindHistogram) {
			return true
		}
	}
	return false
}

func (t *textWriter) comment(word, name, text string) {
	t.b = append(t.b, "# "...)
	t.b = append(t.b, word...)
	t.b = append(t.b, ' ')
	t.b = append(t.b, name...)
	t.b = append(t.b, ' ')
	t.b = append(t.b, text...)
	t.b = append(t.b, '\n')
}

// sample writes a line. le is the label of a bucket, or empty.
func (t *textWriter) sample(name, suffix string, labels []Label, le string, value float64) {
	t.b = append(append(t.b, name...), suffix...)
	if len(labels) > 0 || le != "" {
		t.b = append(t.b, '{')
		for i := range labels {
			t.label(labels[i].Name, labels[i].Value)
		}
		if le != "" {
			t.label("le", le)
		}
		t.b[len(t.b)-1] = '}' // instead of the last comma
	}
	t.b = append(t.b, ' ')
	t.number(value)
	t.b = append(t.b, '\n')
}

func (t *textWriter) label(name, value string) {
	t.b = append(append(t.b, name...), '=', '"')
	if strings.ContainsAny(value, "\\\"\n") {
		value = escape(value, true)
	}
	t.b = append(append(t.b, value...), '"', ',')
}

func (t *textWriter) number(v float64) {
	switch {
	case math.IsInf(v, 1):
		t.b = append(t.b, "+Inf"...)
	case v == math.Trunc(v) && math.Abs(v) < 1<<53:
		t.b = strconv.AppendInt(t.b, int64(v), 10)
	default:
		t.b = strconv.AppendFloat(t.b, v, 'g', -1, 64)
	}
}

// histogram writes cumulative buckets; the last one counts all values, whenever they came.
func (t *textWriter) histogram(name string, s *series, bounds []exportedBound) {
	total, sum, from, to := s.histogram.collect(&t.counts)
	next := from
	for _, b := range bounds {
		for ; next < to && next <= b.bucket; next++ {
			total += t.counts[next]
		}
		t.sample(name, "_bucket", s.labels, b.text, float64(total))
	}
	for ; next < to; next++ {
		total += t.counts[next]
	}
	t.sample(name, "_bucket", s.labels, "+Inf", float64(total))
	t.sample(name, "_sum", s.labels, "", sum)
	t.sample(name, "_count", s.labels, "", float64(total))
	clear(t.counts[from:to])
}

func escape(text string, quotes bool) string {
	var b bytes.Buffer
	for i := range len(text) {
		switch c := text[i]; {
		case c == '\\':
			b.WriteString(`\\`)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '"' && quotes:
			b.WriteString(`\"`)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// exportedBound is a bucket whose upper bound is exported.
type exportedBound struct {
	bucket int
	text   string // of the bound
}

// exportedBounds returns what the description asks for, or every power of two, or of four, in the range of the unit.
func exportedBounds(f *exportedFamily) []exportedBound {
	var list []exportedBound
	add := func(bucket int) {
		if n := len(list); bucket >= 0 && bucket < buckets-1 && (n == 0 || list[n-1].bucket < bucket) {
			list = append(list, exportedBound{bucket, strconv.FormatFloat(upperBound(bucket), 'g', -1, 64)})
		}
	}
	if len(f.desc.Buckets) > 0 {
		for _, bound := range slices.Sorted(slices.Values(f.desc.Buckets)) {
			add(nearestBucket(bound))
		}
		return list
	}
	lowest, highest, step := -6, 20, 1
	switch {
	case f.desc.Unit == "seconds" || strings.HasSuffix(f.name, "_seconds"):
		lowest, highest = -13, 7 // 122 µs to 2 min
	case f.desc.Unit == "bytes" || strings.HasSuffix(f.name, "_bytes"):
		lowest, highest, step = 6, 32, 2 // 64 B to 4 GiB
	}
	for e := lowest; e <= highest; e += step {
		add((e-lowestExponent)*bucketsPerOctave - 1)
	}
	return list
}

// nearestBucket returns the bucket whose upper bound is nearest to a number, in proportion.
func nearestBucket(bound float64) int {
	octave, bucket, ok := bucketOf(bound)
	if !ok {
		return -1
	}
	i := octave*bucketsPerOctave + bucket
	if i > 0 && bound < upperBound(i)*halfBucketDown {
		i--
	}
	return i
}
