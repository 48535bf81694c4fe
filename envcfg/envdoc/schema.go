package envdoc

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"

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
		case !needed(v):
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

// needed says whether a variable must be there in every environment, not only in those without a default.
func needed(v envcfg.Variable) bool {
	for _, value := range v.Defaults {
		if value != "" {
			return false
		}
	}
	return v.Required
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
	for name, arg := range rules(v.Check) {
		switch {
		case isTextList(t): // the separator, blanks around it and JSON make no simple pattern of what each element is
		case name == "oneof":
			p.Enum = strings.Split(arg, "|")
			if !needed(v) {
				p.Enum = append(p.Enum, "")
			}
		case name == "min" && (t.Kind() == reflect.String || t.Kind() == reflect.Struct) && needed(v):
			p.MinLength, _ = strconv.Atoi(arg)
		case name == "loglevel":
			expression = anyCase("DEBUG", "INFO", "WARNING", "WARN", "ERROR", "CRITICAL", "FATAL")
		case name == "port" && t.Kind() == reflect.String:
			expression = "\\+?[0-9]+"
		case name == "match" && isPortable(arg):
			expression = arg
		}
	}
	switch {
	case expression != "" && needed(v):
		p.Pattern = "^(?:" + expression + ")$"
	case expression != "":
		p.Pattern = "^(?:" + expression + ")?$" // an empty value counts as not set
	}
	return p
}
