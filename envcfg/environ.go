package envcfg

import (
	"math"
	"os"
	"strings"
)

// environ is the process environment as it was when it was read, with an index: reading it is a matter of a few
// nanoseconds, where os.LookupEnv takes a lock.
type environ struct {
	pairs []string // NAME=value, or "" for what has no name
	table []uint16 // numbers of pairs plus one, at the places that the hashes of their names say, or behind
	asked []bool   // by pair: somebody looked it up
	few   [256]uint16
	fewer [128]bool
	more  map[string]int // numbers of the pairs that have none in the table; no system passes so many

	files    []string // the NAMEs of all NAME_FILE
	fewFiles [4]string
}

func (e *environ) read(o *Options) {
	e.pairs, e.files, e.table = o.Environ, e.fewFiles[:0], e.few[:]
	if o.Environ == nil {
		e.pairs = os.Environ()
	}
	for len(e.table) < 2*len(e.pairs) {
		e.table = make([]uint16, 2*len(e.table))
	}
	e.asked = e.fewer[:]
	if len(e.pairs) > len(e.asked) {
		e.asked = make([]bool, len(e.pairs))
	}
	for i, pair := range e.pairs {
		if n := strings.IndexByte(pair, '='); n > 0 {
			e.insert(i, pair[:n])
		}
	}
}

// note keeps the names of files with secrets.
func (e *environ) note(name string) {
	if base, ok := strings.CutSuffix(name, "_FILE"); ok {
		e.files = append(e.files, base)
	}
}

func (e *environ) insert(i int, name string) {
	e.note(name)
	if i >= math.MaxUint16 {
		if e.more == nil {
			e.more = make(map[string]int)
		}
		e.more[name] = i
		return
	}
	at := int(whole(name)) & (len(e.table) - 1)
	for e.table[at] != 0 && !isPair(e.pairs[e.table[at]-1], name) {
		at = (at + 1) & (len(e.table) - 1)
	}
	e.table[at] = uint16(i + 1) //nolint:gosec // larger ones went to more
}

// lookup returns the value of a name. Of a name that is there twice, the last one counts.
func (e *environ) lookup(name string) (string, bool) {
	if e.more != nil {
		if i, ok := e.more[name]; ok {
			e.asked[i] = true
			return e.pairs[i][len(name)+1:], true
		}
	}
	for at := int(whole(name)) & (len(e.table) - 1); e.table[at] != 0; at = (at + 1) & (len(e.table) - 1) {
		i := e.table[at] - 1
		if pair := e.pairs[i]; isPair(pair, name) {
			e.asked[i] = true
			return pair[len(name)+1:], true
		}
	}
	return "", false
}

func isPair(pair, name string) bool {
	return len(pair) > len(name) && pair[len(name)] == '=' && pair[:len(name)] == name
}

// names calls do for each name, or only for those that nobody asked for.
func (e *environ) names(unasked bool, do func(name string)) {
	for i, pair := range e.pairs {
		if unasked && e.asked[i] {
			continue
		}
		if n := strings.IndexByte(pair, '='); n > 0 {
			do(pair[:n])
		}
	}
}
