package envcfg

import (
	"cmp"
	"slices"
)

// resolution is where a variable's value was found.
type resolution struct {
	text   string
	origin Origin
	found  bool
	failed bool // there is a value, but its file cannot be read

	strength int32     // of NAME_FILE, when text is what its file says
	problems []Problem // a conflict, a file that cannot be read, or a warning: an old name is in use
}

// has says whether r is a value, which an empty text is only with the option empty.
func (r *resolution) has(f *field) bool { return r.found && (r.text != "" || f.empty) }

// resolve looks in all places for a field's value.
func (l *layers) resolve(f *field, r *resolution) {
	if f.name == EnvironmentName {
		if l.environmentAt.Layer != FromDefault || !f.required {
			r.text, r.origin, r.found = l.environment, l.environmentAt, true
		}
		if f.hasOldNames { // the environment is known before the fields are
			r.problems = []Problem{{Kind: BadTag, Name: f.name, Reason: f.name + " cannot have old names: pass what they say as Options.Environment"}}
		}
		return
	}
	l.named(f, f.name, r)
	if f.hasOldNames {
		l.oldNames(f, r)
	}
}

// named looks for one name of a field.
func (l *layers) named(f *field, name string, r *resolution) {
	if r.text, r.found = l.environ.lookup(name); r.found {
		r.origin.Layer = FromProcess
	} else {
		r.text, r.origin, r.found = l.below(name)
	}
	if len(l.environ.files) > 0 && slices.Contains(l.environ.files, name) && (f.file || f.isSecret()) {
		l.secretFile(f, name, r)
	}
}

// secretFile reads the file that NAME_FILE names, as container images do. NAME and NAME_FILE exclude each other when both
// stand in the same place; otherwise the stronger place wins.
func (l *layers) secretFile(f *field, name string, r *resolution) {
	variable := name + "_FILE"
	path, at, ok := l.lookup(variable)
	if !ok || path == "" {
		return
	}
	strength := l.strength(at)
	switch difference := strength - l.strength(r.origin); {
	case r.found && difference < 0:
		return
	case r.has(f) && difference == 0:
		r.problems = []Problem{{Kind: Conflict, Name: f.name, Origin: at, Reason: variable + " is set as well: remove one of the two"}}
		return
	}
	value, err := l.secret(path)
	if err != nil {
		at.Name = variable
		*r = resolution{origin: at, failed: true, problems: []Problem{{
			Kind: Unreadable, Name: f.name, Origin: at, Reason: "the file that it names cannot be read: " + causeOf(err), err: opaque(causeOf(err), err),
		}}}
		return
	}
	*r = resolution{text: value, origin: Origin{Layer: FromSecretFile, File: path, Name: variable}, found: true, strength: strength}
}

// oldNames looks for a value under the field's old names. The strongest place wins, and of the names there the first.
func (l *layers) oldNames(f *field, r *resolution) {
	for _, old := range f.oldNames() {
		var o resolution
		l.named(f, old, &o)
		if !o.has(f) && !o.failed {
			continue
		}
		o.origin.Name = cmp.Or(o.origin.Name, old)
		difference := cmp.Or(o.strength, l.strength(o.origin)) - cmp.Or(r.strength, l.strength(r.origin))
		switch {
		case (r.found || r.failed) && difference < 0:
		case (r.has(f) || r.failed) && difference == 0:
			if o.text != r.text { // the same twice helps those who roll out a change of the name
				r.problems = append(r.problems, Problem{Kind: Conflict, Name: f.name, Origin: r.origin, Reason: "its old name " + old + " is set to something else (" + o.origin.place(old) + "): remove that"})
			}
		default:
			if len(o.problems) == 0 {
				o.problems = []Problem{{Kind: Deprecated, Name: f.name, Origin: o.origin, Reason: old + " is deprecated: rename it to " + f.name}}
			}
			*r = o
		}
	}
}

// strength orders the places that values come from.
func (l *layers) strength(o Origin) int32 {
	switch o.Layer {
	case FromProcess:
		return int32(len(l.files)) + 3 //nolint:gosec // few
	case FromSecretFile:
		return int32(len(l.files)) + 2 //nolint:gosec // few
	case FromFile:
		return int32(slices.IndexFunc(l.files, func(f dotenvFile) bool { return f.path == o.File })) + 2 //nolint:gosec // few
	case FromProfile:
		return 1
	}
	return 0
}

// everywhere calls do with each value that any place has for a field, also those that a stronger one hides.
func (l *layers) everywhere(f *field, do func(text string)) {
	for _, name := range append([]string{f.name}, f.oldNames()...) {
		if text, ok := l.environ.lookup(name); ok {
			do(text)
		}
		if text, _, ok := l.below(name); ok {
			do(text)
		}
		for _, file := range l.files {
			do(file.entries[name].Value.Reveal())
		}
		if path, _, ok := l.lookup(name + "_FILE"); ok && path != "" && (f.file || f.isSecret()) {
			if text, err := l.secret(path); err == nil {
				do(text)
			}
		}
	}
}
