package pgxmon

import (
	"strings"
	"unicode/utf8"
)

// Normalize returns a statement without what differs from one execution to the next, and without data: constants in any
// sort of quotes, numbers and arguments become ?, comments go, lists of IN, of ARRAY[] and the rows of VALUES are cut to
// one element, what is not in double quotes is in lower case, and white space is the same everywhere. What SET sets goes as
// well. Names stay. It takes time in proportion to the length, of which it looks at 8 KiB, and never panics. What it leaves
// out at the end is shown as "...".
//
// The text must be SQL: in what the server would not accept, a value may stand where a name should be.
func Normalize(sql string) string {
	s, _ := normalize(sql, false)
	return s
}

// marker is at the end of what was cut.
const marker = " ..."

// normalize also returns whether all of it was understood. unsure is that of lexer.
func normalize(sql string, unsure bool) (string, bool) {
	cut := len(sql) > maxSQL
	n := normalizer{
		l:       lexer{sql: sql[:min(len(sql), maxSQL)], unsure: unsure},
		out:     make([]byte, 0, min(len(sql), maxSQL)),
		doubted: -1,
	}
	n.restart()
	for k := n.l.next(); k != end; k = n.l.next() {
		if k == text || k == quoted {
			n.doubt()
		}
		if n.l.open && k == quoted {
			k = text
		}
		n.token(k)
	}
	ok := true
	if n.l.open && !cut { // some quote before is not what it seems to be
		ok = false
		n.out = n.out[:max(n.doubted, 0)]
	}
	if cut || !ok || n.l.lost {
		n.out = append(n.out, marker...)
	}
	return strings.ToValidUTF8(strings.Trim(string(n.out), " "), "?"), ok
}

// glyph is what has been written, as far as it matters for what comes next.
type glyph uint8

const (
	nothing   glyph = iota
	name            // a name, or a keyword that is written like a function
	key             // a keyword that is not
	value           // ?
	opening         // ( and [
	closing         // ) and ]
	comma           //
	dot             //
	cast            // ::
	semicolon       //
	sign            // + and -
	operator        // any other
)

// normalizer writes tokens.
type normalizer struct {
	l   lexer
	out []byte

	last, before glyph // the last two written
	lastStart    int   // where in out the last begins, with the space before it
	lastWord     string
	wasText      bool // the last is a constant in quotes
	doubted      int  // where in out the first thing in quotes is, -1 when there is none

	frames []frame // open brackets; the first is for what is outside of all
	deeper int     // how many are open beyond maxFrames

	first           string // of the statement
	setting, masked bool   // see set
}

// doubt notes the first quotes.
func (n *normalizer) doubt() {
	if n.doubted < 0 {
		n.doubted = len(n.out)
	}
}

// restart begins a statement.
func (n *normalizer) restart() {
	n.frames, n.deeper = append(n.frames[:0], newFrame(0, false)), 0
	n.first, n.lastWord, n.setting, n.masked = "", "", false, false
}

func (n *normalizer) token(k kind) {
	if n.masked && (k != symbol || n.l.text() != ";") {
		return
	}
	f := n.frame()
	if k != symbol {
		f.rows = f.rows && k == word && n.isWord("values") // rows are followed by brackets
	}
	switch k {
	case word:
		n.word()
	case quoted:
		n.write(name, n.l.text())
	case text, number, param:
		n.value(k == text)
	default:
		n.symbol()
	}
	n.wasText = k == text
	if k != word {
		n.lastWord = ""
	}
}

func (n *normalizer) isWord(lower string) bool { return strings.EqualFold(n.l.text(), lower) }

func (n *normalizer) word() {
	start := len(n.out)
	s := n.l.text()
	var lower string
	if len(s) <= len("reassign") {
		lower = strings.ToLower(s)
	}
	switch {
	case n.frame().list && (lower == "null" || lower == "true" || lower == "false" || lower == "default"):
		n.value(false)
		return
	case n.setting && lower == "to":
		n.set()
		return
	}
	g := name
	switch lower {
	case "in", "values", "and", "or", "not", "as", "from", "select", "where", "on", "exists", "using", "over", "by", "union", "all",
		"any", "some", "then", "when", "else", "with", "into", "returning", "set", "join", "is", "filter", "within", "limit", "offset":
		g = key
	}
	n.write(g, s)
	for i := start; i < len(n.out); i++ {
		if c := n.out[i]; 'A' <= c && c <= 'Z' {
			n.out[i] |= 0x20
		}
	}
	n.lastWord = lower
	if n.first == "" {
		n.first = lower
		if lower == "" {
			n.first = "?"
		}
	}
	n.setting = n.setting || lower == "set" && (n.first == "set" || n.first == "alter")
	if lower == "values" {
		n.frame().rows, n.frame().comma = true, -1
	}
}

// set writes the end of a SET or of an ALTER ... SET: what is set may be a word.
func (n *normalizer) set() {
	n.write(operator, "=")
	n.write(value, "?")
	n.masked = true
}

func (n *normalizer) value(isText bool) {
	if isText && n.wasText && n.last == value {
		return // 'a' 'b' on two lines are one
	}
	if n.last == sign && (n.before == nothing || n.before == opening || n.before == comma || n.before == operator || n.before == key) {
		n.out, n.last = n.out[:n.lastStart], n.before
	}
	n.write(value, "?")
}

func (n *normalizer) symbol() {
	s := n.l.text()
	switch s {
	case "(", "[":
		n.open(s)
	case ")", "]":
		n.close(s)
	case ",":
		n.comma()
	case ".":
		n.write(dot, s)
	case "::":
		n.write(cast, s)
	case ";":
		n.write(semicolon, s)
		n.restart()
	case "+", "-":
		n.write(sign, s)
	case "=":
		if n.setting {
			n.set()
			return
		}
		n.write(operator, s)
	default:
		n.write(operator, s)
	}
}

// write writes a token with the space that belongs before it.
func (n *normalizer) write(g glyph, s string) {
	start := len(n.out)
	if n.spaced(g, s) {
		n.out = append(n.out, ' ')
	}
	n.out = append(n.out, s...)
	n.before, n.last, n.lastStart = n.last, g, start
}

func (n *normalizer) spaced(g glyph, s string) bool {
	switch n.last {
	case nothing, opening, dot, cast:
		return false
	}
	switch g {
	case closing, comma, dot, cast, semicolon:
		return false
	case opening:
		return s == "(" && n.last != name
	}
	return true
}

// shortened returns at most n bytes of a text, and whole characters.
func shortened(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return strings.TrimSuffix(s[:n], marker) + marker
}

// hash is FNV-1a of 64 bits, the same in every process.
func hash(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}
