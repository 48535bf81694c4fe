package redact

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"
)

// Config says what a secret is. The zero value finds those that have a usual name, a usual look or a method Reveal.
type Config struct {
	// Keys are more names of secrets, as they are written in logs, in any case: "iban", "X-Customer-Id". Values under them are
	// hidden, whatever they are. Names such as password and api_key are known.
	Keys []string `doc:"more names of secrets, in any case" env:"LOG_REDACT_KEYS"`
	// Safe are names that look like one of a secret but are none, in any case: "session_color". Texts under them are still
	// looked through.
	Safe []string `doc:"names that only look like those of secrets, in any case" env:"LOG_REDACT_SAFE"`
	// Patterns find more in texts: messages, strings, errors. Each is tried on every text, so each costs. What a pattern finds
	// is hidden as a whole.
	Patterns []*regexp.Regexp
	// Types are those of values that are secrets, wherever they are in a value. Types with a method Reveal() string always are,
	// and a pointer to one is one, too.
	Types []reflect.Type
	// KeysOnly leaves texts as they are: only names and types make a secret. It is cheaper, and it does not find the password
	// in an error.
	KeysOnly bool `default:"false" doc:"hide by names only, do not look through texts" env:"LOG_REDACT_KEYS_ONLY"`
	// Off hides nothing.
	Off bool `default:"false" doc:"hide nothing" env:"LOG_REDACT_OFF"`
}

// Validate reports all problems at once: names that are empty or both a secret's and none, patterns that are nil or find an
// empty text, types that are nil or predeclared.
func (c Config) Validate() error {
	var problems []error
	add := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf("logging/redact: "+format, args...))
	}
	keys := make(map[string]bool, len(c.Keys))
	for i, name := range c.Keys {
		if keys[fold(name)] = true; fold(name) == "" {
			add("Keys[%d] is empty; write a name or leave it out", i)
		}
	}
	for i, name := range c.Safe {
		switch {
		case fold(name) == "":
			add("Safe[%d] is empty; write a name or leave it out", i)
		case keys[fold(name)]:
			add("Safe[%d] is %q, which is in Keys, too; leave it out of one", i, name)
		}
	}
	for i, p := range c.Patterns {
		switch {
		case p == nil:
			add("Patterns[%d] is nil; leave it out", i)
		case p.MatchString(""):
			add("Patterns[%d] is %q, which finds the empty text everywhere; let it find one character at least", i, p)
		}
	}
	for i, t := range c.Types {
		switch {
		case t == nil:
			add("Types[%d] is nil; leave it out", i)
		case named(t).PkgPath() == "":
			add("Types[%d] is %v, which is not a type of a package; declare one for secrets", i, t)
		}
	}
	return errors.Join(problems...)
}

// fold returns a name as it is compared.
func fold(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

// named returns the type that a pointer leads to, or the type itself.
func named(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer && t.PkgPath() == "" {
		t = t.Elem()
	}
	return t
}
