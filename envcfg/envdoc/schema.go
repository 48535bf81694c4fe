package envdoc

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/prodwright/prodwright/envcfg"
)

// property is a variable in a JSON schema. All values are texts in the environment; what they may look like is in
// pattern and enum.
type property struct {
	Type        string   `json:"type"`
	Description string   `json:"description,omitempty"`
	Default     string   `json:"default,omitempty"`
	Examples    []string `json:"examples,omitempty"`
	Enum        []string `json:"enum,omitempty"`
	Pattern     string   `json:"pattern,omitempty"`
	MinLength   int      `json:"minLength,omitempty"`
	WriteOnly   bool     `json:"writeOnly,omitempty"` // secrets
	Deprecated  bool     `json:"deprecated,omitempty"`
}

// Schema returns a JSON schema (2020-12) of the environment as an object of texts.
func Schema[T any]() (string, error) {
	variables, err := variables[T]()
	if err != nil {
		return "", err
	}
	properties := make(map[string]property, len(variables))
	required, either := []string{}, []any{}
	for _, v := range variables {
		properties[v.Name] = describe(v)
		for _, old := range v.Deprecated {
			properties[old] = property{Type: "string", Description: "old name of " + v.Name, Deprecated: true, WriteOnly: v.Secret}
		}
		if v.File {
			properties[v.Name+"_FILE"] = property{Type: "string", Description: "path of a file that holds " + v.Name}
		}
		names := append([]string{v.Name}, v.Deprecated...)
		if v.File {
			for _, name := range names {
				names = append(names, name+"_FILE")
			}
		}
		switch {
		case !v.Required:
		case len(names) == 1:
			required = append(required, v.Name)
		default:
			either = append(either, map[string]any{"anyOf": oneRequired(names)})
		}
	}
	schema := map[string]any{
		"$schema":    "https://json-schema.org/draft/2020-12/schema",
		"title":      "environment",
		"type":       "object",
		"properties": properties,
		"required":   required,
	}
	if len(either) > 0 {
		schema["allOf"] = either
	}
	text, err := json.MarshalIndent(schema, "", "  ")
	return string(text) + "\n", err
}

// oneRequired says in JSON schema that one of several variables must be there.
func oneRequired(names []string) []any {
	var list []any
	for _, name := range names {
		list = append(list, map[string]any{"required": []string{name}})
	}
	return list
}

func describe(v envcfg.Variable) property {
	p := property{Type: "string", Description: oneLine(v.Doc), Default: v.Default, WriteOnly: v.Secret}
	if p.Description == "" {
		p.Description = facts(v)
	}
	if v.Example != "" {
		p.Examples = []string{v.Example}
	}
	t := v.Type
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	expression := typePattern(t, v.Unit)
	for rest := v.Check; rest != ""; {
		var rule string
		if rule, rest, _ = strings.Cut(rest, ","); strings.HasPrefix(strings.TrimSpace(rule), "match=") {
			rule, rest = rule+","+rest, "" // which takes the rest
			rule = strings.TrimSuffix(rule, ",")
		}
		name, arg, _ := strings.Cut(strings.TrimSpace(rule), "=")
		switch {
		case name == "oneof":
			p.Enum = strings.Split(arg, "|")
			if !v.Required {
				p.Enum = append(p.Enum, "")
			}
		case name == "min" && (t.Kind() == reflect.String || t.Kind() == reflect.Struct) && v.Required:
			p.MinLength, _ = strconv.Atoi(arg)
		case name == "loglevel":
			expression = anyCase("DEBUG", "INFO", "WARNING", "WARN", "ERROR", "CRITICAL", "FATAL")
		case name == "port" && t.Kind() == reflect.String:
			expression = "[0-9]{1,5}"
		case name == "match":
			expression = arg
		}
	}
	switch {
	case expression != "" && v.Required:
		p.Pattern = "^(?:" + expression + ")$"
	case expression != "":
		p.Pattern = "^(?:" + expression + ")?$" // an empty value counts as not set
	}
	return p
}

// typePattern is what texts of a type look like, or "".
func typePattern(t reflect.Type, unit string) string {
	const number = "(?:[0-9]+(?:\\.[0-9]*)?|\\.[0-9]+)"
	switch {
	case t == reflect.TypeFor[time.Duration]():
		expression := "[+-]?(?:(?:" + number + "(?:ns|us|µs|μs|ms|s|m|h))+|0|" + number + "[dw])|-1|" + anyCase("off", "none")
		if unit != "" {
			expression += "|[+-]?[0-9][0-9_]*(?:\\.[0-9]*)?"
		}
		return "\\s*(?:" + expression + ")\\s*"
	case t.PkgPath() != "" || unit != "":
		return ""
	}
	switch t.Kind() {
	case reflect.Bool:
		return "\\s*(?:" + anyCase("true", "1", "yes", "on", "t", "y", "false", "0", "no", "off", "f", "n") + ")\\s*"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return "\\s*[+-]?[0-9][0-9_]*\\s*"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "\\s*[0-9][0-9_]*\\s*"
	}
	return ""
}

// anyCase matches words in capitals or not; the regular expressions of JSON schema have no flag for it.
func anyCase(words ...string) string {
	var list []string
	for _, word := range words {
		var b strings.Builder
		for _, r := range word {
			upper, lower := unicode.ToUpper(r), unicode.ToLower(r)
			if upper == lower {
				b.WriteRune(r)
				continue
			}
			b.WriteString("[" + string(upper) + string(lower) + "]")
		}
		list = append(list, b.String())
	}
	return strings.Join(list, "|")
}
