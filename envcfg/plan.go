package envcfg

import (
	"reflect"
	"slices"
	"strings"
)

// field is one variable of a struct.
type field struct {
	tag

	value reflect.Value
	owner int // number of the struct that holds it
	index int // of the field in that struct
}

// structure is a struct with fields. A struct behind a pointer comes into being when one of its variables is set.
type structure struct {
	path    string // as in "DB."
	prefix  string
	value   reflect.Value // the struct itself, addressable
	pointer reflect.Value // where its address belongs, if it lies behind a pointer
	parent  int

	own    bool // it has a variable, or a struct in it has
	used   bool // one of its variables is set
	failed bool // one of its variables has a problem
}

// plan is what is to be filled. The fields themselves are not kept: walking again is cheaper than remembering all of them
// at every load, and only reports and errors need them all.
type plan struct {
	structs  []structure
	problems problems

	few [2]structure // room for the structs of simple configurations
}

// visit makes l.visit see each variable of v, an addressable struct, in order.
func (p *plan) visit(v reflect.Value, l *loader) {
	p.structs = append(p.few[:0], structure{value: v, parent: -1})
	p.walk(0, nil, l)
}

// fields returns all fields of a plan that has been visited.
func (p *plan) fields() []field {
	again := &loader{collect: true}
	again.plan.visit(p.structs[0].value, again)
	for i := range again.collected {
		f := &again.collected[i]
		if f.owner < len(p.structs) { // they are not all there while they are visited
			f.value = p.structs[f.owner].value.Field(f.index)
		}
	}
	return again.collected
}

// isBehindPointer says whether a struct lies behind a pointer.
func (p *plan) isBehindPointer(owner int) bool {
	for i := owner; i >= 0; i = p.structs[i].parent {
		if p.structs[i].pointer.IsValid() {
			return true
		}
	}
	return false
}

// isAbsent says whether a struct lies behind a pointer that is nil.
func (p *plan) isAbsent(owner int) bool {
	for i := owner; i >= 0; i = p.structs[i].parent {
		if pointer := p.structs[i].pointer; pointer.IsValid() && pointer.IsNil() {
			return true
		}
	}
	return false
}

// path returns a field's place, as in "DB.Size".
func (p *plan) path(f *field) string { return p.structs[f.owner].path + p.own(f) }

// own returns a field's own name.
func (p *plan) own(f *field) string { return p.structs[f.owner].value.Type().Field(f.index).Name }

func (p *plan) walk(owner int, within []reflect.Type, l *loader) {
	s := p.structs[owner] // a copy: the slice grows
	t := s.value.Type()
	for i := range t.NumField() {
		sf := t.Field(i)
		if !sf.IsExported() && !sf.Anonymous {
			continue
		}
		f := field{owner: owner, index: i}
		unknown, ok := parseTag(sf.Tag, &f.tag)
		if (!ok || unknown != "") && strings.Contains(string(sf.Tag), "env:") { // others are none of our business
			p.badTag(s.path+sf.Name, unknown)
		}
		switch {
		case !f.tagged:
			p.nested(owner, i, &sf, within, l)
		case !sf.IsExported() || f.name == "-":
		case strings.TrimSpace(f.name) != f.name:
			p.problems = append(p.problems, Problem{Kind: BadTag, Field: s.path + sf.Name, Reason: "the name in the tag env of " + s.path + sf.Name + " has a blank at its beginning or end"})
		case f.name == "":
			p.problems = append(p.problems, Problem{Kind: BadTag, Field: s.path + sf.Name, Reason: "the tag env of " + s.path + sf.Name + " has no name"})
		default:
			if s.prefix != "" {
				f.name = s.prefix + f.name
			}
			f.value = s.value.Field(i)
			for i := owner; i >= 0 && !p.structs[i].own; i = p.structs[i].parent {
				p.structs[i].own = true
			}
			l.visit(&f)
		}
	}
}

func (p *plan) badTag(field, option string) {
	reason := "the tags of " + field + " are not of the form key:\"value\" key:\"value\""
	if option != "" {
		reason = "the tag env of " + field + " has the unknown option " + shown(option) + ": use required, secret, safe, empty, file or json"
	}
	p.problems = append(p.problems, Problem{Kind: BadTag, Field: field, Reason: reason})
}

// nested walks a field without a variable of its own: structs, and pointers to structs that have a prefix tag.
func (p *plan) nested(parent, i int, sf *reflect.StructField, within []reflect.Type, l *loader) {
	kind, typ := sf.Type.Kind(), sf.Type
	if kind != reflect.Struct && kind != reflect.Pointer {
		return
	}
	prefix, hasPrefix := sf.Tag.Lookup("prefix")
	switch {
	case kind == reflect.Struct:
	case hasPrefix && sf.IsExported() && typ.Elem().Kind() == reflect.Struct:
		typ = typ.Elem()
	default:
		return
	}
	outer := p.structs[parent]
	if slices.Contains(within, typ) {
		p.problems = append(p.problems, Problem{Kind: BadTag, Field: outer.path + sf.Name, Reason: outer.path + sf.Name + " contains itself"})
		return
	}
	s := structure{value: outer.value.Field(i), parent: parent, prefix: outer.prefix + prefix, path: outer.path}
	if !sf.Anonymous {
		s.path += sf.Name + "."
	}
	if kind == reflect.Pointer {
		s.pointer = s.value
		s.value = reflect.New(typ).Elem()
		if !s.pointer.IsNil() {
			s.value.Set(s.pointer.Elem())
		}
	}
	p.structs = append(p.structs, s)
	p.walk(len(p.structs)-1, append(within, typ), l)
}
