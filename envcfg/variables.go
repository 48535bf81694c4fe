package envcfg

import (
	"reflect"
)

// Variable describes a variable of a struct, for documentation; package envdoc writes it.
type Variable struct {
	Name       string
	Field      string            // as in "DB.Size"
	Type       reflect.Type      // of the field
	Default    string            // empty for secrets
	Defaults   map[string]string // by environment, where they differ; "[redacted]" for secrets
	Required   bool              // in the environments without a default
	Secret     bool
	File       bool     // NAME_FILE works too
	Doc        string   // what it is for
	Example    string   // a value that may be shown
	Unit       string   // of a bare number
	Separator  string   // between elements, where it is no comma
	Check      string   // the rules, as in the tag
	Deprecated []string // old names that still work
}

// Variables lists the variables of T in the order of its fields. The error is an [*Error] with what is wrong with the
// tags, the defaults included; types and rules that [Options] add are not known here and pass.
func Variables[T any]() ([]Variable, error) {
	var t T
	o := Options{Environ: []string{}, Files: []string{}}
	l := &loader{o: o}
	var list []Variable
	if v := reflect.ValueOf(&t).Elem(); l.prepare(v) {
		l.collect = true
		l.plan.visit(v, l)
		secret, required := make(map[string]bool), make(map[string]bool)
		for i := range l.collected {
			f := &l.collected[i]
			secret[f.name] = secret[f.name] || f.isSecret()
			required[f.name] = required[f.name] || f.demanded() && !l.plan.isAbsent(f.owner)
		}
		for i := range l.collected {
			f := &l.collected[i]
			f.secret = f.secret || secret[f.name] // also when only another field of the same variable says so
			v := l.variable(f)
			v.Required = required[f.name]
			list = append(list, v)
			l.checkDefaults(f)
		}
		l.checkTags(l.collected)
		l.problems = append(l.problems, l.plan.problems...)
	}
	if len(l.problems) > 0 {
		return list, &Error{Environment: "any", Problems: l.problems.sorted()}
	}
	return list, nil
}

func (l *loader) variable(f *field) Variable {
	v := Variable{
		Name: f.name, Field: l.plan.path(f), Type: f.value.Type(), Secret: f.isSecret(), Doc: f.doc(),
		Example: f.example(), Unit: f.unit(), Separator: f.raw.Get("separator"), Check: f.check(),
	}
	v.File = v.Secret || f.file
	if !v.Secret {
		v.Default = displayed(f.raw.Get("default"))
		if f.name == EnvironmentName {
			v.Default = ""
			if !f.required {
				v.Default = DefaultEnvironment
			}
		}
	}
	for _, p := range f.profiles() {
		if v.Defaults == nil {
			v.Defaults = make(map[string]string)
		}
		v.Defaults[p.environment] = displayed(p.value)
		if v.Secret && p.value != "" {
			v.Defaults[p.environment] = redacted
		}
	}
	v.Deprecated = f.oldNames()
	return v
}

// checkDefaults makes sure that the defaults of all environments can be set, as far as that is known without Options.
func (l *loader) checkDefaults(f *field) {
	l.o.Checks = f.ownRules()
	for _, p := range append([]profileDefault{{"", f.raw.Get("default")}}, f.profiles()...) {
		if p.value == "" {
			continue
		}
		r := resolution{text: p.value, origin: Origin{Layer: FromDefault}, found: true}
		reason, err := l.set(f.value, p.value, &f.tag)
		if reason != "" && f.mayHaveParser() {
			continue
		}
		if reason == "" && f.hasCheck {
			reason, err = l.check(f, p.value)
		}
		if reason != "" {
			l.invalid(f, &r, reason, err)
		}
	}
}
