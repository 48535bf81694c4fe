package envcfg

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// setJSON reads one JSON value. The errors of encoding/json quote the text, so they are not kept.
func setJSON(v reflect.Value, text string) (string, error) {
	target := reflect.New(v.Type())
	err := guarded(func() error { return json.Unmarshal([]byte(text), target.Interface()) })
	if err == nil {
		v.Set(target.Elem())
		return "", nil
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		where := ""
		if e.Field != "" {
			where = " at " + e.Field
		}
		return fmt.Sprintf("does not fit%s: a %s is expected", where, e.Type), nil
	}
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Sprintf("is not JSON: wrong at character %d", e.Offset), nil
	}
	return "is not JSON that fits", nil
}

// asJSON says whether the text of a list or a map is read as JSON, with what is to be done about it. What encoding/json can
// put into the type as it is, it does. Otherwise each text in it is read like that of a variable: "5s" is a duration.
func (l *loader) asJSON(v reflect.Value, text string, t *tag) (isJSON bool, reason string, err error) {
	trimmed := strings.TrimSpace(text)
	isList, opening := v.Kind() == reflect.Slice, "{"
	if isList {
		opening = "["
	}
	if !strings.HasPrefix(trimmed, opening) {
		return false, "", nil
	}
	if isList && !json.Valid([]byte(text)) {
		if !strings.HasPrefix(trimmed, `["`) { // [::1]:80 is no JSON
			return false, "", nil
		}
		reason, err := setJSON(v, text)
		return true, reason, err
	}
	if !t.hasUnit && !l.hasParser(v.Type().Elem()) {
		if reason, err := setJSON(v, text); reason == "" {
			return true, "", err
		}
	}
	if isList {
		reason, err = l.setArray(v, text, t)
	} else {
		reason, err = l.setObject(v, text, t)
	}
	return true, reason, err
}

func (l *loader) hasParser(t reflect.Type) bool {
	return slices.ContainsFunc(l.o.Parsers, func(p TypeParser) bool { return p.typ == t })
}

// setArray reads the elements of a JSON array one by one.
func (l *loader) setArray(v reflect.Value, text string, t *tag) (string, error) {
	var raw []json.RawMessage
	if json.Unmarshal([]byte(text), &raw) != nil {
		return setJSON(v, text) // which says what is wrong
	}
	out := reflect.MakeSlice(v.Type(), len(raw), len(raw))
	for i, element := range raw {
		if reason, err := l.setElement(out.Index(i), element, t); reason != "" {
			return fmt.Sprintf("has a wrong element %d, which %s", i+1, reason), err
		}
	}
	v.Set(out)
	return "", nil
}

// setObject reads the values of a JSON object one by one.
func (l *loader) setObject(v reflect.Value, text string, t *tag) (string, error) {
	raw := make(map[string]json.RawMessage)
	if json.Unmarshal([]byte(text), &raw) != nil {
		return setJSON(v, text) // which says what is wrong
	}
	out := reflect.MakeMap(v.Type())
	for _, name := range slices.Sorted(maps.Keys(raw)) { // of several mistakes always the same is named
		key, element := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		if reason, err := l.set(key, name, t); reason != "" {
			return "has a wrong key, which " + reason, err
		}
		if out.MapIndex(key).IsValid() {
			return sameKeyTwice, nil
		}
		if reason, err := l.setElement(element, raw[name], t); reason != "" {
			return "has a wrong value, which " + reason, err
		}
		out.SetMapIndex(key, element)
	}
	v.Set(out)
	return "", nil
}

const sameKeyTwice = "has the same key twice"

// setElement reads a text, or a number and the like as it stands, as a variable; what is nested, only JSON can say.
func (l *loader) setElement(v reflect.Value, raw json.RawMessage, t *tag) (string, error) {
	var text string
	switch raw[0] {
	case '"':
		_ = json.Unmarshal(raw, &text) // it has been read once
	case '{', '[', 'n': // null is what it is to encoding/json: nothing
		return setJSON(v, string(raw))
	default:
		text = string(raw)
	}
	return l.set(v, text, t)
}
