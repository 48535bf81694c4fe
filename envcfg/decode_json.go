package envcfg

import (
	"encoding/json"
	"errors"
	"fmt"
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

// jsonElement is an element of a list or a map: a text, or something nested, which only JSON can say.
type jsonElement struct {
	text   string
	nested bool
}

// jsonElements returns the elements of a JSON array. isJSON is false for what is none, such as "[::1]:80".
func jsonElements(text string) (elements []jsonElement, isJSON bool) {
	if !strings.HasPrefix(strings.TrimSpace(text), "[") {
		return nil, false
	}
	var raw []json.RawMessage
	if json.Unmarshal([]byte(text), &raw) != nil {
		return nil, false
	}
	for _, r := range raw {
		elements = append(elements, elementOf(r))
	}
	return elements, true
}

// elementOf takes the quotes off a JSON text. Numbers and the like are read as they stand.
func elementOf(raw json.RawMessage) jsonElement {
	var text string
	switch raw[0] {
	case '"':
		_ = json.Unmarshal(raw, &text) // it has been read once
		return jsonElement{text: text}
	case '{', '[', 'n':
		return jsonElement{text: string(raw), nested: true}
	}
	return jsonElement{text: string(raw)}
}

func (l *loader) setElement(v reflect.Value, e jsonElement, t *tag) (string, error) {
	if e.nested {
		return setJSON(v, e.text)
	}
	return l.set(v, e.text, t)
}

// setObject reads a JSON object, whose values are read like those of variables: "5s" is a duration.
func (l *loader) setObject(v reflect.Value, text string, t *tag) (string, error) {
	raw := make(map[string]json.RawMessage)
	if json.Unmarshal([]byte(text), &raw) != nil || v.Type().Elem().Kind() == reflect.Interface {
		return setJSON(v, text) // which says what is wrong
	}
	out := reflect.MakeMap(v.Type())
	names := make([]string, 0, len(raw))
	for name := range raw {
		names = append(names, name)
	}
	slices.Sort(names) // of several mistakes always the same is named
	for _, name := range names {
		key := reflect.New(v.Type().Key()).Elem()
		if reason, err := l.set(key, name, t); reason != "" {
			return "has a wrong key, which " + reason, err
		}
		if reason, err := l.setPair(out, key, elementOf(raw[name]), t); reason != "" {
			return reason, err
		}
	}
	v.Set(out)
	return "", nil
}
