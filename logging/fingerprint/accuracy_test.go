package fingerprint_test

import (
	"github.com/prodwright/prodwright/logging/fingerprint"
)

// line is a line of a log, with the event that it is for certain.
type line struct{ label, text string }

// accuracy is the share of lines whose group has exactly the lines that their label has: grouping accuracy, as in
// Zhu et al., Tools and Benchmarks for Automated Log Parsing, ICSE-SEIP 2019.
func accuracy(lines []line, group func(text string) string) float64 {
	type pair struct{ label, group string }
	labels, groups, both := map[string]int{}, map[string]int{}, map[pair]int{}
	for _, l := range lines {
		g := group(l.text)
		labels[l.label]++
		groups[g]++
		both[pair{l.label, g}]++
	}
	right := 0
	for p, n := range both {
		if labels[p.label] == n && groups[p.group] == n {
			right += n
		}
	}
	return float64(right) / float64(len(lines))
}

// raw groups by the message itself.
func raw(text string) string { return text }

func byTemplate(text string) string { return fingerprint.Template(text) }
