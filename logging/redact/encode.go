package redact

import (
	"bytes"
	"encoding/json"
	"reflect"

	"github.com/prodwright/prodwright/internal/secret"
)

// encode encodes a value as zap does, as JSON, without secrets. What is nil, a number or a switch is not encoded if it is not
// hidden: then there is nothing.
func (r *Redactor) encode(v any, how mode) (json.RawMessage, error) {
	t := reflect.TypeOf(v)
	if t == nil || how.isNone() && isNumber(t) {
		return nil, nil
	}
	encoded, err := r.marshal(v)
	if err != nil {
		return nil, err
	}
	n, err := secret.ParseNode(encoded)
	if err != nil { // it is nested too deeply, and is a text from here on
		return json.Marshal(r.text(string(encoded), how))
	}
	changed := false
	if r.traitsOf(t)&(isSecretType|secretBelow|anyBelow|bytesBelow) != 0 {
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
		return encoded, nil
	}
	var b bytes.Buffer
	n.WriteCompact(&b)
	return b.Bytes(), nil
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

// marshal encodes a value as JSON. What methods of it panic with becomes an error. Errors are looked through by the callers.
func (r *Redactor) marshal(v any) (encoded []byte, err error) {
	defer r.recovered(&err)
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
