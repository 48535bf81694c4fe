package envdoc

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/prodwright/prodwright/envcfg"
)

// Template returns a .env.example: every variable in the order of the struct with its documentation, type, default and
// rules as comments. Required ones are there to be filled in, the others are commented out with their defaults. It reads
// back with envcfg.ParseDotenv in every dialect.
func Template[T any]() (string, error) {
	variables, err := variables[T]()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("# Configuration. Copy to .env and fill in; what is commented out has the default shown, or the value of the environment's profile.\n")
	group := ""
	for _, v := range variables {
		if g := groupOf(v.Field); g != group {
			group = g
			if group != "" {
				fmt.Fprintf(&b, "\n# --- %s ---\n", group)
			}
		}
		b.WriteByte('\n')
		if v.Doc != "" {
			fmt.Fprintf(&b, "# %s\n", oneLine(v.Doc))
		}
		fmt.Fprintf(&b, "# %s\n", facts(v))
		value := v.Default
		if value == "" {
			value = v.Example
		}
		if v.Secret {
			value = ""
		}
		if !v.Required || v.Default != "" {
			b.WriteString("# ")
		}
		fmt.Fprintf(&b, "%s=%s\n", v.Name, quoted(value))
	}
	return b.String(), nil
}

// quoted returns a value on one line: a comment in front of it hides no second one.
func quoted(value string) string {
	if strings.ContainsAny(value, "\r\n") {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`, "\n", `\n`, "\r", `\r`).Replace(value) + `"`
	}
	return envcfg.QuoteDotenv(value)
}

// variables lists each name once, those of T itself before those of the structs in it.
func variables[T any]() ([]envcfg.Variable, error) {
	all, err := envcfg.Variables[T]()
	seen := make(map[string]bool, len(all))
	all = slices.DeleteFunc(all, func(v envcfg.Variable) bool {
		again := seen[v.Name]
		seen[v.Name] = true
		return again
	})
	slices.SortStableFunc(all, func(a, b envcfg.Variable) int {
		return min(strings.Count(a.Field, "."), 1) - min(strings.Count(b.Field, "."), 1)
	})
	return all, err
}

// groupOf is the struct that a field belongs to: "DB" for "DB.Size".
func groupOf(field string) string {
	if i := strings.LastIndexByte(field, '.'); i >= 0 {
		return field[:i]
	}
	return ""
}

// facts says in one line what values a variable takes.
func facts(v envcfg.Variable) string {
	parts := []string{typeName(v)}
	if v.Required {
		parts[0] = "required, " + parts[0]
	}
	if v.Secret {
		parts = append(parts, "secret; or "+v.Name+"_FILE with a path")
	} else if v.File {
		parts = append(parts, "or "+v.Name+"_FILE with a path")
	}
	if v.Check != "" {
		parts = append(parts, rules(v.Check)...)
	}
	if v.Example != "" && (v.Secret || v.Default != "") {
		parts = append(parts, "like "+oneLine(v.Example))
	}
	for _, environment := range sortedKeys(v.Defaults) {
		parts = append(parts, fmt.Sprintf("%s in %s", oneLine(v.Defaults[environment]), environment))
	}
	if len(v.Deprecated) > 0 {
		parts = append(parts, "formerly "+strings.Join(v.Deprecated, ", "))
	}
	return strings.Join(parts, "; ")
}

// rules says a check tag in words.
func rules(check string) []string {
	var words []string
	for rest := check; rest != ""; {
		rule := rest
		if !strings.HasPrefix(rest, "match=") { // which takes all of it
			rule, rest, _ = strings.Cut(rest, ",")
		} else {
			rest = ""
		}
		name, arg, _ := strings.Cut(strings.TrimSpace(rule), "=")
		switch name {
		case "oneof":
			words = append(words, "one of "+strings.ReplaceAll(arg, "|", ", "))
		case "min":
			words = append(words, "at least "+arg)
		case "max":
			words = append(words, "at most "+arg)
		case "match":
			words = append(words, "matching "+oneLine(arg))
		case "url":
			words = append(words, strings.TrimSpace("URL "+strings.ReplaceAll(arg, "|", " or ")))
		case "database", "postgres":
			words = append(words, name+" URL")
		default:
			words = append(words, name)
		}
	}
	return words
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
	return `"` + oneLine(separator) + `"`
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

// oneLine keeps a text from ending its comment or table row.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
