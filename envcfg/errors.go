package envcfg

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Kind says what sort of problem a [Problem] is.
type Kind string

// The kinds of problems.
const (
	Missing    Kind = "missing"    // required, and set nowhere or empty
	Invalid    Kind = "invalid"    // not of the field's type, or against a check
	BadDefault Kind = "default"    // the tag's default is invalid
	BadTag     Kind = "tag"        // the struct's tags make no sense
	Unknown    Kind = "unknown"    // set but read by nobody, probably misspelt
	Conflict   Kind = "conflict"   // set twice in ways that exclude each other
	Deprecated Kind = "deprecated" // an old name is in use; a warning
	Syntax     Kind = "syntax"     // a line of a .env file
	Unreadable Kind = "unreadable" // a file
	Rule       Kind = "rule"       // against a rule over several fields, from a Validate method
)

// Problem is one thing that is wrong with the configuration, or doubtful. No part of it holds a secret.
type Problem struct { //nolint:errname // it is a warning, too
	Kind   Kind   `json:"kind"`
	Name   string `json:"name,omitempty"`  // of the variable
	Field  string `json:"field,omitempty"` // of the struct, as in "DB.Size"
	Origin Origin `json:"origin"`          // of the value
	Reason string `json:"reason"`          // what is wrong and what would be right

	err error
}

// Error returns name, origin and reason in one line.
func (p Problem) Error() string {
	var b strings.Builder
	if p.Name != "" {
		b.WriteString(oneLine(p.Name))
		b.WriteString(": ")
	}
	if p.Origin.Layer != "" && p.Kind != Missing {
		b.WriteString(p.Origin.String())
		b.WriteString(": ")
	}
	b.WriteString(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) { // it is one line whatever a Validate method writes
			return ' '
		}
		return r
	}, p.Reason))
	return b.String()
}

// Unwrap returns the cause, if there is one: a [*SyntaxError], or an error that errors.Is finds to be one of the file
// system, of a parser, a check or a Validate method. That one itself may hold a secret, so errors.As does not find it.
func (p Problem) Unwrap() error { return p.err }

// opaqueError stands for an error that may hold a secret: it can be compared with others, but not looked into.
type opaqueError struct {
	text string
	is   func(target error) bool
}

func opaque(text string, err error) error {
	return &opaqueError{text, func(target error) bool { return errors.Is(err, target) }}
}

func (e *opaqueError) Error() string { return e.text }

// Is reports whether the error that this one stands for is target.
func (e *opaqueError) Is(target error) bool { return e.is(target) }

// Error holds everything that is wrong with a configuration.
type Error struct {
	Environment string
	Problems    []Problem
}

// Error lists all problems, one per line, the names aligned.
func (e *Error) Error() string {
	if len(e.Problems) == 1 {
		return "envcfg: invalid configuration: " + e.Problems[0].Error()
	}
	width := 0
	for _, p := range e.Problems {
		width = max(width, utf8.RuneCountInString(oneLine(p.Name)))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "envcfg: %d problems in the configuration (environment %s):", len(e.Problems), shown(e.Environment))
	for _, p := range e.Problems {
		name := oneLine(p.Name)
		p.Name = ""
		fmt.Fprintf(&b, "\n  %-*s  %s", width, name, p.Error())
	}
	return b.String()
}

// Unwrap gives access to each [Problem] through errors.As and errors.Is.
func (e *Error) Unwrap() []error {
	errs := make([]error, len(e.Problems))
	for i, p := range e.Problems {
		errs[i] = p
	}
	return errs
}

type problems []Problem

// syntaxProblem is a mistake in a .env file.
func syntaxProblem(path string, err error) Problem {
	problem := Problem{Kind: Syntax, Origin: Origin{Layer: FromFile, File: path}, Reason: err.Error(), err: err}
	if e, ok := errors.AsType[*SyntaxError](err); ok {
		problem.Origin.Line = e.Line
		problem.Reason = fmt.Sprintf("column %d: %s", e.Column, e.Reason)
	}
	return problem
}

// sorted puts the problems of files first, then those of variables in the order of the struct.
func (p problems) sorted() problems {
	slices.SortStableFunc(p, func(a, b Problem) int { return rank(a) - rank(b) })
	return p
}

func rank(p Problem) int {
	switch p.Kind {
	case BadTag:
		return 0
	case Syntax, Unreadable:
		return 1
	case Unknown:
		return 3
	case Rule:
		return 4
	}
	return 2
}

// unjoin returns the errors that errors.Join joined.
func unjoin(err error) []error {
	if err == nil {
		return nil
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok { // only the outermost
		return many.Unwrap()
	}
	return []error{err}
}

// shown quotes a text for a message, cut to a length that a person reads.
func shown(text string) string {
	const most = 40
	if utf8.RuneCountInString(text) > most {
		text = string([]rune(text)[:most]) + "…"
	}
	return fmt.Sprintf("%q", text)
}
