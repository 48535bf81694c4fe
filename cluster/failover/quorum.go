package failover

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// quorum is what synchronous_standby_names says: so many of the names must have a commit before it is acknowledged.
type quorum struct {
	need  int
	names []string
	first bool // FIRST: those before the others, as long as they are there
}

// parseQuorum reads synchronous_standby_names. An empty one is a quorum of nobody. A star is refused: it says nothing about who has
// what.
func parseQuorum(setting string) (quorum, error) {
	words, err := splitNames(setting)
	if err != nil || len(words) == 0 {
		return quorum{}, err
	}
	q := quorum{need: 1, first: true, names: words}
	switch strings.ToUpper(words[0]) {
	case "ANY", "FIRST":
		if len(words) < 2 {
			return q, fmt.Errorf("%q has no number", setting)
		}
		q.first = strings.EqualFold(words[0], "FIRST")
		words = words[1:]
	}
	if n, err := strconv.Atoi(words[0]); err == nil && len(words) > 1 {
		q.need, words = n, words[1:]
	}
	q.names = nil
	for _, w := range words {
		if w == "*" {
			return q, fmt.Errorf("%q has a star: name the standbys, so that it is known who has what", setting)
		}
		if !strings.HasPrefix(w, stamp) {
			q.names = append(q.names, w)
		}
	}
	if q.need < 1 || q.need > len(q.names) {
		return q, fmt.Errorf("%q wants %d of %d", setting, q.need, len(q.names))
	}
	return q, nil
}

// splitNames splits a setting into its words; quotes are taken off.
func splitNames(s string) (words []string, err error) {
	for s = strings.TrimLeft(s, " \t\n,()"); s != ""; s = strings.TrimLeft(s, " \t\n,()") {
		var word string
		if s[0] == '"' {
			for s = s[1:]; ; {
				i := strings.IndexByte(s, '"')
				if i < 0 {
					return nil, fmt.Errorf("a quote of %q has no end", s)
				}
				word, s = word+s[:i], s[i+1:]
				if !strings.HasPrefix(s, `"`) {
					break
				}
				word, s = word+`"`, s[1:]
			}
		} else {
			i := strings.IndexAny(s, " \t\n,()")
			if i < 0 {
				i = len(s)
			}
			word, s = s[:i], s[i:]
		}
		words = append(words, word)
	}
	return words, nil
}

// stamp begins the name that no standby has: it carries the epoch of the manager who set the names.
const stamp = "prodwright_epoch_"

// setting returns the names for a new primary: any so many of them, with the stamp of an epoch.
func (q quorum) setting(epoch uint64) string {
	var b strings.Builder
	fmt.Fprintf(&b, "ANY %d (", q.need)
	for _, name := range q.names {
		b.WriteString(`"` + strings.ReplaceAll(name, `"`, `""`) + `", `)
	}
	fmt.Fprintf(&b, "%s%d)", stamp, epoch)
	return b.String()
}

// after returns the quorum after a change of the primary: without the new one, and the old one takes its place only if there are not
// enough without it, because it has to come back first.
func (q quorum) after(old, promoted string) quorum {
	next := quorum{need: q.need}
	for _, name := range q.names {
		if name != promoted && name != old {
			next.names = append(next.names, name)
		}
	}
	if len(next.names) < next.need {
		next.names = append(next.names, old)
	}
	return next
}

// with returns the quorum with one more name.
func (q quorum) with(name string) quorum {
	q.names = append(slices.Clone(q.names), name)
	return q
}

// has says whether a standby is one of the names.
func (q quorum) has(name string) bool { return slices.Contains(q.names, name) }

// enough says whether no commit can have been acknowledged that none of the standbys has, and none can be any more, when so many of the
// names are asked, and taken away from the primary: of any who acknowledged, one is among them.
func (q quorum) enough(asked int) bool {
	return q.need > 0 && asked+q.need > len(q.names)
}
