package envdoc

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prodwright/prodwright/envcfg"
)

// Template returns a .env.example: every variable in the order of the struct with its documentation, type, default and
// rules as comments. Required ones are there to be filled in, the others are commented out with their defaults.
//
// A value stands in a notation that every dialect of package envcfg reads back, if there is one. There is none for
// "${NAME}", which Python replaces in all quotes; for a line end beside a dollar sign, a quotation mark or a backslash; and
// for some of the texts that need quotes, because of a blank at an end, a " #" or a quote in front: those with an apostrophe
// beside a quotation mark or a dollar sign, with a backslash at the end or two in a row. Then it stands as Portable reads it
// back, and as many of the others as possible.
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
		fmt.Fprintf(&b, "%s=%s\n", oneLine(v.Name), quoted(value))
	}
	return b.String(), nil
}

// quoted returns value on one line, so that a comment in front of it hides all of it, in the notation that the most
// dialects read back.
func quoted(value string) string {
	best := `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`, "\n", `\n`, "\r", `\r`).Replace(value) + `"`
	most := 0
	for _, text := range [...]string{envcfg.QuoteDotenv(value), "'" + value + "'", value, `"` + value + `"`, best} {
		if n := readers(text, value); n > most && !strings.ContainsAny(text, "\r\n") {
			best, most = text, n
		}
	}
	return best
}

// readers counts the dialects that read text as value, if Portable is one of them.
func readers(text, value string) (n int) {
	for _, d := range [...]envcfg.Dialect{envcfg.Portable, envcfg.Compose, envcfg.Node, envcfg.Python} {
		entries, err := envcfg.ParseDotenv("A="+text, d, nil)
		if err == nil && len(entries) == 1 && entries[0].Value.Reveal() == value {
			n++
		} else if d == envcfg.Portable {
			return 0
		}
	}
	return n
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
		parts = append(parts, inWords(v.Check, isTextList(v.Type))...)
	}
	if v.Example != "" && (v.Secret || v.Default != "") {
		parts = append(parts, "like "+v.Example)
	}
	for _, environment := range sortedKeys(v.Defaults) {
		value := v.Defaults[environment]
		if v.Secret && value != "" {
			value = "a default"
		}
		parts = append(parts, value+" in "+environment)
	}
	if len(v.Deprecated) > 0 {
		parts = append(parts, "formerly "+strings.Join(v.Deprecated, ", "))
	}
	return oneLine(strings.Join(parts, "; "))
}

// oneLine keeps a text from ending its comment or table row.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
