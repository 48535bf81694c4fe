package envcfg

import (
	"errors"
	"fmt"
	"strings"
)

// MaxDotenvSize limits a .env file, and the sum of all values that expansion makes of it, in bytes.
const MaxDotenvSize = 1 << 20

// maxSyntaxErrors is after how many mistakes a file is given up: it is something else.
const maxSyntaxErrors = 50

// Entry is one assignment of a .env file. Its value may be a secret: do not print it.
type Entry struct {
	Name  string
	Value Secret
	Line  int // counted from 1
}

// SyntaxError is one mistake in a .env file. It never repeats the text, which may be a secret, but for names in capitals
// that ${NAME} refers to.
type SyntaxError struct {
	File   string // empty when a text was parsed
	Line   int    // counted from 1
	Column int    // in characters, counted from 1
	Reason string // what is wrong and what would be right
}

// Error returns "file:line:column: reason".
func (e *SyntaxError) Error() string {
	if e.File == "" {
		return fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Reason)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Reason)
}

// ParseDotenv reads the assignments of a .env file in their order. A name in ${NAME} is looked up with lookup, which may
// be nil, and then among the assignments above it. All mistakes (50 at most) are reported, joined, each a [*SyntaxError]; the
// entries are those of the lines that are right. Parsing takes time and memory in proportion to the size of text, which
// [MaxDotenvSize] limits.
func ParseDotenv(text string, d Dialect, lookup func(name string) (string, bool)) ([]Entry, error) {
	return parseDotenv("", text, d, lookup, nil)
}

// parseDotenv also asks fallback for names that neither lookup nor the file knows.
func parseDotenv(file, text string, d Dialect, lookup, fallback func(string) (string, bool)) ([]Entry, error) {
	g, ok := d.grammar()
	if !ok {
		return nil, fmt.Errorf("envcfg: unknown dialect %d", d)
	}
	if len(text) > MaxDotenvSize {
		return nil, &SyntaxError{File: file, Line: 1, Column: 1, Reason: fmt.Sprintf("larger than %d bytes", MaxDotenvSize)}
	}
	p := &dotenvParser{grammar: g, file: file, text: strings.TrimPrefix(text, "\ufeff"), line: 1}
	p.expander = expander{rule: g.expand, room: MaxDotenvSize, lookup: func(name string) (string, bool) {
		return p.lookup(name, lookup, fallback)
	}}
	for p.pos < len(p.text) && len(p.errs) < maxSyntaxErrors {
		p.statement()
	}
	return p.entries, errors.Join(p.errs...)
}

// QuoteDotenv returns value as it is written in a .env file: as it is, in single quotes, which every dialect reads back,
// or, if it contains an apostrophe, a backslash, a carriage return or "${", in double quotes with the escapes of [Portable].
func QuoteDotenv(value string) string {
	plain := strings.IndexFunc(value, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && !strings.ContainsRune("_-./:@%+,=", r)
	}) < 0
	switch {
	case plain && !strings.HasPrefix(value, "="):
		return value
	case !strings.ContainsAny(value, "'\\\r") && !strings.Contains(value, "${"):
		return "'" + value + "'"
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(value) + `"`
}

// dotenvParser reads one file from front to back.
type dotenvParser struct {
	grammar

	file      string
	text      string
	pos       int
	line      int // of pos
	lineStart int // of that line
	expander  expander
	entries   []Entry
	byName    map[string]string // the values so far, for ${NAME}
	errs      []error
}

func (p *dotenvParser) lookup(name string, first, last func(string) (string, bool)) (string, bool) {
	if first != nil {
		if v, ok := first(name); ok {
			return v, true
		}
	}
	if v, ok := p.byName[name]; ok {
		return v, true
	}
	if last != nil {
		return last(name)
	}
	return "", false
}

