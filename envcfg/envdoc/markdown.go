package envdoc

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Markdown returns a table of all variables.
func Markdown[T any]() (string, error) {
	variables, err := variables[T]()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("# Configuration\n\n| Variable | Meaning | Values | Default |\n|---|---|---|---|\n")
	for _, v := range variables {
		def := ""
		switch {
		case v.Default != "":
			def = code(v.Default)
		case v.Required:
			def = "**required**"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", code(v.Name), cell(v.Doc), cell(strings.TrimPrefix(facts(v), "required, ")), def)
	}
	return b.String(), nil
}

// cell makes text safe for a cell of a table.
func cell(text string) string {
	return strings.NewReplacer(`\`, `\\`, "&", "&amp;", "[", `\[`, "]", `\]`, "|", `\|`, "<", "&lt;", "*", `\*`, "_", `\_`, "`", "\\`").Replace(oneLine(text))
}

func code(text string) string {
	fence := "`"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	pad := ""
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") {
		pad = " "
	}
	return fence + pad + strings.ReplaceAll(oneLine(text), "|", `\|`) + pad + fence
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
