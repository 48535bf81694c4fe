package metrics

import (
	"encoding/binary"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxLabelValue limits the values of labels, in bytes; longer ones are cut.
const maxLabelValue = 256

// cleanName makes a name of letters, digits, underscores and colons, which is what every tool reads. Anything else, dots
// included, becomes an underscore.
func cleanName(name string, colons bool) string {
	ok := func(i int, c byte) bool {
		return c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || i > 0 && '0' <= c && c <= '9' || colons && c == ':'
	}
	for i := range len(name) {
		if ok(i, name[i]) {
			continue
		}
		b := []byte(name)
		for i := range b {
			if !ok(i, b[i]) {
				b[i] = '_'
			}
		}
		return string(b)
	}
	return name
}

// canonicalName is the name under which a metric is exported.
func canonicalName(name string, kind Kind) string {
	name = cleanName(name, true)
	if kind == KindCounter && name != "" && !strings.HasSuffix(name, "_total") {
		name += "_total"
	}
	return name
}

// cleanLabels returns the labels sorted, with names and values that can be exported. Of two with the same name the first
// counts, one without a name or a value does not: to Prometheus that is as good as none.
func cleanLabels(labels []Label, kind Kind) []Label {
	clean := make([]Label, 0, len(labels))
	for _, l := range labels {
		name := cleanLabelName(l.Name, kind)
		if name != "" && l.Value != "" && !slices.ContainsFunc(clean, func(o Label) bool { return o.Name == name }) {
			clean = append(clean, Label{strings.Clone(name), strings.Clone(cleanValue(l.Value))}) // they may be parts of something large
		}
	}
	slices.SortFunc(clean, func(a, b Label) int { return strings.Compare(a.Name, b.Name) })
	return clean
}

// cleanLabelName returns a name that the export does not need for itself.
func cleanLabelName(name string, kind Kind) string {
	name = cleanName(name, false)
	if strings.HasPrefix(name, "__") || kind == KindHistogram && (name == "le" || name == "quantile") {
		return "exported_" + strings.TrimLeft(name, "_")
	}
	return name
}

// areClean says whether labels are exported as they are: their names, and their values.
func areClean(labels []Label, kind Kind) (names, values bool) {
	names, values = true, true
	for i, l := range labels {
		names = names && l.Name != "" && cleanLabelName(l.Name, kind) == l.Name
		values = values && cleanValue(l.Value) == l.Value
		for _, other := range labels[:i] {
			names = names && other.Name != l.Name
		}
	}
	return names, values
}

// cleanValue makes a label's value valid UTF-8 of a limited length.
func cleanValue(value string) string {
	if !utf8.ValidString(value) {
		value = strings.ToValidUTF8(value, "\ufffd")
	}
	if len(value) <= maxLabelValue {
		return value
	}
	end := maxLabelValue
	for !utf8.RuneStart(value[end]) {
		end--
	}
	return value[:end]
}

// appendKey appends what tells one set of labels from all others. The labels are sorted by name, as few as they are.
func appendKey(key []byte, labels []Label) []byte {
	for i := 1; i < len(labels); i++ {
		if labels[i].Name < labels[i-1].Name {
			return appendUnsorted(key, labels)
		}
	}
	for i := range labels {
		key = appendLabel(key, &labels[i])
	}
	return key
}

// appendUnsorted takes them in the order of their names, the first of those that are the same first. It sorts nothing,
// which would take memory.
func appendUnsorted(key []byte, labels []Label) []byte {
	for done, last := 0, -1; done < len(labels); done++ {
		next := -1
		for i := range labels {
			after := last < 0 || labels[i].Name > labels[last].Name || labels[i].Name == labels[last].Name && i > last
			if after && (next < 0 || labels[i].Name < labels[next].Name) {
				next = i
			}
		}
		key = appendLabel(key, &labels[next])
		last = next
	}
	return key
}

func appendLabel(key []byte, l *Label) []byte {
	if l.Value == "" {
		return key // as if it were not there
	}
	key = binary.AppendUvarint(key, uint64(len(l.Name)))
	key = append(key, l.Name...)
	key = binary.AppendUvarint(key, uint64(len(l.Value)))
	return append(key, l.Value...)
}
