package envcfg

import (
	"encoding"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"
)

// knownRules returns the names of the rules in check tags.
func knownRules() []string {
	return []string{
		"min", "max", "oneof", "match", "port", "host", "hostport", "ip", "url", "database", "postgres", "loglevel", "email", "base64",
		"hex", "file", "dir",
	}
}

// checkTags reports tags that make no sense whatever the environment is. Rules and types that it does not know may be those
// of [Options], so a rule is reported only when it looks like a misspelling.
func (l *loader) checkTags(fields []field) {
	first := make(map[string]string, len(fields)) // the defaults
	for i := range fields {
		f := &fields[i]
		def := f.raw.Get("default")
		other, again := first[f.name]
		first[f.name] = def
		var reason string
		switch {
		case f.name == EnvironmentName && def != "" && def != DefaultEnvironment:
			reason = "has a default that never counts: without " + EnvironmentName + " the environment is " + DefaultEnvironment
		case again && other != def:
			reason = "has another default than another field of the same variable"
		case f.wrongUnit():
			reason = "has the unknown unit " + shown(f.unit())
		default:
			reason = f.wrongRule()
		}
		if reason != "" {
			field := l.plan.path(f)
			l.problems = append(l.problems, Problem{Kind: BadTag, Name: f.name, Field: field, Reason: field + " " + reason})
		}
	}
}

// wrongUnit says whether the unit tag is none for the field's type, or for what it holds.
func (f *field) wrongUnit() bool {
	unit, t := f.unit(), f.value.Type()
	if unit == "" {
		return false
	}
	for isContainer(t) {
		t = t.Elem()
	}
	switch _, ok := unitOf(unit); {
	case t.Kind() == reflect.Slice: // of bytes
		return unit != "base64" && unit != "hex"
	case t == reflect.TypeFor[time.Duration]():
		return !ok
	}
	return unit != "bytes"
}

// wrongRule returns what is wrong with the check tag, or "".
func (f *field) wrongRule() string {
	for rest := f.check(); rest != ""; {
		var rule string
		rule, rest = nextRule(rest)
		name, arg, _ := strings.Cut(rule, "=")
		if !slices.Contains(knownRules(), name) {
			if meant := misspelt(name); meant != "" {
				return "has the unknown rule " + shown(name) + ": did you mean " + meant + "?"
			}
			continue
		}
		if name == "match" {
			if _, err := regexp.Compile(arg); err != nil {
				return "has a regular expression that cannot be compiled"
			}
		}
		if f.hasOwnLimits() || isContainer(f.value.Type()) {
			continue
		}
		if reason, _ := checkValue(f.value, name, arg, f.unit()); strings.HasPrefix(reason, "has the limit") {
			return reason
		}
	}
	return ""
}

// misspelt returns the rule that an unknown one is a misspelling of, or "". A word of its own, and the plural of a rule,
// are more likely a check of Options.
func misspelt(name string) string {
	for _, rule := range knownRules() {
		if name != rule+"s" && nearlySame(name, rule) && !slices.Contains(ownWords[:], name) {
			return rule
		}
	}
	return ""
}

// ownWords differ in one place from email, port, host, match and url.
var ownWords = [...]string{"mail", "part", "post", "sort", "batch", "patch", "watch", "curl"}

// ownRules returns checks that let the rules of a field pass that Options may add.
func (f *field) ownRules() map[string]func(text string) error {
	pass := func(string) error { return nil }
	own := make(map[string]func(text string) error)
	for rest := f.check(); rest != ""; {
		var rule string
		rule, rest = nextRule(rest)
		if name, _, _ := strings.Cut(rule, "="); !slices.Contains(knownRules(), name) {
			own[name] = pass
		}
	}
	return own
}

// mayHaveParser says whether a parser of Options may be what reads the field.
func (f *field) mayHaveParser() bool { return !f.json && isForeign(f.value.Type()) }

// hasOwnLimits says whether only a check of Options can know what min and max mean for the field.
func (f *field) hasOwnLimits() bool {
	t := f.value.Type()
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return f.mayHaveParser() && !isContainer(t) && !isBasic(t.Kind())
}

// isForeign says whether t is, or holds, a type of somebody else's that does not read itself, or one that nothing can read.
// Times read themselves in a single notation, so that parsers for others are common.
func isForeign(t reflect.Type) bool {
	switch t {
	case reflect.TypeFor[time.Time]():
		return true
	case reflect.TypeFor[time.Duration](), reflect.TypeFor[time.Location](), reflect.TypeFor[url.URL]():
		return false
	}
	switch {
	case reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
		return false
	case t.PkgPath() != "":
		return true
	case t.Kind() == reflect.Map:
		return isForeign(t.Key()) || isForeign(t.Elem())
	case t.Kind() == reflect.Pointer, t.Kind() == reflect.Slice:
		return isForeign(t.Elem())
	}
	return !isBasic(t.Kind())
}

func isBasic(k reflect.Kind) bool {
	return reflect.Bool <= k && k <= reflect.Float64 || k == reflect.String
}
