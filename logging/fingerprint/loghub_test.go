package fingerprint_test

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// PRODWRIGHT_LOGHUB names a directory with the corrected sets of logpai/loghub (data/loghub_2k_corrected of
// logpai/logparser), which are not part of this repository.
func TestLoghub(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("PRODWRIGHT_LOGHUB")
	if dir == "" {
		t.Skip("PRODWRIGHT_LOGHUB is not set")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*", "*_structured_corrected.csv"))
	require.NoError(t, err)
	require.Len(t, files, 16)
	var sum, sumRaw float64
	for _, file := range files {
		lines := readLoghub(t, file)
		got, before := accuracy(lines, byTemplate), accuracy(lines, raw)
		t.Logf("%-12s %.3f (raw %.3f)", filepath.Base(filepath.Dir(file)), got, before)
		sum, sumRaw = sum+got, sumRaw+before
		if testing.Verbose() && os.Getenv("PRODWRIGHT_LOGHUB_SHOW") == filepath.Base(filepath.Dir(file)) {
			showWrong(t, lines)
		}
	}
	t.Logf("average of %d: %.3f (raw %.3f)", len(files), sum/float64(len(files)), sumRaw/float64(len(files)))
	require.GreaterOrEqual(t, sum/float64(len(files)), 0.75)
}

func readLoghub(t *testing.T, file string) []line {
	t.Helper()
	f, err := os.Open(file)
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	rows, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	content, event := slices.Index(rows[0], "Content"), slices.Index(rows[0], "EventTemplate")
	require.Positive(t, content)
	require.Positive(t, event)
	lines := make([]line, 0, len(rows)-1)
	for _, row := range rows[1:] {
		lines = append(lines, line{row[event], row[content]})
	}
	return lines
}

// showWrong logs the labels whose lines are in several groups, and the groups that several labels share.
func showWrong(t *testing.T, lines []line) {
	t.Helper()
	groups, labels := map[string]map[string]int{}, map[string]map[string]int{}
	add := func(m map[string]map[string]int, a, b string) {
		if m[a] == nil {
			m[a] = map[string]int{}
		}
		m[a][b]++
	}
	for _, l := range lines {
		add(groups, l.label, byTemplate(l.text))
		add(labels, byTemplate(l.text), l.label)
	}
	show := func(what string, m map[string]map[string]int) {
		for key, others := range m {
			if len(others) < 2 {
				continue
			}
			n, texts := 0, []string{}
			for o, c := range others {
				n += c
				if len(texts) < 4 {
					texts = append(texts, o)
				}
			}
			t.Logf("%s %5d lines, %4d: %s\n      %s", what, n, len(others), key, strings.Join(texts, "\n      "))
		}
	}
	show("SPLIT", groups)
	show("MERGED", labels)
}
