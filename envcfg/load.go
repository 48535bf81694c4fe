package envcfg

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Load returns a T, a struct, filled as its tags say; the package's documentation lists them. When anything is wrong it
// returns the zero T and an [*Error] with all problems.
func Load[T any](o Options) (T, error) {
	var t, zero T
	l := &loader{o: o}
	l.run(reflect.ValueOf(&t).Elem())
	if err := l.finish(); err != nil {
		return zero, err
	}
	return t, nil
}

// Fill is [Load] into a struct that may have values already: a field whose variable is not set and has no default keeps
// its value. After an error *t is as it was.
func Fill[T any](t *T, o Options) error {
	_, err := fill(t, o, nil)
	return err
}

// Explain is [Fill] with a [Report] of every setting. The report is there also when there is an error.
func Explain[T any](t *T, o Options) (*Report, error) {
	return fill(t, o, &Report{})
}

func fill[T any](t *T, o Options, report *Report) (*Report, error) {
	copied := *t
	l := &loader{o: o, report: report}
	l.run(reflect.ValueOf(&copied).Elem())
	err := l.finish()
	if report != nil {
		report.complete(l, err)
	}
	if err == nil {
		*t = copied
	}
	return report, err
}

// loader fills one struct.
type loader struct {
	o        Options
	layers   layers
	plan     plan
	names    names
	problems problems
	warnings problems
	report   *Report // nil when nobody wants one

	collect   bool // only collect the fields
	collected []field
}

func (l *loader) visit(f *field) {
	if l.collect {
		l.collected = append(l.collected, *f)
		return
	}
	l.names.add(f.name)
	l.field(f)
}

// run fills v. What is wrong is kept.
func (l *loader) run(v reflect.Value) {
	if !l.prepare(v) {
		return
	}
	l.plan.visit(v, l)
	l.problems = append(append(l.problems, l.plan.problems...), l.layers.problems...)
	l.findUnknown()
	l.attach()
	l.validate()
}

// prepare reads the process environment and the files.
func (l *loader) prepare(v reflect.Value) bool {
	if v.Kind() != reflect.Struct {
		l.problems = problems{{Kind: BadTag, Reason: "only a struct can be filled, not " + v.Type().String()}}
		return false
	}
	l.layers.open(&l.o)
	return true
}

// finish returns the problems and passes the warnings on.
func (l *loader) finish() error {
	if l.o.OnWarning != nil {
		for _, w := range l.warnings {
			l.o.OnWarning(w)
		}
	}
	if len(l.problems) > 0 {
		return &Error{Environment: l.layers.environment, Problems: l.redact(l.problems.sorted())}
	}
	return nil
}

// resolution is where a field's value was found.
type resolution struct {
	text   string
	origin Origin
	found  bool
	secret error // reading a secret file failed
}

// field finds the value of one field and sets it.
func (l *loader) field(f *field) {
	var r resolution
	l.resolve(f, &r)
	if r.found && r.text == "" && !f.empty {
		r.found = false
	}
	if !r.found && r.secret == nil {
		if f.required {
			l.missing(f, r.origin)
			return
		}
		if def, ok := f.defaultIn(l.layers.environment); ok {
			r = resolution{text: def, origin: Origin{Layer: FromDefault}, found: true}
		}
	} else {
		l.use(f)
	}
	if l.report != nil {
		l.report.add(l, f, &r)
	}
	if !r.found || r.secret != nil {
		return
	}
	reason, err := l.set(f.value, r.text, &f.tag)
	if reason == "" && f.hasCheck {
		reason, err = l.check(f, r.text)
	}
	if reason != "" {
		l.invalid(f, &r, reason, err)
	}
}

// use notes that one of a struct's variables is set.
func (l *loader) use(f *field) { l.plan.structs[f.owner].used = true }

