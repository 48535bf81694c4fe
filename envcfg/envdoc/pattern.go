package envdoc

import (
	"reflect"
	"regexp"
	"strings"
	"time"
	"unicode"
)

// Digits and numbers, as the types read them.
const (
	digits   = "[0-9]+(?:_[0-9]+)*"
	exponent = "(?:[eE][+-]?" + digits + ")?"
	fraction = "(?:[0-9]+(?:\\.[0-9]*)?|\\.[0-9]+)"
)

// typePattern is what texts of a type look like, or "".
func typePattern(t reflect.Type, unit string) string {
	switch {
	case t == reflect.TypeFor[time.Duration]():
		const days = fraction + "d"
		const weeks = fraction + "w"
		const clock = "(?:" + fraction + "(?:ns|us|µs|μs|ms|s|m|h))+"
		expression := "[+-]?(?:(?:" + weeks + ")?(?:" + days + ")?" + clock + "|(?:" + weeks + ")?" + days + "|" + weeks + "|0)|-1|" + anyCase("off", "none")
		if unit != "" {
			expression += "|[+-]?(?:" + digits + "(?:\\.(?:" + digits + ")?)?|\\." + digits + ")" + exponent
		}
		return "\\s*(?:" + expression + ")\\s*"
	case t.PkgPath() != "" || unit != "":
		return ""
	}
	switch t.Kind() {
	case reflect.Bool:
		return "\\s*(?:" + anyCase("true", "1", "yes", "on", "t", "y", "false", "0", "no", "off", "f", "n") + ")\\s*"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return "\\s*[+-]?" + digits + "\\s*"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "\\s*" + digits + "\\s*"
	}
	return ""
}

// isPortable says whether a regular expression is written the same way in ECMA-262, whose JSON schema's patterns are, also
// in its strict mode: without flags, named classes and escapes that only Go has.
func isPortable(expression string) bool {
	const (
		escape = `\\(?:[dDwWsSfnrtv^$\\.*+?()\[\]{}|/]|x[0-9A-Fa-f]{2}|[pP]\{[LMNPSZC][a-z]?\})`
		class  = `\[\^?(?:` + escape + `|\\-|[^\\\[\]])(?:` + escape + `|\\-|[^\\\[\]])*\]`
		group  = `\((?:\?:)?`
		counts = `\{[0-9]+(?:,[0-9]*)?\}`
	)
	tokens := regexp.MustCompile(`^(?:` + escape + `|\\[bB]|` + class + `|` + counts + `|` + group + `|[^\\\[\](){}]|\))*$`)
	bare := regexp.MustCompile(`\\.|\(\?:`).ReplaceAllString(expression, "")
	return tokens.MatchString(expression) && !strings.Contains(bare, "(?") // which the tokens take for a group and a repetition
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
