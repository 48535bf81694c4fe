package envdoc

import (
	"iter"
	"reflect"
	"slices"
	"strings"
)

// rules yields the names and arguments of the rules in a check tag. A regular expression takes the rest, commas included.
func rules(check string) iter.Seq2[string, string] {
	return func(yield func(name, arg string) bool) {
		for rest := strings.TrimLeft(check, " "); rest != ""; {
			var rule string
			if strings.HasPrefix(rest, "match=") {
				rule, rest = rest, ""
			} else {
				rule, rest, _ = strings.Cut(rest, ",")
				rule, rest = strings.TrimSpace(rule), strings.TrimSpace(rest)
			}
			name, arg, _ := strings.Cut(rule, "=")
			if !yield(name, arg) {
				return
			}
		}
	}
}

// inWords says a check tag in words. In a list of texts most rules are for each one.
func inWords(check string, isList bool) []string {
	var words []string
	for name, arg := range rules(check) {
		word := ruleInWords(name, arg)
		if isList && slices.Contains(textRules[:], name) {
			word = "each " + word
		}
		words = append(words, word)
	}
	return words
}

func ruleInWords(name, arg string) string {
	switch name {
	case "oneof":
		return "one of " + strings.ReplaceAll(arg, "|", ", ")
	case "min":
		return "at least " + arg
	case "max":
		return "at most " + arg
	case "match":
		return "matching " + arg
	case "url":
		return strings.TrimSpace("URL " + strings.ReplaceAll(arg, "|", " or "))
	case "database", "postgres":
		return name + " URL"
	}
	return name
}

// textRules look at a text; min and max count the elements of a list, and what is not known here has all of it.
var textRules = [...]string{
	"oneof", "match", "port", "host", "hostport", "ip", "url", "database", "postgres", "loglevel", "email", "base64", "hex", "file", "dir",
}

// isTextList says whether each element of a value is checked, not the text of all.
func isTextList(t reflect.Type) bool { return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.String }