// resolve looks in all places for a field's value.
func (l *loader) resolve(f *field, r *resolution) {
	if r.text, r.found = l.layers.environ.lookup(f.name); r.found {
		r.origin.Layer = FromProcess
	} else {
		r.text, r.origin, r.found = l.layers.below(f.name)
	}
	if len(l.layers.environ.files) > 0 && slices.Contains(l.layers.environ.files, f.name) && (f.file || f.isSecret()) {
		if l.secretFile(f, r) {
			return
		}
	}
	if f.hasOldNames {
		l.deprecatedName(f, r)
	}
}

// secretFile reads the file that NAME_FILE names, as container images do. NAME and NAME_FILE exclude each other when both
// come from the same layer; otherwise the stronger layer wins. It reports whether r is the file's now.
func (l *loader) secretFile(f *field, r *resolution) bool {
	name := f.name + "_FILE"
	path, at, ok := l.layers.lookup(name)
	if !ok || path == "" {
		return false
	}
	if r.found && r.text != "" {
		switch r.origin.Layer {
		case at.Layer:
			l.fail(f, Problem{Kind: Conflict, Name: f.name, Field: l.plan.path(f), Origin: at, Reason: name + " is set as well: remove one of the two"})
			return false
		case FromProcess, FromSecretFile:
			return false
		}
	}
	value, err := readSecret(path)
	if err != nil {
		at.Name = name
		l.fail(f, Problem{Kind: Unreadable, Name: f.name, Field: l.plan.path(f), Origin: at, Reason: "the file that it names cannot be read: " + causeOf(err), err: err})
		*r = resolution{secret: err, origin: at}
		return true
	}
	*r = resolution{text: value, origin: Origin{Layer: FromSecretFile, File: path, Name: name}, found: true}
	return true
}

// deprecatedName finds a value under one of the field's old names.
func (l *loader) deprecatedName(f *field, r *resolution) {
	for _, old := range f.oldNames() {
		value, at, ok := l.layers.lookup(old)
		if !ok || value == "" {
			continue
		}
		at.Name = old
		if r.found && r.text != "" && r.origin.Layer != FromProfile {
			if value != r.text {
				l.fail(f, Problem{Kind: Conflict, Name: f.name, Field: l.plan.path(f), Origin: r.origin, Reason: "its old name " + old + " is set to something else (" + at.String() + "): remove that"})
			}
			return
		}
		l.warnings = append(l.warnings, Problem{Kind: Deprecated, Name: f.name, Field: l.plan.path(f), Origin: at, Reason: old + " is deprecated: rename it to " + f.name})
		*r = resolution{text: value, origin: at, found: true}
		return
	}
}

func (l *loader) fail(f *field, p Problem) {
	for i := f.owner; i >= 0; i = l.plan.structs[i].parent {
		l.plan.structs[i].failed = true
	}
	l.problems = append(l.problems, p)
}

func (l *loader) missing(f *field, origin Origin) {
	reason := "required, but not set"
	if origin.Layer != "" {
		reason = "required, but empty in " + origin.String()
	}
	if doc := f.doc(); doc != "" {
		reason += ": " + doc
	}
	if example := f.example(); example != "" {
		reason += ", like " + example
	}
	if f.file || f.isSecret() {
		reason += " (or " + f.name + "_FILE with the path of a file that holds it)"
	}
	if l.report != nil {
		l.report.add(l, f, &resolution{})
	}
	l.fail(f, Problem{Kind: Missing, Name: f.name, Field: l.plan.path(f), Origin: origin, Reason: reason})
}

func (l *loader) invalid(f *field, r *resolution, reason string, err error) {
	kind := Invalid
	if r.origin.Layer == FromDefault {
		kind = BadDefault
	}
	if f.shows() && !f.isSecret() {
		reason = shown(displayed(r.text)) + " " + reason
	}
	if hint := serviceLink(r.text); hint != "" {
		reason += hint
	}
	if f.isSecret() || !f.shows() {
		err = nil // its text may repeat the value
	}
	l.fail(f, Problem{Kind: kind, Name: f.name, Field: l.plan.path(f), Origin: r.origin, Reason: reason, err: err})
}

