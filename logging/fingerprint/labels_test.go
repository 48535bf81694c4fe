package fingerprint_test

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// format is a format of printf, as it stands in the source of a server.
type format struct {
	text    string
	pattern *regexp.Regexp
}

var verb = regexp.MustCompile(`%[-+0-9.#*]*(?:ll|l|z)?[a-zA-Z]|%%`)

// formats makes formats from their texts.
func formats(texts ...string) []format {
	var list []format
	for _, text := range texts {
		p, at := "", 0
		for _, v := range verb.FindAllStringIndex(text, -1) {
			p += regexp.QuoteMeta(text[at:v[0]])
			switch text[v[1]-1] {
			case 'd', 'u', 'i':
				p += `-?\d+`
			case 'f', 'g':
				p += `-?[\d.]+`
			case 'x', 'X', 'p':
				p += `(?:0x)?[0-9a-fA-F]+`
			case '%':
				p += `%`
			default:
				if v[0] > 0 && text[v[0]-1] == '"' {
					p += `[^"]*`
				} else {
					p += `(?s:.*)`
				}
			}
			at = v[1]
		}
		list = append(list, format{text, regexp.MustCompile("^" + p + regexp.QuoteMeta(text[at:]) + "$")})
	}
	return list
}

// substituted is what a format leaves open, with the quotes around it: formats that differ in nothing else are one label.
var substituted = regexp.MustCompile(`"?(?:` + verb.String() + `)(?:\.?(?:` + verb.String() + `))*"?`)

// label returns the first format that a text has, with <*> for what it leaves open.
func label(list []format, text string) (string, bool) {
	for _, f := range list {
		if f.pattern.MatchString(text) {
			return substituted.ReplaceAllString(f.text, "<*>"), true
		}
	}
	return "", false
}

func TestFormats(t *testing.T) {
	t.Parallel()
	list := formats("%d of %.2f MB (%s) at %p, 5%%", `table "%s.%s" of %s is gone`, "%s")
	got, ok := label(list, "3 of 1.50 MB (x y) at 0x7f, 5%")
	require.True(t, ok)
	require.Equal(t, "<*> of <*> MB (<*>) at <*>, 5<*>", got)
	got, _ = label(list, `table "a.b" of x is gone`)
	require.Equal(t, "table <*> of <*> is gone", got)
	got, _ = label(list, "other")
	require.Equal(t, "<*>", got)
}
