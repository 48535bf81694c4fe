package envdoc

import (
	"cmp"
	"iter"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prodwright/prodwright/envcfg"
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
func isTextList(t reflect.Type) bool {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.String
}

// typeName is a type in words.
func typeName(v envcfg.Variable) string {
	t := v.Type
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t {
	case reflect.TypeFor[time.Duration]():
		if v.Unit != "" {
			return "duration like 30s, or a number of " + unitName(v.Unit)
		}
		return "duration like 30s"
	case reflect.TypeFor[envcfg.Bytes]():
		return "size like 10MiB"
	case reflect.TypeFor[time.Location]():
		return "time zone"
	}
	if v.Unit == "bytes" {
		return "size like 10MiB"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if t.PkgPath() == "" {
			return "whole number"
		}
	case reflect.Float32, reflect.Float64:
		return "number"
	case reflect.Slice:
		if t.Elem().Kind() != reflect.Uint8 {
			return "list separated by " + separatorName(v.Separator)
		}
	case reflect.Map:
		return "pairs a=1" + cmp.Or(v.Separator, ",") + " b=2"
	}
	if v.Secret || t.PkgPath() == "" {
		return "text"
	}
	return t.String()
}

func separatorName(separator string) string {
	if separator == "" {
		return "commas"
	}
	return strconv.Quote(separator)
}

func unitName(unit string) string {
	switch unit {
	case "ns":
		return "nanoseconds"
	case "us":
		return "microseconds"
	case "ms":
		return "milliseconds"
	case "m":
		return "minutes"
	case "h":
		return "hours"
	case "d":
		return "days"
	}
	return "seconds"
}
