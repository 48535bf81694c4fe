package redact

import (
	"bytes"
	"encoding/json"
	"reflect"

	"github.com/prodwright/prodwright/internal/secret"
)

// encode encodes a value as zap does, as JSON, hides what is to be hidden in it and reports whether there was anything. What is
// nil, a number or a switch is not encoded if it is not hidden.
func (r *Redactor) encode(v any, how mode) (encoded json.RawMessage, changed bool, err error) {
	t := reflect.TypeOf(v)
	if t == nil || how.isNone() && isNumber(t) {
		return nil, false, nil
	}
	encoded, err = r.marshal(v)
	if err != nil {
		return nil, false, err
	}
	n, err := secret.ParseNode(encoded)
	if err != nil { // it is nested too deeply, and is a text from here on
		text, _ := json.Marshal(r.text(string(encoded), how))
		return text, true, nil
	}
	if r.traitsOf(t)&(secretBelow|anyBelow|bytesBelow|isSecretType) != 0 {
		changed = r.hideTypes(n, reflect.ValueOf(v))
	}
	switch {
	case how.isNone():
		changed = r.masker.Node(n, true) || changed
	case how.isKey:
		changed = r.hideKeys(n) || changed
	default:
		changed = r.masker.Hide(n, how.surely) || changed
	}
	if !changed {
		return encoded, false, nil
	}
	var b bytes.Buffer
	n.WriteCompact(&b)
	return b.Bytes(), true, nil
}

// isNumber says whether values of a type are plain numbers or switches that do not encode themselves.
func isNumber(t reflect.Type) bool {
	return reflect.Bool <= t.Kind() && t.Kind() <= reflect.Float64 && t.PkgPath() == ""
}

// hideKeys hides what stands under the name key: texts that are random, and others as everywhere.
func (r *Redactor) hideKeys(n *secret.Node) (changed bool) {
	switch {
	case n.Kind == secret.String && !secret.IsKey("key", n.Text):
		return r.masker.Hide(n, false)
	case n.Kind != secret.List:
		return r.masker.Node(n, true)
	}
	for _, member := range n.Members {
		changed = r.hideKeys(member) || changed
	}
	return changed
}

// marshal encodes a value as JSON. What methods of it panic with becomes an error, and no error has a secret in its text.
func (r *Redactor) marshal(v any) (encoded []byte, err error) {
	defer r.recovered(&err)
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, r.hide(err, mode{})
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
