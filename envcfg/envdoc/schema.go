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
	var required []string
	for _, v := range variables {
		properties[v.Name] = describe(v)
		for _, old := range v.Deprecated {
			properties[old] = property{Type: "string", Description: "old name of " + v.Name, Deprecated: true, WriteOnly: v.Secret}
		}
		if v.File {
			properties[v.Name+"_FILE"] = property{Type: "string", Description: "path of a file that holds " + v.Name}
		}
		if v.Required && v.Default == "" && !v.File {
			required = append(required, v.Name)
		}
	}
	text, err := json.MarshalIndent(map[string]any{
		"$schema":    "https://json-schema.org/draft/2020-12/schema",
		"title":      "environment",
		"type":       "object",
		"properties": properties,
		"required":   append([]string{}, required...),
	}, "", "  ")
	return string(text) + "\n", err
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
	if t.PkgPath() == "" && v.Unit == "" {
		switch t.Kind() {
		case reflect.Bool:
			p.Enum = []string{"true", "false", "yes", "no", "on", "off", "1", "0"}
		case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
			p.Pattern = "^[+-]?[0-9][0-9_]*$"
		case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
			p.Pattern = "^[0-9][0-9_]*$"
		}
	}
	for rule := range strings.SplitSeq(v.Check, ",") {
		name, arg, _ := strings.Cut(strings.TrimSpace(rule), "=")
		switch {
		case name == "oneof":
			p.Enum = strings.Split(arg, "|")
		case name == "min" && p.Pattern == "" && (t.Kind() == reflect.String || v.Secret):
			p.MinLength, _ = strconv.Atoi(arg)
		case name == "match":
			_, expression, _ := strings.Cut(v.Check, "match=") // which takes the rest
			p.Pattern = "^(?:" + expression + ")$"
			return p
		}
	}
	return p
}
