package pgxmon

import "strings"

// Operations that are no keywords.
const (
	opOther   = "other"
	opEmpty   = "empty" // nothing but comments
	opBatch   = "batch"
	opCopy    = "copy"
	opPrepare = "prepare"
)

// operationOf returns the first keyword of a statement, for one that begins with WITH that of its main part. It takes no
// memory; the texts that it returns are those below.
func operationOf(sql string) string {
	l := lexer{sql: sql[:min(len(sql), maxSQL)]}
	for {
		switch l.next() {
		case end:
			return opEmpty
		case symbol:
			if c := l.sql[l.start]; c != '(' && c != ';' {
				return opOther
			}
		case word:
			op := keyword(l.text())
			if op == "with" {
				return mainOf(&l)
			}
			return op
		default:
			return opOther
		}
	}
}

// mainOf returns the keyword of what follows the list of WITH.
func mainOf(l *lexer) string {
	depth, name := 0, true // name: the next word is the name of a part, whatever it is
	for {
		switch l.next() {
		case end:
			return opOther
		case symbol:
			switch l.sql[l.start] {
			case '(':
				depth++
			case ')':
				depth--
			case ',':
				name = depth == 0
			}
		case word:
			if depth > 0 || strings.EqualFold(l.text(), "recursive") {
				continue
			}
			if !name {
				switch op := keyword(l.text()); op {
				case "select", "insert", "update", "delete", "merge", "values", "table":
					return op
				}
			}
			name = false
		default:
			name = name && depth > 0
		}
	}
}

// keyword returns the operation that a word stands for.
func keyword(s string) string {
	var lower [16]byte
	if len(s) > len(lower) {
		return opOther
	}
	for i := range len(s) {
		lower[i] = s[i]
		if 'A' <= s[i] && s[i] <= 'Z' {
			lower[i] |= 0x20
		}
	}
	switch string(lower[:len(s)]) {
	case "select":
		return "select"
	case "insert":
		return "insert"
	case "update":
		return "update"
	case "delete":
		return "delete"
	case "merge":
		return "merge"
	case "with":
		return "with"
	case "values":
		return "values"
	case "table":
		return "table"
	case "begin", "start":
		return "begin"
	case "commit", "end":
		return "commit"
	case "rollback", "abort":
		return "rollback"
	case "savepoint":
		return "savepoint"
	case "release":
		return "release"
	}
	return rarer(string(lower[:len(s)]))
}

// commands are the others that are told apart.
const commands = " alter analyze call checkpoint close cluster comment copy create deallocate declare discard do drop execute " +
	"explain fetch grant import listen load lock move notify prepare reassign refresh reindex reset revoke security set show " +
	"truncate unlisten vacuum "

// rarer returns the part of commands that is the word, which is the same text every time.
func rarer(lower string) string {
	for at := 1; lower != ""; {
		i := strings.Index(commands[at:], lower)
		if i < 0 {
			break
		}
		at += i
		if commands[at-1] == ' ' && commands[at+len(lower)] == ' ' {
			return commands[at : at+len(lower)]
		}
		at++
	}
	return opOther
}

// maxName limits the names of queries, in bytes.
const maxName = 64

// queryName returns the name in the comment that sqlc puts in front of a query, "-- name: GetUser :one", or "".
func queryName(sql string) string {
	sql = strings.TrimLeft(sql[:min(len(sql), maxName+200)], " \t\r\n")
	rest, ok := strings.CutPrefix(sql, "-- name:")
	if !ok {
		return ""
	}
	line, _, _ := strings.Cut(rest, "\n")
	name, command, ok := strings.Cut(strings.TrimLeft(line, " \t"), " ")
	if !ok || name == "" || len(name) > maxName || !strings.HasPrefix(strings.TrimLeft(command, " \t"), ":") || isDigit(name[0]) {
		return ""
	}
	for i := range len(name) {
		if c := name[i]; !isName(c) || c == '$' || c >= 0x80 {
			return ""
		}
	}
	return name
}