// serviceLink recognises what Kubernetes sets for every service of a namespace, which collides with names such as
// DB_PORT when a service is called "db".
func serviceLink(text string) string {
	if strings.HasPrefix(text, "tcp://") || strings.HasPrefix(text, "udp://") {
		return "; it looks like one of Kubernetes' service links: set enableServiceLinks to false in the pod"
	}
	return ""
}

// attach puts structs behind pointers where they belong, if one of their variables is set.
func (l *loader) attach() {
	for i := len(l.plan.structs) - 1; i >= 0; i-- {
		s := &l.plan.structs[i]
		if s.used && s.parent >= 0 {
			l.plan.structs[s.parent].used = true
		}
		if s.pointer.IsValid() && (s.used || !s.pointer.IsNil()) {
			s.pointer.Set(s.value.Addr())
		}
	}
}

// validate calls the Validate methods of structs whose fields are all right, the innermost first.
func (l *loader) validate() {
	for i := len(l.plan.structs) - 1; i >= 0; i-- {
		s := &l.plan.structs[i]
		if s.failed || !s.value.CanInterface() || s.pointer.IsValid() && s.pointer.IsNil() {
			continue
		}
		v, ok := reflect.TypeAssert[interface{ Validate() error }](s.value.Addr())
		if !ok {
			continue
		}
		if err := v.Validate(); err != nil {
			for p := i; p >= 0; p = l.plan.structs[p].parent {
				l.plan.structs[p].failed = true
			}
			l.rules(i, err)
		}
	}
}

// rules reports what Validate found. When an error begins with the name of a field, the problem is that variable's.
func (l *loader) rules(owner int, err error) {
	if many, ok := err.(interface{ Unwrap() []error }); ok { // only the outermost
		for _, e := range many.Unwrap() {
			l.rules(owner, e)
		}
		return
	}
	problem := Problem{Kind: Rule, Reason: err.Error(), err: err}
	fields := l.plan.fields()
	for i := range fields {
		f := &fields[i]
		if f.owner != owner {
			continue
		}
		own := l.plan.own(f)
		if !strings.HasPrefix(problem.Reason, own) {
			continue
		}
		if rest := problem.Reason[len(own):]; strings.HasPrefix(rest, ":") || strings.HasPrefix(rest, " ") {
			problem.Name, problem.Field = f.name, l.plan.path(f)
			problem.Origin = l.originOf(f)
			break
		}
	}
	l.problems = append(l.problems, problem)
}

// originOf returns where the value of a field came from that has no problem.
func (l *loader) originOf(f *field) Origin {
	warnings := len(l.warnings)
	var r resolution
	l.resolve(f, &r)
	l.warnings = l.warnings[:warnings]
	if !r.found || r.text == "" {
		return Origin{Layer: FromDefault}
	}
	return r.origin
}

// redact makes sure that no message repeats a secret: one that was put into the wrong variable, say, or that a Validate
// method shows.
func (l *loader) redact(list problems) problems {
	if l.plan.structs == nil {
		return list
	}
	var secrets []string
	fields := l.plan.fields()
	for i := range fields {
		f := &fields[i]
		if !f.isSecret() {
			continue
		}
		if text, _, ok := l.layers.lookup(f.name); ok && len(text) >= 4 {
			secrets = append(secrets, text)
		}
	}
	for i := range list {
		for _, s := range secrets {
			quoted := strconv.Quote(s)
			for _, s := range [...]string{s, quoted[1 : len(quoted)-1]} {
				if strings.Contains(list[i].Reason, s) {
					list[i].Reason = strings.ReplaceAll(list[i].Reason, s, redacted)
					list[i].err = nil
				}
			}
		}
	}
	return list
}
