package envcfg

import "reflect"

// ParseTag gives tests the reader of struct tags: the name and the default.
func ParseTag(text string) (name, def string, hasDefault, ok bool) {
	var t tag
	_, ok = parseTag(reflect.StructTag(text), &t)
	def, hasDefault = t.defaultIn("")
	return t.name, def, hasDefault, ok
}
