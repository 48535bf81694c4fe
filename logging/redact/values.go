package redact

import (
	"cmp"
	"encoding"
	"fmt"
	"reflect"
	"strings"

	"github.com/prodwright/prodwright/internal/secret"
)

// hideTypes hides what is a secret by its type in what a value is encoded as. It goes through both side by side, and where it
// cannot, because a value encodes itself, it hides all of it if there may be such a secret in it.
func (r *Redactor) hideTypes(n *secret.Node, v reflect.Value) (changed bool) {
	for v.IsValid() && (v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface) {
		if v.IsNil() {
			return false
		}
		if r.traitsOf(v.Type())&isSecretType != 0 {
			return blankNode(n)
		}
		v = v.Elem()
	}
	if !v.IsValid() {
		return false
	}
	switch t := r.traitsOf(v.Type()); {
	case t&isSecretType != 0, t&encodesItself != 0 && t&bareBelow != 0:
		return blankNode(n)
	case t&encodesItself != 0, t&(secretBelow|anyBelow|bytesBelow) == 0:
		return false
	}
	switch v.Kind() {
	case reflect.Struct:
		return r.hideStruct(n, v, false)
	case reflect.Map:
		return r.hideMap(n, v)
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 && n.Kind == secret.String {
			return r.hideBytes(n, v)
		}
		for i := 0; n.Kind == secret.List && i < min(v.Len(), len(n.Members)); i++ {
			changed = r.hideTypes(n.Members[i], v.Index(i)) || changed
		}
	}
	return changed
}

// blankNode hides all of a value, unless there is nothing in it.
func blankNode(n *secret.Node) (changed bool) {
	switch {
	case n.Kind == secret.Plain && n.Text == "null", n.Kind == secret.String && (n.Text == "" || n.Text == Mask):
		return false
	}
	*n = secret.Node{Kind: secret.String, Text: Mask}
	return true
}

// hideBytes hides bytes, which are encoded in base64, if they are a text with a secret in it.
func (r *Redactor) hideBytes(n *secret.Node, v reflect.Value) (changed bool) {
	if v.Kind() != reflect.Slice {
		return false // arrays are encoded as lists
	}
	if _, changed = r.bytes(v.Bytes(), mode{}); changed {
		*n = secret.Node{Kind: secret.String, Text: Mask}
	}
	return changed
}

// hideStruct goes through the fields of a struct. A name that more than one of them has is that of each of them.
func (r *Redactor) hideStruct(n *secret.Node, v reflect.Value, wholly bool) (changed bool) {
	if n.Kind != secret.Object {
		return false
	}
	t := v.Type()
	for i := range t.NumField() {
		f, of := t.Field(i), v.Field(i)
		tag := f.Tag.Get("json")
		name, _, _ := strings.Cut(tag, ",")
		if f.Anonymous && name == "" {
			if of.Kind() == reflect.Pointer && !of.IsNil() {
				of = of.Elem()
			}
			if own := r.ownTraits(of.Type()); of.Kind() == reflect.Struct && own&encodesItself == 0 { // its fields are members of n
				changed = r.hideStruct(n, of, wholly || own&isSecretType != 0) || changed
				continue
			}
		}
		if !f.IsExported() || tag == "-" {
			continue
		}
		changed = r.hideMember(n, cmp.Or(name, f.Name), of, wholly) || changed
	}
	return changed
}

// hideMember hides what is a secret in the members that have a name, or wholly all of them.
func (r *Redactor) hideMember(n *secret.Node, name string, v reflect.Value, wholly bool) (changed bool) {
	for i := range n.Names {
		switch {
		case n.Names[i] != name:
		case wholly:
			changed = blankNode(n.Members[i]) || changed
		default:
			changed = r.hideTypes(n.Members[i], v) || changed
		}
	}
	return changed
}

// hideMap goes through a map. Keys of a type for secrets are hidden, too.
func (r *Redactor) hideMap(n *secret.Node, v reflect.Value) (changed bool) {
	if n.Kind != secret.Object {
		return false
	}
	at := make(map[string]int, len(n.Names))
	for i, name := range n.Names {
		at[name] = i
	}
	for each := v.MapRange(); each.Next(); {
		if i, ok := at[keyText(each.Key())]; ok {
			changed = r.hideTypes(n.Members[i], each.Value()) || changed
		}
	}
	if r.traitsOf(v.Type().Key())&isSecretType != 0 {
		for i := range n.Names {
			n.Names[i], changed = Mask, true
		}
	}
	return changed
}

// keyText returns how the key of a map is encoded.
func keyText(k reflect.Value) string {
	if k.Kind() == reflect.String {
		return k.String()
	}
	if k.CanInterface() {
		if m, ok := reflect.TypeAssert[encoding.TextMarshaler](k); ok {
			text, _ := m.MarshalText()
			return string(text)
		}
	}
	return fmt.Sprint(k)
}
