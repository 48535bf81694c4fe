package envcfg

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// value reads what follows the equals sign.
func (p *dotenvParser) value() (string, bool) {
	equals := p.pos
	p.blanks()
	for p.space() > 0 {
		p.pos += p.space()
	}
	switch c := p.peek(); {
	case c == '\'', c == '"', c == '`' && p.backtick:
		return p.quoted(c)
	}
	return p.unquoted(p.pos > equals)
}

// quoted reads a value in quotes, which may span lines, and stops behind the closing quote. A missing closing quote ends
// the parsing: what follows might be anything.
func (p *dotenvParser) quoted(quote byte) (string, bool) {
	open, line, start := p.pos, p.line, p.lineStart
	var b strings.Builder
	escapes := p.single
	switch quote {
	case '"':
		escapes = p.double
	case '`':
		escapes = ""
	}
	p.expander.escapes = escapes
	ok := true // a mistake inside is reported, and the value read to its end
	for p.pos++; p.pos < len(p.text); {
		switch c := p.text[p.pos]; {
		case c == quote:
			p.pos++
			return b.String(), ok
		case c == 0 && ok:
			ok = p.fail(p.pos, "a value cannot contain a NUL byte")
		case c == '\n', c == '\r':
			b.WriteByte('\n')
			p.newline()
		case c == '\\' && p.pos+1 < len(p.text):
			p.escape(&b, quote, escapes)
		case c == '$' && ok && (quote == '"' || quote == '\'' && p.expandSingle):
			ok = p.expansion(&b)
		default:
			b.WriteByte(c)
			p.pos++
		}
	}
	p.line, p.lineStart = line, start
	return "", p.fail(open, "this quote is not closed: add the closing one, or quote the whole value with the other kind")
}

// space returns the length of the space character at the present place, in any script, or 0. A space that was pasted
// from a web page is often none of ASCII's.
func (p *dotenvParser) space() int {
	r, n := utf8.DecodeRuneInString(p.text[p.pos:])
	if !unicode.IsSpace(r) || r == '\n' || r == '\r' {
		return 0
	}
	return n
}

// escape reads a backslash and what it escapes.
func (p *dotenvParser) escape(b *strings.Builder, quote byte, escapes string) {
	c := p.text[p.pos+1]
	switch octal, ok := p.octalEscape(quote); {
	case ok:
		b.WriteRune(octal)
		p.pos += len(`\0123`)
	case strings.IndexByte(escapes, c) >= 0:
		b.WriteByte(unescape(c))
		p.pos += 2
	case c == quote && (p.skipEscaped || quote == '"'), c == '\\' && p.skipEscaped && (quote != '"' || p.followedBy(2, quote)):
		b.WriteByte('\\')
		b.WriteByte(c)
		p.pos += 2
	default:
		b.WriteByte('\\')
		p.pos++
	}
}

// octalEscape reads what is like \0123, the only way that one dialect has to write other characters.
func (p *dotenvParser) octalEscape(quote byte) (rune, bool) {
	const length = len(`\0123`)
	if !p.octal || quote != '"' || !p.followedBy(1, '0') || p.pos+length > len(p.text) {
		return 0, false
	}
	n, err := strconv.ParseUint(p.text[p.pos+2:p.pos+length], 8, 8)
	return rune(n), err == nil && n > 0
}

func (p *dotenvParser) followedBy(n int, c byte) bool {
	return p.pos+n < len(p.text) && p.text[p.pos+n] == c
}

func unescape(c byte) byte {
	if i := strings.IndexByte("abfnrtv", c); i >= 0 {
		return "\a\b\f\n\r\t\v"[i]
	}
	return c
}

// unquoted reads to the end of the line or to a comment. Blanks at the end do not count. blank says whether one stood
// before the value.
func (p *dotenvParser) unquoted(blank bool) (string, bool) {
	var b strings.Builder
	p.expander.escapes = ""
	end, begin := 0, p.pos // end is the length up to the last character that is not a blank
	for p.pos < len(p.text) && !p.atLineEnd() {
		c := p.text[p.pos]
		switch {
		case c == '#' && p.isComment(blank, p.pos == begin):
			p.skipComment()
			return b.String()[:end], true
		case c == 0:
			return "", p.fail(p.pos, "a value cannot contain a NUL byte")
		case c == '$':
			if !p.expansion(&b) {
				return "", false
			}
			end = b.Len()
			blank = false
			continue
		}
		n := p.space()
		b.WriteString(p.text[p.pos : p.pos+max(n, 1)])
		p.pos += max(n, 1)
		if blank = isBlank(c); n == 0 {
			end = b.Len()
		}
	}
	return b.String()[:end], true
}

func (p *dotenvParser) isComment(afterBlank, first bool) bool {
	switch p.comment {
	case hashAnywhere:
		return true
	case hashAfterSpace:
		return !first && p.text[p.pos-1] == ' '
	case hashInsideBlank:
		return !first && afterBlank
	default:
		return afterBlank
	}
}

// skipComment goes to the end of the line.
func (p *dotenvParser) skipComment() {
	for p.pos < len(p.text) && !p.atLineEnd() {
		p.pos++
	}
}

// expansion reads what begins with a dollar sign and writes what it stands for.
func (p *dotenvParser) expansion(b *strings.Builder) bool {
	out, n, problem := p.expander.expand(p.text[p.pos:])
	if strings.IndexByte(out, 0) >= 0 {
		problem = "a value cannot contain a NUL byte"
	}
	if problem != "" {
		return p.fail(p.pos, problem)
	}
	b.WriteString(out)
	p.pos += n
	return true
}
