package envcfg

import (
	"cmp"
	"reflect"
	"strconv"
	"strings"
)

// tag is what a field's struct tag says. It is small because a struct has many: what is not asked for at every load
// stays in raw.
type tag struct {
	raw  reflect.StructTag
	name string

	tagged      bool // env is there
	hasDefault  bool
	hasProfiles bool // a default.<environment> is there
	hasOldNames bool // deprecated is there
	hasCheck    bool
	hasUnit     bool
	required    bool
	secret      bool
	safe        bool
	empty       bool
	file        bool
	json        bool
	malformed   bool
}

// parseTag reads a struct tag once from front to back, in the conventional format of reflect.StructTag. It returns the
// first option of env that it does not know, and ok=false for a malformed tag.
func parseTag(raw reflect.StructTag, t *tag) (unknown string, ok bool) {
	t.raw = raw
	text := string(raw)
	if strings.IndexByte(text, '\n') >= 0 { // reflect finds nothing in it
		return "", false
	}
	for {
		for text != "" && text[0] == ' ' {
			text = text[1:]
		}
		if text == "" {
			return unknown, !t.malformed
		}
		colon := strings.IndexByte(text, ':')
		if colon <= 0 || colon+1 >= len(text) || text[colon+1] != '"' {
			return unknown, false
		}
		key := text[:colon]
		text = text[colon+2:]
		end := strings.IndexByte(text, '"')
		if end < 0 {
			return unknown, false
		}
		value := text[:end]
		if strings.IndexByte(value, '\\') >= 0 {
			quoted, err := strconv.QuotedPrefix(`"` + text)
			if err != nil {
				return unknown, false
			}
			end = len(quoted) - 2
			value, _ = strconv.Unquote(quoted)
		}
		text = text[end+1:]
		if u := t.set(key, value); u != "" && unknown == "" {
			unknown = u
		}
	}
}

func (t *tag) set(key, value string) (unknown string) {
	switch key {
	case "env":
		t.tagged = true
		return t.options(value)
	case "default":
		t.hasDefault = true
	case "check":
		t.hasCheck = true
	case "unit":
		t.hasUnit = true
	case "deprecated":
		t.hasOldNames = true
	default:
		t.hasProfiles = t.hasProfiles || strings.HasPrefix(key, "default.")
		t.malformed = t.malformed || strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r == '"' || r == 0x7f })
	}
	return ""
}

// options reads "NAME,option,option".
func (t *tag) options(value string) (unknown string) {
	name, rest, more := strings.Cut(value, ",")
	t.name = name
	for more {
		var option string
		option, rest, more = strings.Cut(rest, ",")
		switch option {
		case "required":
			t.required = true
		case "secret":
			t.secret = true
		case "safe":
			t.safe = true
		case "empty":
			t.empty = true
		case "file":
			t.file = true
		case "json":
			t.json = true
		default:
			unknown = option
		}
	}
	return unknown
}

// defaultIn returns the default in an environment.
func (t *tag) defaultIn(environment string) (string, bool) {
	if t.hasProfiles {
		if value, ok := t.raw.Lookup("default." + environment); ok {
			return value, true
		}
	}
	if !t.hasDefault {
		return "", false
	}
	return t.raw.Get("default"), true
}

// demanded says whether the variable must be set, in some environment at least.
func (t *tag) demanded() bool {
	return t.required && (t.name == EnvironmentName || t.raw.Get("default") == "" && (!t.hasDefault || !t.empty))
}

// The tags that stand for themselves; the package's documentation says what they mean.
func (t *tag) doc() string       { return t.raw.Get("doc") }
func (t *tag) example() string   { return t.raw.Get("example") }
func (t *tag) separator() string { return cmp.Or(t.raw.Get("separator"), ",") }
func (t *tag) check() string     { return t.raw.Get("check") }

// unit is what a bare number means.
func (t *tag) unit() string {
	if !t.hasUnit {
		return ""
	}
	return t.raw.Get("unit")
}

// oldNames are the deprecated names.
func (t *tag) oldNames() []string {
	if !t.hasOldNames {
		return nil
	}
	return strings.FieldsFunc(t.raw.Get("deprecated"), func(r rune) bool { return r == ',' || r == ' ' })
}

// profileDefault is the default in one environment.
type profileDefault struct{ environment, value string }

// profiles returns all defaults of single environments, in the order of the tag.
func (t *tag) profiles() []profileDefault {
	var list []profileDefault
	if !t.hasProfiles {
		return nil
	}
	for rest := string(t.raw); ; {
		_, after, ok := strings.Cut(rest, "default.")
		if !ok {
			return list
		}
		environment, _, _ := strings.Cut(after, ":")
		if value, ok := t.raw.Lookup("default." + environment); ok {
			list = append(list, profileDefault{environment, value})
		}
		rest = after
	}
}
