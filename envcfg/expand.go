package envcfg

import "strings"

// maxNesting limits defaults within defaults: ${A:-${B:-${C}}}.
const maxNesting = 8

// expander replaces references to variables.
type expander struct {
	rule    expandRule
	room    int    // how many bytes may still be produced
	escapes string // what a backslash escapes in a default
	lookup  func(name string) (string, bool)
}

// expand reads the reference at the beginning of text, which begins with a dollar sign. It returns what it stands for
// and its length, or what is wrong with it. What is no reference stands for itself.
func (e *expander) expand(text string) (out string, length int, problem string) {
	return e.nested(text, 0)
}

func (e *expander) nested(text string, depth int) (out string, length int, problem string) {
	switch {
	case e.rule == expandNothing, e.rule == expandPython && depth > 0, len(text) < 2:
		return "$", 1, ""
	case text[1] == '{':
		return e.braces(text, depth)
	case e.rule != expandCompose:
		return "$", 1, ""
	case text[1] == '$':
		return "$", 2, ""
	}
	name := leadingName(text[1:])
	if name == "" {
		return "$", 1, ""
	}
	value, _ := e.lookup(name)
	return e.take(value, 1+len(name))
}

// take counts what was produced.
func (e *expander) take(value string, length int) (string, int, string) {
	if e.room -= len(value); e.room < 0 {
		return "", 0, "the expanded values are too large: they refer to each other too often"
	}
	return value, length, ""
}

// braces reads ${NAME}, or ${NAME operator word}.
func (e *expander) braces(text string, depth int) (out string, length int, problem string) {
	if depth > maxNesting {
		return "", 0, "the defaults are nested too deeply"
	}
	end := closingBrace(text, e.rule != expandPython)
	if end < 0 {
		return "", 0, "this ${ has no closing brace on its line: add it, or put the value into single quotes if it is meant literally"
	}
	inner := text[2:end]
	name := leadingName(inner)
	operator, word := inner[len(name):], ""
	if name == "" {
		return "", 0, "a name is expected after ${: put the value into single quotes if it is meant literally"
	}
	for _, op := range [...]string{":-", "-", ":?", "?", ":+", "+"} {
		if strings.HasPrefix(operator, op) {
			operator, word = op, operator[len(op):]
			break
		}
	}
	value, set := e.lookup(name)
	if e.rule == expandPython {
		switch {
		case operator == "" || operator == ":-" && set:
			return e.take(value, end+1)
		case operator == ":-":
			return e.word(word, end+1, maxNesting) // in which nothing is expanded
		}
		return "", 0, "only :- may follow the name in ${" + said(name) + "}"
	}
	if strings.HasPrefix(operator, ":") {
		set = set && value != ""
	}
	switch strings.TrimPrefix(operator, ":") {
	case "":
		if operator != "" { // ${A:}
			break
		}
		if !set && e.rule == expandStrict {
			return "", 0, said(name) + " is not set: set it, give a default with ${" + said(name) + ":-default}, or put the value into single quotes if it is meant literally"
		}
		return e.take(value, end+1)
	case "-":
		if set {
			return e.take(value, end+1)
		}
		return e.word(word, end+1, depth)
	case "+":
		if !set {
			return "", end + 1, ""
		}
		return e.word(word, end+1, depth)
	case "?":
		if set {
			return e.take(value, end+1)
		}
		return "", 0, said(name) + " must be set" // the message after the question mark is not repeated: it is part of the file
	}
	return "", 0, "only :- - :? ? :+ + may follow the name in ${" + said(name) + "}"
}

// said returns a name as a message says it. One that is not in capitals may be a part of a secret.
func said(name string) string {
	if strings.ToUpper(name) != name {
		return "…"
	}
	return name
}

// word expands what stands behind an operator.
func (e *expander) word(word string, length, depth int) (string, int, string) {
	var b strings.Builder
	for i := 0; i < len(word); {
		c := word[i]
		if c != '$' {
			if c == '\\' && i+1 < len(word) && strings.IndexByte(e.escapes, word[i+1]) >= 0 {
				i++
				c = unescape(word[i])
			}
			b.WriteByte(c)
			i++
			if e.room--; e.room < 0 {
				return e.take("", 0)
			}
			continue
		}
		out, n, problem := e.nested(word[i:], depth+1)
		if problem != "" {
			return "", 0, problem
		}
		b.WriteString(out)
		i += n
	}
	return b.String(), length, ""
}

// closingBrace returns the place of the brace that closes the first one, or -1 when the line ends before.
func closingBrace(text string, nested bool) int {
	depth := 0
	for i := range len(text) {
		switch text[i] {
		case '\n', '\r':
			return -1
		case '{':
			if nested && text[i-1] == '$' {
				depth++
			}
		case '}':
			if depth--; depth <= 0 {
				return i
			}
		}
	}
	return -1
}

// leadingName returns the name of a variable at the beginning of text, or "".
func leadingName(text string) string {
	for i := range len(text) {
		c := text[i]
		if c != '_' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (!isDigit(c) || i == 0) {
			return text[:i]
		}
	}
	return text
}
