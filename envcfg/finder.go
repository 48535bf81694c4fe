package envcfg

import (
	"slices"
	"strings"
)

// finder finds many texts in another one, in one pass: by their first bytes, and then by their lengths.
type finder map[[shortest]byte]*finderEntry

type finderEntry struct {
	texts   map[string]bool
	lengths []int // the longest first
}

// add adds a text of shortest bytes or more.
func (f finder) add(text string) {
	e := f[[shortest]byte([]byte(text[:shortest]))]
	if e == nil {
		e = &finderEntry{texts: make(map[string]bool)}
		f[[shortest]byte([]byte(text[:shortest]))] = e
	}
	e.texts[text] = true
	i, found := slices.BinarySearchFunc(e.lengths, len(text), func(have, want int) int { return want - have })
	if !found {
		e.lengths = slices.Insert(e.lengths, i, len(text))
	}
}

// at returns the length of the longest that begins a text, or 0.
func (f finder) at(text string) int {
	if len(text) < shortest {
		return 0
	}
	e := f[[shortest]byte([]byte(text[:shortest]))]
	if e == nil {
		return 0
	}
	for _, n := range e.lengths {
		if n <= len(text) && e.texts[text[:n]] {
			return n
		}
	}
	return 0
}

func (f finder) finds(text string) bool {
	for i := range text {
		if f.at(text[i:]) > 0 {
			return true
		}
	}
	return false
}

// replace redacts all of what is found, also where one overlaps with the next.
func (f finder) replace(text string) string {
	var b strings.Builder
	kept, end := 0, -1 // up to where text was written or redacted, and where what was found last ends
	for i := range len(text) {
		n := f.at(text[i:])
		if n == 0 {
			continue
		}
		if i > end || end < 0 {
			b.WriteString(text[kept:i])
			b.WriteString(redacted)
		}
		end = max(end, i+n)
		kept = end
	}
	if end < 0 {
		return text
	}
	return b.String() + text[kept:]
}
