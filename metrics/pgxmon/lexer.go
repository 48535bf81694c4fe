package pgxmon

import "strings"

// maxSQL is how much of a statement is looked at, in bytes. What follows counts for nothing.
const maxSQL = 8 << 10

// kind is what a token is.
type kind uint8

const (
	end    kind = iota
	word        // a keyword or a name without quotes
	quoted      // a name in quotes
	text        // a constant in quotes of any sort
	number      // a constant without
	param       // $1, @name
	symbol      // anything else
)

// lexer splits SQL into tokens as PostgreSQL does, in one pass and without memory. Whatever the text is, it comes to its end.
// See https://www.postgresql.org/docs/current/sql-syntax-lexical.html.
type lexer struct {
	sql        string
	pos, start int // the present token is sql[start:pos]

	// unsure is set when it is not known whether a backslash in '...' escapes: that depends on the session's
	// standard_conforming_strings.
	unsure bool
	// lost is set when it would have mattered; the rest of the text is then taken for a constant.
	lost bool
	// open is set when a constant, a quoted name or a comment has no end.
	open bool
}

func (l *lexer) text() string { return l.sql[l.start:l.pos] }

// peek returns the byte that is n after the present one, 0 after the end.
func (l *lexer) peek(n int) byte {
	if l.pos+n < len(l.sql) {
		return l.sql[l.pos+n]
	}
	return 0
}

// next goes to the next token.
func (l *lexer) next() kind {
	l.blank()
	l.start = l.pos
	if l.pos >= len(l.sql) {
		return end
	}
	c := l.sql[l.pos]
	switch {
	case isLetter(c):
		return l.word()
	case isDigit(c), c == '.' && isDigit(l.peek(1)):
		l.number()
		return number
	case c == '\'':
		l.string(false)
		return text
	case c == '"':
		l.name()
		return quoted
	case c == '$' && isDigit(l.peek(1)), c == '@' && isLetter(l.peek(1)):
		l.pos += 2
		l.while(isName)
		return param
	case c == '$' && l.dollar():
		return text
	case isOperator(c):
		l.operator()
		return symbol
	case c == ':' && l.peek(1) == ':':
		l.pos++
	}
	l.pos++
	return symbol
}

// blank skips white space and comments.
func (l *lexer) blank() {
	for l.pos < len(l.sql) {
		switch c := l.sql[l.pos]; {
		case c <= ' ' || c == 0x7f:
			l.pos++
		case c == '-' && l.peek(1) == '-':
			l.line()
		case c == '/' && l.peek(1) == '*':
			l.block()
		default:
			return
		}
	}
}

func (l *lexer) line() {
	if i := strings.IndexAny(l.sql[l.pos:], "\n\r"); i >= 0 {
		l.pos += i
		return
	}
	l.pos = len(l.sql)
}

// block skips a comment, which may hold others.
func (l *lexer) block() {
	depth := 0
	for l.pos < len(l.sql) {
		switch {
		case l.sql[l.pos] == '/' && l.peek(1) == '*':
			depth++
			l.pos += 2
		case l.sql[l.pos] == '*' && l.peek(1) == '/':
			depth--
			l.pos += 2
			if depth == 0 {
				return
			}
		default:
			l.pos++
		}
	}
	l.open = true
}

func (l *lexer) while(is func(byte) bool) {
	for l.pos < len(l.sql) && is(l.sql[l.pos]) {
		l.pos++
	}
}

// word reads a word, or what begins like one: E”, B”, X”, N”, U&” and U&"".
func (l *lexer) word() kind {
	l.while(isName)
	first := l.sql[l.start] | 0x20
	switch one := l.pos == l.start+1; {
	case one && l.peek(0) == '\'' && strings.IndexByte("ebxn", first) >= 0:
		l.string(first == 'e')
		return text
	case one && first == 'u' && l.peek(0) == '&' && l.peek(1) == '\'':
		l.pos++
		l.string(false)
		return text
	case one && first == 'u' && l.peek(0) == '&' && l.peek(1) == '"':
		l.pos++
		l.name()
		return quoted
	}
	return word
}

// number reads a number with all that is stuck to it.
func (l *lexer) number() {
	for l.pos < len(l.sql) {
		switch c := l.sql[l.pos]; {
		case isDigit(c), isLetter(c), c == '.':
		case (c == '+' || c == '-') && l.sql[l.pos-1]|0x20 == 'e' && isDigit(l.peek(1)):
		default:
			if c == '\'' && isLetter(l.sql[l.pos-1]) {
				l.pos-- // 1e'...' is 1 and e'...' for older servers
			}
			return
		}
		l.pos++
	}
}

// string reads a constant in single quotes.
func (l *lexer) string(escapes bool) {
	l.pos++
	for l.pos < len(l.sql) {
		c := l.sql[l.pos]
		l.pos++
		switch {
		case c == '\\' && escapes:
			l.pos = min(l.pos+1, len(l.sql))
		case c == '\\' && l.unsure && l.peek(0) == '\\':
			l.pos++ // the same either way
		case c == '\\' && l.unsure && l.peek(0) == '\'':
			l.lost = true
			l.pos = len(l.sql)
			return
		case c != '\'':
		case l.peek(0) == '\'':
			l.pos++
		case escapes && l.continued():
			l.pos++
		default:
			return
		}
	}
	l.open = true
}

// continued says whether the next thing is a quote, which on another line continues the constant by the same rules. It
// goes there then.
func (l *lexer) continued() bool {
	at := l.pos
	l.blank()
	if l.peek(0) == '\'' {
		return true
	}
	l.pos = at
	return false
}

// name reads a name in double quotes.
func (l *lexer) name() {
	l.pos++
	for l.pos < len(l.sql) {
		c := l.sql[l.pos]
		l.pos++
		if c == '"' {
			if l.peek(0) != '"' {
				return
			}
			l.pos++
		}
	}
	l.open = true
}

// dollar reads a constant in dollar quotes. It is false, and reads nothing, when there is none.
func (l *lexer) dollar() bool {
	i := l.pos + 1
	for i < len(l.sql) && (isLetter(l.sql[i]) || i > l.pos+1 && isDigit(l.sql[i])) {
		i++
	}
	if i >= len(l.sql) || l.sql[i] != '$' {
		return false
	}
	quote := l.sql[l.pos : i+1]
	l.pos = i + 1
	if i := strings.Index(l.sql[l.pos:], quote); i >= 0 {
		l.pos += i + len(quote)
		return true
	}
	l.pos, l.open = len(l.sql), true
	return true
}

// operator reads an operator: up to a comment or an argument by name, and without a sign at its end, as the server does.
func (l *lexer) operator() {
	special := false
	for l.pos < len(l.sql) && isOperator(l.sql[l.pos]) {
		c, following := l.sql[l.pos], l.peek(1)
		if l.pos > l.start {
			last := l.sql[l.pos-1]
			if c == '-' && following == '-' || c == '/' && following == '*' || c == '@' && isLetter(following) && last != '<' && last != '@' {
				break
			}
		}
		special = special || strings.IndexByte("~!@#%^&|`?", c) >= 0
		l.pos++
	}
	for !special && l.pos > l.start+1 && (l.sql[l.pos-1] == '+' || l.sql[l.pos-1] == '-') {
		l.pos--
	}
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isLetter(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' || c >= 0x80
}

func isName(c byte) bool { return isLetter(c) || isDigit(c) || c == '$' }

func isOperator(c byte) bool { return strings.IndexByte("+-*/<>=~!@#%^&|`?", c) >= 0 }
