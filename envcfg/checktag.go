package envcfg

import (
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

// wrongUnit says whether the unit tag is none for the field's type.
func (f *field) wrongUnit() bool {
	unit, t := f.unit(), f.value.Type()
	if unit == "" {
		return false
	}
	bytes := t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8
	for !bytes && isContainer(t) {
		t = t.Elem()
	}
	switch _, ok := unitOf(unit); {
	case bytes:
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
			if near := nearest(name, knownRules()); near != "" && len(name) > 2 {
				return "has the unknown rule " + shown(name) + ": did you mean " + near + "?"
			}
			continue
		}
		if name == "match" {
			if _, err := regexp.Compile(arg); err != nil {
				return "has a regular expression that cannot be compiled"
			}
		}
		if reason, _ := checkValue(f.value, name, arg, f.unit()); strings.HasPrefix(reason, "has the limit") && !isContainer(f.value.Type()) {
			return reason
		}
	}
	return ""
}