// statement reads a line, or more when a quoted value spans several.
func (p *dotenvParser) statement() {
	p.blanks()
	if p.atLineEnd() || p.peek() == '#' {
		p.skipLine()
		return
	}
	line := p.line
	name, ok := p.name()
	if !ok {
		p.skipLine()
		return
	}
	value, ok := p.value()
	if ok {
		ok = p.lineEnd()
	}
	if ok {
		p.entries = append(p.entries, Entry{Name: name, Value: NewSecret(value), Line: line})
		if p.expand != expandNothing {
			if p.byName == nil {
				p.byName = make(map[string]string)
			}
			p.byName[name] = value
		}
	}
	p.skipLine()
}

// name reads "export NAME =" and the blanks after it.
func (p *dotenvParser) name() (string, bool) {
	begin := p.pos
	name := p.word()
	if name == "export" && p.pos < len(p.text) && isBlank(p.text[p.pos]) {
		p.blanks()
		if at := p.pos; p.peek() != '=' {
			begin = at
			name = p.word()
		}
	}
	if name == "" || !p.digitFirst && isDigit(name[0]) || name[0] == '-' || name[0] == '.' {
		return "", p.fail(begin, "a name is expected here: letters, digits and underscores, beginning with a letter; then = and the value")
	}
	separated := p.pos < len(p.text) && isBlank(p.text[p.pos])
	p.blanks()
	switch c := p.peek(); {
	case c == '=':
		p.pos++
	case c == ':' && p.colon == colonAlways:
		p.pos++
	case c == ':' && p.colon == colonThenBlank && !separated && p.pos+1 < len(p.text) && isBlank(p.text[p.pos+1]):
		p.pos++
	case p.atLineEnd() && p.bareName:
		return "", false
	case p.atLineEnd():
		return "", p.fail(p.pos, "the name has no value: add = and the value")
	case separated:
		return "", p.fail(p.pos, "a name cannot contain a space: = is expected here")
	default:
		return "", p.fail(p.pos, "this character cannot be in a name: = is expected here")
	}
	return name, true
}

// word reads the characters that a name may have.
func (p *dotenvParser) word() string {
	begin := p.pos
	for p.pos < len(p.text) && isNameByte(p.text[p.pos]) {
		p.pos++
	}
	return p.text[begin:p.pos]
}

// lineEnd makes sure that nothing but a comment follows a value.
func (p *dotenvParser) lineEnd() bool {
	p.blanks()
	if p.atLineEnd() || p.peek() == '#' {
		return true
	}
	return p.fail(p.pos, "only a comment may follow the closing quote: escape a quote inside the value, or quote the whole value")
}

func (p *dotenvParser) fail(pos int, reason string) bool {
	column := 1
	for range p.text[p.lineStart:pos] {
		column++
	}
	p.errs = append(p.errs, &SyntaxError{File: p.file, Line: p.line, Column: column, Reason: reason})
	return false
}

func (p *dotenvParser) peek() byte {
	if p.pos < len(p.text) {
		return p.text[p.pos]
	}
	return '\n'
}

func (p *dotenvParser) atLineEnd() bool { c := p.peek(); return c == '\n' || c == '\r' }

func (p *dotenvParser) blanks() {
	for p.pos < len(p.text) && isBlank(p.text[p.pos]) {
		p.pos++
	}
}

// skipLine goes to the beginning of the next line.
func (p *dotenvParser) skipLine() {
	for p.pos < len(p.text) && !p.atLineEnd() {
		p.pos++
	}
	p.newline()
}

// newline steps over LF, CRLF or CR.
func (p *dotenvParser) newline() {
	if p.pos >= len(p.text) {
		return
	}
	if p.text[p.pos] == '\r' && p.pos+1 < len(p.text) && p.text[p.pos+1] == '\n' {
		p.pos++
	}
	p.pos++
	p.line, p.lineStart = p.line+1, p.pos
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }
func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// isNameByte says whether a name may contain c. Dots and dashes are no shell names, but all tools take them.
func isNameByte(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' || c == '.' || c == '-'
}
